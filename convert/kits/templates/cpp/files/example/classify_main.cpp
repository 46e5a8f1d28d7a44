// Judges one photo: a binary PPM file, which any tool writes ("P6").

#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>

#include "constants.h"
#include "model.h"
#include "postprocessing.h"
#include "preprocessing.h"
#include "quality.h"

namespace {

lesion::Image read_ppm(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("the photo " + path + " cannot be read");
  std::string kind;
  lesion::Image image;
  int most = 0;
  file >> kind >> image.width >> image.height >> most;
  file.get();
  image.rgb.assign(std::istreambuf_iterator<char>(file), {});
  if (!file || kind != "P6" || most != 255) {
    throw std::runtime_error(path + " is no binary PPM of 8 bits (P6, 255);" +
                             " README.md says how to make one");
  }
  return image;
}

}  // namespace

int main(int count, char** words) {
  if (count != 3) {
    std::cerr << "usage: classify MODEL.tflite PHOTO.ppm\n";
    return 2;
  }
  try {
    lesion::Model model(words[1]);
    const lesion::Image image = read_ppm(words[2]);
    const auto pixels = lesion::preprocess(image, lesion::kSizePx);
    const auto findings = lesion::findings_of(image, pixels);
    const auto said = lesion::verdict(model.infer(lesion::store(pixels)), findings);
    std::cout << said.decision;
    // Of an unusable photo a probability means nothing.
    if (said.decision != "unusable photo") {
      std::cout << "  probability " << said.probability << "  threshold "
                << lesion::kThresholdProbability;
    }
    for (const auto& each : findings) std::cout << "  " << each.name;
    std::cout << "\n" << lesion::kNotice << "\n";
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << "\n";
    return 1;
  }
}
