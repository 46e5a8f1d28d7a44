// Judges one photo: a binary PPM file, which any tool writes ("P6"). Words after it:
// "crop=x,y,side" for the square to judge, and an answer each to the model's questions.

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>

#include "answers.h"
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
  if (count < 3) {
    std::cerr << "usage: classify MODEL.tflite PHOTO.ppm [crop=0.5,0.4,0.3]";
    for (const auto& question : lesion::kQuestions) {
      std::cerr << " [" << question.name << "=...]";
    }
    std::cerr << "\n";
    return 2;
  }
  try {
    lesion::Crop crop;
    lesion::Answers answers;
    for (int place = 3; place < count; ++place) {
      const std::string word = words[place];
      const std::size_t equals = std::min(word.find('='), word.size());
      const std::string name = word.substr(0, equals);
      const std::string value = word.substr(std::min(equals + 1, word.size()));
      if (name != "crop") {
        answers[name] = value;
      } else if (std::sscanf(value.c_str(), "%lf,%lf,%lf", &crop.x, &crop.y,
                             &crop.side) != 3) {
        throw std::invalid_argument("the square is '" + value + "'; expected x,y,side");
      }
    }
    lesion::Model model(words[1]);
    const lesion::Image image = lesion::cropped(read_ppm(words[2]), crop);
    const auto pixels = lesion::preprocess(image, lesion::kSizePx);
    const auto findings = lesion::findings_of(image, pixels);
    auto input = lesion::store(pixels);
    const auto told = lesion::store_answers(answers);
    input.insert(input.end(), told.begin(), told.end());
    const auto said = lesion::verdict(model.infer(input), findings);
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
