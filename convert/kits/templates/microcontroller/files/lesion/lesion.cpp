#include "lesion.h"

#include <math.h>

namespace lesion {
namespace {

const int kPrecisionBits = 22;
const int32_t kHalf = int32_t(1) << (kPrecisionBits - 1);

// Source places that one place of the result is made of, reckoned anew for each: memory
// is dearer than time here.
struct Span {
  int first;
  int end;
  double centre;
  double support;
  double sum;

  Span(int place, int from) {
    const double scale = double(from) / kSizePx;
    support = scale > 1 ? scale : 1;
    centre = (place + 0.5) * scale;
    first = int(centre - support + 0.5);
    if (first < 0) first = 0;
    end = int(centre + support + 0.5);
    if (end > from) end = from;
    sum = 0;
    for (int source = first; source < end; ++source) sum += real(source);
  }

  double real(int source) const {
    const double distance = fabs((source - centre + 0.5) * (1 / support));
    return distance < 1 ? 1 - distance : 0;
  }

  int32_t weight(int source) const {
    const double share = sum == 0 ? real(source) : real(source) / sum;
    return int32_t(0.5 + share * (int32_t(1) << kPrecisionBits));
  }
};

uint8_t rounded(int32_t sum) {
  const int32_t level = sum >> kPrecisionBits;
  return uint8_t(level < 0 ? 0 : level > 255 ? 255 : level);
}

// Rows first, as Pillow does: one place of one row, rounded.
uint8_t along_row(const uint8_t* row, const Span& columns, bool same_width, int column,
                  int colour) {
  if (same_width) return row[3 * column + colour];
  int32_t sum = kHalf;
  for (int source = columns.first; source < columns.end; ++source) {
    sum += row[3 * source + colour] * columns.weight(source);
  }
  return rounded(sum);
}

}  // namespace

void resize(const Frame& frame, uint8_t* pixels) {
  const int side = frame.width < frame.height ? frame.width : frame.height;
  const int top = (frame.height - side) / 2;
  const int left = (frame.width - side) / 2;
  const uint8_t* square = frame.rgb + top * frame.stride + 3 * size_t(left);
  const bool same = side == kSizePx;
  for (int column = 0; column < kSizePx; ++column) {
    const Span columns(column, side);
    for (int row = 0; row < kSizePx; ++row) {
      const Span rows(row, side);
      for (int colour = 0; colour < 3; ++colour) {
        uint8_t* pixel = pixels + 3 * (size_t(row) * kSizePx + column) + colour;
        if (same) {
          *pixel = square[row * frame.stride + 3 * size_t(column) + colour];
          continue;
        }
        int32_t sum = kHalf;
        for (int source = rows.first; source < rows.end; ++source) {
          const uint8_t* line = square + source * frame.stride;
          sum += along_row(line, columns, same, column, colour) * rows.weight(source);
        }
        *pixel = rounded(sum);
      }
    }
  }
}

int8_t stored(uint8_t level) {
  const double steps = (level - kMean) / kStd / kInputScale;
  const double below = floor(steps);
  const double rest = steps - below;
  // Halves go to the even integer.
  const bool up = rest > 0.5 || (rest == 0.5 && fmod(below, 2) != 0);
  const double value = below + (up ? 1 : 0) + kInputZeroPoint;
  return int8_t(value < -128 ? -128 : value > 127 ? 127 : value);
}

void prepare(const Frame& frame, int8_t* input) {
  int8_t table[256];
  for (int level = 0; level < 256; ++level) table[level] = stored(uint8_t(level));
  uint8_t* pixels = reinterpret_cast<uint8_t*>(input);
  resize(frame, pixels);
  for (size_t place = 0; place < kInputBytes; ++place) input[place] = table[pixels[place]];
}

Decision decide(int8_t output) {
  if (output >= kThreshold) return kInvestigate;
  return output >= kUncertainFrom ? kUncertain : kMonitor;
}

}  // namespace lesion
