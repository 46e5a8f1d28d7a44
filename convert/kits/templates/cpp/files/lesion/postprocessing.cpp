#include "postprocessing.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "constants.h"

namespace lesion {

double stored_output(const Bytes& output) {
  const std::string type = kOutputType;
  if (type == "float32") {
    float value;
    std::memcpy(&value, output.data(), sizeof value);
    return value;
  }
  return type == "int8" ? static_cast<std::int8_t>(output.at(0)) : output.at(0);
}

double restore(double stored) {
  if (std::string(kOutputType) == "float32") return stored;
  return static_cast<float>(kOutputScale * (stored - kOutputZeroPoint));
}

double calibrated(double score) {
  constexpr double smallest = 1.0 / 512;
  const double clipped = std::clamp(score, smallest, 1 - smallest);
  const double logit = std::log(clipped) - std::log1p(-clipped);
  return 1 / (1 + std::exp(-logit / kTemperature));
}

std::string decision(double score, const std::vector<Finding>& findings) {
  bool doubtful = false;
  for (const Finding& each : findings) {
    if (each.unusable) return "unusable photo";
    // These leave it open whether a lesion was photographed at all.
    doubtful = doubtful || each.name == "no_lesion" || each.name == "not_skin" ||
               each.name == "unfamiliar";
  }
  if (score >= kThresholdScore) return "investigate";
  return doubtful || score >= kUncertainFromScore ? "uncertain" : "monitor";
}

Verdict verdict(const Bytes& output, const std::vector<Finding>& findings) {
  const double score = restore(stored_output(output));
  return {score, calibrated(score), decision(score, findings)};
}

}  // namespace lesion
