// The C++ of the microcontroller kit on a desktop, its model replaced by the golden
// outputs. Words: what is wrong. Prints the step that the self-test names, or nothing.

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "lesion/golden.h"
#include "lesion/lesion.h"
#include "lesion/self_test.h"

namespace {

uint8_t scratch[lesion::kInputBytes];

int8_t golden_output(const int8_t* input) {
  for (const auto& each : lesion::golden::kPictures) {
    if (std::memcmp(each.input, input, lesion::kInputBytes) == 0) return each.output;
  }
  return 0;
}

int8_t four_steps_more(const int8_t* input) { return int8_t(golden_output(input) - 4); }
int8_t nine_steps_more(const int8_t* input) { return int8_t(golden_output(input) - 9); }

void exchanged(const lesion::Frame& frame, uint8_t* pixels) {
  lesion::resize(frame, pixels);
  for (size_t at = 0; at < lesion::kInputBytes; at += 3) {
    const uint8_t red = pixels[at];
    pixels[at] = pixels[at + 2];
    pixels[at + 2] = red;
  }
}

void nearest(const lesion::Frame& frame, uint8_t* pixels) {
  for (int row = 0; row < lesion::kSizePx; ++row) {
    for (int column = 0; column < lesion::kSizePx * 3; ++column) {
      const int x = column / 3 * frame.width / lesion::kSizePx;
      const int y = row * frame.height / lesion::kSizePx;
      pixels[row * lesion::kSizePx * 3 + column] =
          frame.rgb[y * frame.stride + 3 * x + column % 3];
    }
  }
}

int8_t no_zero_point(uint8_t level) { return int8_t(level / 2); }

lesion::Decision half(int8_t output) {
  if (output >= 0) return lesion::kInvestigate;
  return output >= lesion::kUncertainFrom ? lesion::kUncertain : lesion::kMonitor;
}

lesion::Decision above(int8_t output) {
  return output == lesion::kThreshold ? lesion::kUncertain : lesion::decide(output);
}

}  // namespace

int main(int, char** words) {
  const std::string what = words[1];
  lesion::Steps steps = {lesion::resize, lesion::stored, golden_output, lesion::decide};
  if (what == "exchanged colours") steps.resize = exchanged;
  if (what == "nearest neighbour") steps.resize = nearest;
  if (what == "zero point") steps.stored = no_zero_point;
  if (what == "other kernels") steps.infer = four_steps_more;
  if (what == "another output") steps.infer = nine_steps_more;
  if (what == "threshold of one half") steps.decide = half;
  if (what == "threshold one step higher") steps.decide = above;
  if (what == "pictures") {
    // WIDTH HEIGHT FILE: the model's input of one raw picture goes to FILE.input.
    static uint8_t rgb[1 << 22];
    static int8_t input[lesion::kInputBytes];
    const int width = std::atoi(words[2]), height = std::atoi(words[3]);
    const std::string path = words[4];
    std::FILE* file = std::fopen(path.c_str(), "rb");
    if (std::fread(rgb, 1, sizeof rgb, file) != size_t(width) * height * 3) return 1;
    std::fclose(file);
    lesion::prepare({rgb, width, height, size_t(width) * 3}, input);
    file = std::fopen((path + ".input").c_str(), "wb");
    std::fwrite(input, 1, sizeof input, file);
    std::fclose(file);
    return 0;
  }
  const char* found = lesion::self_test(steps, scratch, 7);
  if (found != nullptr) std::puts(found);
}
