#include "preprocessing.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <string>

#include "constants.h"

namespace lesion {
namespace {

constexpr int kPrecisionBits = 22;
constexpr double kLeastCropSide = 0.02;
constexpr int kHalf = 1 << (kPrecisionBits - 1);

// The source places that one place of the result is made of.
struct Weights {
  int first;
  std::vector<int> scaled;
};

std::vector<Weights> weights(int from, int to) {
  const double scale = static_cast<double>(from) / to;
  const double support = std::max(scale, 1.0);
  std::vector<Weights> table;
  for (int place = 0; place < to; ++place) {
    const double centre = (place + 0.5) * scale;
    const int first = std::max(static_cast<int>(centre - support + 0.5), 0);
    const int end = std::min(static_cast<int>(centre + support + 0.5), from);
    std::vector<double> real;
    double sum = 0;
    for (int source = first; source < end; ++source) {
      const double distance = std::fabs((source - centre + 0.5) * (1 / support));
      real.push_back(distance < 1 ? 1 - distance : 0);
      sum += real.back();
    }
    Weights found{first, {}};
    for (double weight : real) {
      const double share = sum == 0 ? weight : weight / sum;
      found.scaled.push_back(static_cast<int>(0.5 + share * (1 << kPrecisionBits)));
    }
    table.push_back(found);
  }
  return table;
}

// The weighted sum of one colour at every `step` bytes, rounded.
std::uint8_t weighed(const std::uint8_t* first, std::size_t step,
                     const std::vector<int>& scaled) {
  int sum = kHalf;
  for (int weight : scaled) {
    sum += *first * weight;
    first += step;
  }
  return static_cast<std::uint8_t>(std::clamp(sum >> kPrecisionBits, 0, 255));
}

Image along_rows(const Image& image, int size_px) {
  const auto table = weights(image.width, size_px);
  Image result{size_px, image.height, Bytes(std::size_t(size_px) * image.height * 3)};
  std::size_t place = 0;
  for (int row = 0; row < image.height; ++row) {
    for (const Weights& each : table) {
      const std::size_t start = (std::size_t(row) * image.width + each.first) * 3;
      for (int colour = 0; colour < 3; ++colour) {
        result.rgb[place++] = weighed(&image.rgb[start + colour], 3, each.scaled);
      }
    }
  }
  return result;
}

Image along_columns(const Image& image, int size_px) {
  const auto table = weights(image.height, size_px);
  const std::size_t line = std::size_t(image.width) * 3;
  Image result{image.width, size_px, Bytes(line * size_px)};
  std::size_t place = 0;
  for (const Weights& each : table) {
    for (std::size_t column = 0; column < line; ++column) {
      const std::uint8_t* start = &image.rgb[each.first * line + column];
      result.rgb[place++] = weighed(start, line, each.scaled);
    }
  }
  return result;
}

// The nearest integer; of two equally near ones, the even one.
double nearest_even(double value) {
  const double floor = std::floor(value);
  const double rest = value - floor;
  if (rest < 0.5) return floor;
  if (rest > 0.5) return floor + 1;
  return std::fmod(floor, 2) == 0 ? floor : floor + 1;
}

}  // namespace

Box box_of(int width, int height, const Crop& crop) {
  const bool inside = crop.x >= 0 && crop.x <= 1 && crop.y >= 0 && crop.y <= 1;
  if (!inside || !(crop.side >= kLeastCropSide && crop.side <= 1)) {
    throw std::invalid_argument("the square to judge lies outside the photo");
  }
  const int shorter = std::min(width, height);
  const int side =
      std::clamp(static_cast<int>(std::floor(crop.side * shorter + 0.5)), 1, shorter);
  const auto first = [side](double share, int length) {
    const double start = std::ceil(share * length - side / 2.0 - 0.5);
    return std::clamp(static_cast<int>(start), 0, length - side);
  };
  return {first(crop.x, width), first(crop.y, height), side};
}

Image cropped(const Image& image, const Crop& crop) {
  const auto [left, top, side] = box_of(image.width, image.height, crop);
  Image square{side, side, {}};
  square.rgb.reserve(std::size_t(side) * side * 3);
  for (int row = 0; row < side; ++row) {
    const auto start =
        image.rgb.begin() + (std::ptrdiff_t(top + row) * image.width + left) * 3;
    square.rgb.insert(square.rgb.end(), start, start + std::ptrdiff_t(side) * 3);
  }
  return square;
}

Bytes resize(const Image& image, int size_px) {
  Image scaled = image.width == size_px ? image : along_rows(image, size_px);
  if (scaled.height != size_px) scaled = along_columns(scaled, size_px);
  return scaled.rgb;
}

Bytes preprocess(const Image& image, int size_px) {
  const std::size_t bytes = std::size_t(image.width) * image.height * 3;
  if (image.width < 1 || image.height < 1 || image.rgb.size() != bytes) {
    throw std::invalid_argument("expected width * height * 3 = " +
                                std::to_string(bytes) + " bytes of RGB, got " +
                                std::to_string(image.rgb.size()));
  }
  return resize(cropped(image), size_px);
}

double normalise(int level) { return (level - kMean) / kStd; }

double quantise(double real, const std::string& type, double scale, int zero_point) {
  if (type == "float32") return static_cast<float>(real);
  const double lowest = type == "int8" ? -128 : 0;
  const double stored = nearest_even(real / scale) + zero_point;
  return std::clamp(stored, lowest, lowest + 255);
}

double quantise(double real) {
  return quantise(real, kInputType, kInputScale, kInputZeroPoint);
}

Bytes store(const Bytes& pixels, const std::vector<double>& stored) {
  Bytes input;
  if (std::string(kInputType) == "float32") {
    input.resize(pixels.size() * sizeof(float));
    for (std::size_t place = 0; place < pixels.size(); ++place) {
      const float value = static_cast<float>(stored[pixels[place]]);
      std::memcpy(&input[place * sizeof value], &value, sizeof value);
    }
  } else {
    for (std::uint8_t pixel : pixels) {
      input.push_back(static_cast<std::uint8_t>(static_cast<int>(stored[pixel])));
    }
  }
  return input;
}

Bytes store(const Bytes& pixels) {
  std::vector<double> stored;
  for (int level = 0; level < 256; ++level) stored.push_back(quantise(normalise(level)));
  return store(pixels, stored);
}

}  // namespace lesion
