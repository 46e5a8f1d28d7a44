#include "self_test.h"

#include "golden.h"

namespace lesion {
namespace {

enum Comparison { kSame, kExchanged, kDifferent };

Comparison compare(const uint8_t* expected, const uint8_t* found) {
  bool same = true, exchanged = true;
  for (size_t place = 0; place < kInputBytes; ++place) {
    const size_t other = place - place % 3 + 2 - place % 3;
    same = same && expected[place] == found[place];
    exchanged = exchanged && expected[place] == found[other];
  }
  return same ? kSame : exchanged ? kExchanged : kDifferent;
}

const char* picture(const golden::Picture& each, const Steps& steps, uint8_t* scratch,
                    int allowed) {
  const Frame frame = {each.rgb, each.width, each.height, size_t(each.width) * 3};
  steps.resize(frame, scratch);
  const Comparison pixels = compare(each.pixels, scratch);
  if (pixels == kExchanged) return "colour order";
  if (pixels == kDifferent) return "resize";
  const int8_t* input = reinterpret_cast<const int8_t*>(each.input);
  for (size_t place = 0; place < kInputBytes; ++place) {
    if (steps.stored(each.pixels[place]) != input[place]) return "quantisation";
  }
  const int away = steps.infer(input) - each.output;
  return away > allowed || -away > allowed ? "kernels" : nullptr;
}

}  // namespace

const char* self_test(const Steps& steps, uint8_t* scratch, int allowed) {
  for (const golden::Picture& each : golden::kPictures) {
    const char* found = picture(each, steps, scratch, allowed);
    if (found != nullptr) return found;
  }
  for (int output = -128; output < 128; ++output) {
    if (steps.decide(int8_t(output)) != Decision(golden::kDecisions[output + 128])) {
      return "threshold";
    }
  }
  return nullptr;
}

}  // namespace lesion
