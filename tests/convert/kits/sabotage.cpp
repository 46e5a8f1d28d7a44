// The self-test of the C++ kit with one step of the app done wrong.
// Words: model, golden folder, what is wrong. Prints the steps named, one a line.

#include <cmath>
#include <iostream>
#include <set>

#include "constants.h"
#include "model.h"
#include "self_test.h"

using lesion::Bytes;
using lesion::Image;

namespace {

Bytes exchanged(Bytes rgb) {
  for (std::size_t place = 0; place + 2 < rgb.size(); place += 3) {
    std::swap(rgb[place], rgb[place + 2]);
  }
  return rgb;
}

Bytes nearest(const Image& given, int size) {
  const Image image = lesion::cropped(given);
  Bytes pixels;
  for (int row = 0; row < size; ++row) {
    for (int column = 0; column < size; ++column) {
      const int y = row * image.height / size, x = column * image.width / size;
      for (int colour = 0; colour < 3; ++colour) {
        pixels.push_back(image.rgb[(y * image.width + x) * 3 + colour]);
      }
    }
  }
  return pixels;
}

void sabotage(lesion::Steps& steps, const std::string& what) {
  const auto right = steps;
  if (what == "exchanged colours") {
    steps.preprocess = [=](const Image& image) { return exchanged(right.preprocess(image)); };
  } else if (what == "nearest neighbour") {
    steps.preprocess = [](const Image& image) { return nearest(image, lesion::kSizePx); };
  } else if (what == "no square") {
    steps.preprocess = [](const Image& image) { return lesion::resize(image, lesion::kSizePx); };
  } else if (what == "another range") {
    steps.normalise = [](int level) { return level / 127.5 - 1; };
  } else if (what == "zero point") {
    steps.store = [=](const Bytes& pixels) {
      Bytes input = right.store(pixels);
      for (auto& value : input) value += 1;
      return input;
    };
  } else if (what == "another output") {
    steps.infer = [=](const Bytes& input) {
      Bytes output = right.infer(input);
      output[0] ^= 1;
      return output;
    };
  } else if (what == "other kernels") {
    steps.kernel_family = "builtin";
    steps.infer = [=](const Bytes& input) {
      Bytes output = right.infer(input);
      output[0] ^= 1;
      return output;
    };
  } else if (what == "threshold of one half") {
    steps.decision = [](double score, const std::vector<lesion::Finding>&) {
      return score >= 0.5 ? "investigate" : score >= lesion::kUncertainFromScore ? "uncertain" : "monitor";
    };
  } else if (what == "threshold one step higher") {
    steps.decision = [](double score, const std::vector<lesion::Finding>&) {
      return score > lesion::kThresholdScore ? "investigate" : score >= lesion::kUncertainFromScore ? "uncertain" : "monitor";
    };
  } else if (what == "no temperature") {
    steps.calibrated = [](double score) { return score; };
  } else if (what == "no look at the photo") {
    steps.findings = [](const Image&, const Bytes&) { return std::vector<lesion::Finding>{}; };
  } else if (what == "another square") {
    steps.box = [=](int width, int height, const lesion::Crop&) {
      return right.box(width, height, {});
    };
  } else if (what == "answers forgotten") {
    steps.store_answers = [=](const lesion::Answers&) { return right.store_answers({}); };
  } else if (what == "scale") {
    steps.restore = [](double stored) { return stored / 255; };
  }
}

}  // namespace

int main(int, char** words) {
  lesion::Model model(words[1]);
  auto steps = lesion::reference_steps([&](const Bytes& input) { return model.infer(input); });
  sabotage(steps, words[3]);
  std::set<std::string> named;
  for (const auto& each : lesion::self_test(words[2], steps)) {
    named.insert(each.step);
    std::cerr << each.step << ": " << each.what << "\n";
  }
  for (const auto& step : named) std::cout << step << "\n";
}
