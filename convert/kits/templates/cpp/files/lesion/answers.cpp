#include "answers.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace lesion {
namespace {

constexpr char kUnknown[] = "unknown";

[[noreturn]] void refuse(const Question& question, const std::string& answer) {
  std::string allowed;
  for (const auto& value : question.values) allowed += value + ", ";
  if (question.values.empty()) {
    allowed = "a number from " + std::to_string(question.low) + " to " +
              std::to_string(question.high) + ", ";
  }
  throw std::invalid_argument("the answer to " + question.name + " is '" + answer +
                              "'; expected one of " + allowed + kUnknown);
}

double number(const Question& question, const std::string& answer) {
  std::size_t read = 0;
  double value = 0;
  try {
    value = std::stod(answer, &read);
  } catch (const std::exception&) {
    refuse(question, answer);
  }
  const bool inside = value >= question.low && value <= question.high;
  if (read != answer.size() || !inside) refuse(question, answer);
  return value;
}

// The answer's places: one for each allowed answer, or for the number, and unknown's.
std::vector<float> places(const Question& question, const std::string& answer) {
  const auto& values = question.values;
  std::vector<float> found(std::max<std::size_t>(values.size(), 1) + 1);
  if (answer == kUnknown) {
    found.back() = 1;
  } else if (values.empty()) {
    const double share =
        (number(question, answer) - question.low) / (question.high - question.low);
    found[0] = static_cast<float>(share);
  } else {
    const auto at = std::find(values.begin(), values.end(), answer);
    if (at == values.end()) refuse(question, answer);
    found[at - values.begin()] = 1;
  }
  return found;
}

}  // namespace

Bytes store_answers(const Answers& answers) {
  for (const auto& [name, answer] : answers) {
    const bool asked = std::any_of(kQuestions.begin(), kQuestions.end(),
                                   [&](const Question& q) { return q.name == name; });
    if (!asked) throw std::invalid_argument("the model does not ask about " + name);
  }
  Bytes stored;
  for (const Question& question : kQuestions) {
    const auto given = answers.find(question.name);
    for (float real : places(question, given == answers.end() ? kUnknown : given->second)) {
      if (std::string(kAnswersType) == "float32") {
        std::uint8_t bytes[sizeof real];
        std::memcpy(bytes, &real, sizeof real);
        stored.insert(stored.end(), bytes, bytes + sizeof real);
      } else {
        const double value = quantise(real, kAnswersType, kAnswersScale, kAnswersZeroPoint);
        stored.push_back(static_cast<std::uint8_t>(static_cast<int>(value)));
      }
    }
  }
  return stored;
}

}  // namespace lesion
