// From the model's output to what is said about a lesion. Never a diagnosis.

#ifndef LESION_POSTPROCESSING_H_
#define LESION_POSTPROCESSING_H_

#include <string>
#include <vector>

#include "preprocessing.h"

namespace lesion {

// One thing that is wrong with a photo; quality.h finds them.
struct Finding {
  std::string name;
  bool unusable;  // whether no verdict should be given at all
};

struct Verdict {
  double score;          // of the model, 0 to 1
  double probability;    // calibrated, for people
  std::string decision;  // "investigate", "uncertain", "monitor" or "unusable photo"
};

// The first value of the output tensor, as stored.
double stored_output(const Bytes& output);

// The real score that a stored output stands for.
double restore(double stored);

// sigmoid(logit(score) / temperature), with scores 1/512 away from 0 and 1 at least.
double calibrated(double score);

// Compares scores; no rounding of a probability moves a photo across.
std::string decision(double score, const std::vector<Finding>& findings = {});

Verdict verdict(const Bytes& output, const std::vector<Finding>& findings = {});

}  // namespace lesion

#endif  // LESION_POSTPROCESSING_H_
