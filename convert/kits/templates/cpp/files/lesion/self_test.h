// Repeats the golden vectors with an app's own steps and says which step differs.
//
// Each step starts from the golden result of the step before, so that one fault is
// found at one place. Replace the functions of Steps by those of your app.

#ifndef LESION_SELF_TEST_H_
#define LESION_SELF_TEST_H_

#include <functional>
#include <string>
#include <vector>

#include "answers.h"
#include "postprocessing.h"
#include "preprocessing.h"

namespace lesion {

struct Steps {
  // PNG or JPEG file to upright pixels; left out where the app decodes nothing.
  std::function<Image(const Bytes&)> decode;
  std::function<Box(int, int, const Crop&)> box;
  std::function<Bytes(const Image&)> preprocess;
  std::function<double(int)> normalise;
  std::function<Bytes(const Bytes&)> store;
  std::function<Bytes(const Answers&)> store_answers;
  std::function<Bytes(const Bytes&)> infer;
  std::function<double(double)> restore;
  std::function<double(double)> calibrated;
  std::function<std::string(double, const std::vector<Finding>&)> decision;
  // What is wrong with a photo; left out where the app does not look.
  std::function<std::vector<Finding>(const Image&, const Bytes&)> findings;
  // "xnnpack" (LiteRT on a CPU) or "builtin" (without that delegate).
  std::string kernel_family = "xnnpack";
};

// The reference steps of this kit; `infer` is yours.
Steps reference_steps(std::function<Bytes(const Bytes&)> infer);

struct Difference {
  std::string step;  // as in golden/steps.tsv
  std::string what;  // what differed, by how much
  std::string hint;  // where to look
};

// Empty when the app gives Python's answer. `folder` is the kit's golden/.
std::vector<Difference> self_test(const std::string& folder, const Steps& steps);

}  // namespace lesion

#endif  // LESION_SELF_TEST_H_
