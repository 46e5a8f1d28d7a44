// The self-test as a program: exit status 0 when this machine gives Python's answer.

#include <iostream>

#include "constants.h"
#include "model.h"
#include "self_test.h"

int main(int count, char** words) {
  if (count != 3) {
    std::cerr << "usage: self_test MODEL.tflite GOLDEN_FOLDER\n";
    return 2;
  }
  try {
    lesion::Model model(words[1]);
    const auto steps = lesion::reference_steps(
        [&](const lesion::Bytes& input) { return model.infer(input); });
    const auto found = lesion::self_test(words[2], steps);
    for (const auto& each : found) {
      std::cout << each.step << " differs: " << each.what << "\n  " << each.hint << "\n";
    }
    if (!found.empty()) return 1;
    std::cout << lesion::kModelName << ": same answer as Python at every step ("
              << lesion::kNotice << ")\n";
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << "\n";
    return 1;
  }
}
