// What a person says about the lesion, as the bytes of the model's second input.

#ifndef LESION_ANSWERS_H_
#define LESION_ANSWERS_H_

#include <map>
#include <string>

#include "preprocessing.h"
#include "questions.h"

namespace lesion {

// By the question's name: an allowed answer, a number, or "unknown". Those left out are
// unknown.
using Answers = std::map<std::string, std::string>;

// Empty where the model asks nothing. Append it to store()'s bytes for Model::infer.
// Throws std::invalid_argument for a question or an answer that does not exist.
Bytes store_answers(const Answers& answers);

}  // namespace lesion

#endif  // LESION_ANSWERS_H_
