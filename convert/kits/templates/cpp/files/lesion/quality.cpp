#include "quality.h"

#include <algorithm>
#include <cmath>

#include "constants.h"
#include "quality_limits.h"

namespace lesion {
namespace {

using Values = std::vector<double>;

double mean_of(const Values& values) {
  double total = 0;
  for (double value : values) total += value;
  return total / values.size();
}

double deviation(const Values& values) {
  const double mean = mean_of(values);
  double total = 0;
  for (double value : values) total += (value - mean) * (value - mean);
  return std::sqrt(total / values.size());
}

Values channel(const Bytes& rgb, int colour) {
  Values values;
  for (std::size_t at = colour; at < rgb.size(); at += 3) values.push_back(rgb[at]);
  return values;
}

// ITU-R BT.601.
Values luma_of(const Bytes& rgb) {
  Values luma;
  for (std::size_t at = 0; at < rgb.size(); at += 3) {
    luma.push_back(0.299 * rgb[at] + 0.587 * rgb[at + 1] + 0.114 * rgb[at + 2]);
  }
  return luma;
}

double share_of_reddish(const Bytes& rgb) {
  std::size_t found = 0;
  for (std::size_t at = 0; at < rgb.size(); at += 3) {
    if (rgb[at] > rgb[at + 1] && rgb[at] > rgb[at + 2]) ++found;
  }
  return double(found) / (rgb.size() / 3);
}

double share_of_clipped(const Bytes& rgb) {
  std::size_t found = 0;
  for (std::size_t at = 0; at < rgb.size(); at += 3) {
    // Two levels from the end: JPEG moves a clipped area by that much.
    if (std::min({rgb[at], rgb[at + 1], rgb[at + 2]}) >= 253) ++found;
  }
  return double(found) / (rgb.size() / 3);
}

double laplacian(const Values& luma, int side, int at) {
  return luma[at - side] + luma[at + side] + luma[at - 1] + luma[at + 1] - 4 * luma[at];
}

double sharpness(const Values& luma, int side) {
  if (side < 3) return 0;
  Values values;
  for (int row = 1; row < side - 1; ++row) {
    for (int column = 1; column < side - 1; ++column) {
      values.push_back(laplacian(luma, side, row * side + column));
    }
  }
  return deviation(values) / std::max(mean_of(luma), 1.0);
}

// What is left of 16 x 16 fields without the best plane through them.
double structure(const Bytes& look, int side) {
  constexpr int n = 16;
  const Bytes fields = resize({side, side, look}, n);
  const double middle = (n - 1) / 2.0;
  // Rows and columns are evenly spread, so the plane's slopes are independent.
  double spread = 0;
  for (int place = 0; place < n; ++place) spread += n * (place - middle) * (place - middle);
  double most = 0, total = 0;
  for (int colour = 0; colour < 3; ++colour) {
    Values values = channel(fields, colour);
    const double level = mean_of(values);
    double down = 0, across = 0;
    for (int at = 0; at < n * n; ++at) {
      down += values[at] * (at / n - middle) / spread;
      across += values[at] * (at % n - middle) / spread;
    }
    for (int at = 0; at < n * n; ++at) {
      values[at] -= level + down * (at / n - middle) + across * (at % n - middle);
    }
    most = std::max(most, deviation(values));
    total += level;
  }
  return most / std::max(total / 3, 1.0);
}

double log_of(double value) { return std::log(std::max(value, 1e-3)); }

// Means of count x count squares.
Values blocks(const Values& luma, int side, int count) {
  const int step = side / count;
  Values fields(count * count);
  for (int at = 0; at < side * side; ++at) {
    fields[at / side / step * count + at % side / step] += luma[at] / (step * step);
  }
  return fields;
}

// Differences from coarser fields.
Values without(const Values& values, int side, const Values& fields, int count) {
  const int step = side / count;
  Values rest(values);
  for (int at = 0; at < side * side; ++at) {
    rest[at] -= fields[at / side / step * count + at % side / step];
  }
  return rest;
}

void add_colours(const Bytes& rgb, Values& measures) {
  Values saturation, reds, blues;
  for (std::size_t at = 0; at < rgb.size(); at += 3) {
    const double red = rgb[at], green = rgb[at + 1], blue = rgb[at + 2];
    const double top = std::max({red, green, blue, 1.0});
    const double total = red + green + blue + 1;
    saturation.push_back((top - std::min({red, green, blue})) / top);
    reds.push_back(red / total);
    blues.push_back(blue / total);
  }
  measures.insert(measures.end(), {mean_of(saturation), log_of(deviation(saturation)),
                                   log_of(deviation(reds)), log_of(deviation(blues))});
}

void add_edges(const Values& luma, int side, double mean, Values& measures) {
  double sharp = 0, flat = 0, upright = 0, total = 0;
  const int count = (side - 2) * (side - 2);
  for (int row = 1; row < side - 1; ++row) {
    for (int column = 1; column < side - 1; ++column) {
      const int at = row * side + column;
      const double down = luma[at + side] - luma[at - side];
      const double across = luma[at + 1] - luma[at - 1];
      const double power = (down * down + across * across) / 4;
      // Times the cosine of four times its angle: 1 for upright and level edges.
      upright += power - down * across * down * across / 2 / std::max(power, 1e-9);
      total += power;
      sharp += std::sqrt(power) > 0.15 * mean;
      flat += std::fabs(laplacian(luma, side, at)) < mean / 150;
    }
  }
  measures.insert(measures.end(),
                  {sharp / count, upright / std::max(total, 1e-9), flat / count});
}

// From the photos that the models learnt from, in standard deviations.
double distance(const Bytes& look, int side, double structured) {
  constexpr int n = 64, coarse = 16, fine = 32;
  const Bytes square = resize({side, side, look}, n);
  const Values luma = luma_of(square);
  const double mean = std::max(mean_of(luma), 1.0);
  const Values fields = blocks(luma, n, coarse), halves = blocks(luma, n, fine);
  const double detail = deviation(without(luma, n, fields, coarse));
  const double spread = deviation(fields);
  double down = 0, across = 0;
  for (int at = 0; at < coarse * coarse; ++at) {
    if (at >= coarse) down += std::fabs(fields[at] - fields[at - coarse]);
    if (at % coarse) across += std::fabs(fields[at] - fields[at - 1]);
  }
  const double steps = (down + across) / (coarse * (coarse - 1));
  Values measures;
  add_colours(square, measures);
  measures.insert(measures.end(),
                  {log_of(detail / mean), log_of(detail / std::max(spread, 1e-3)),
                   log_of(deviation(without(halves, fine, fields, coarse)) / mean),
                   log_of(steps / std::max(spread, 1.0))});
  add_edges(luma, n, mean, measures);
  measures.insert(measures.end(), {share_of_reddish(square), log_of(structured)});
  double squares = 0;
  for (int row = 0; row < kMeasures; ++row) {
    double sum = 0;
    for (int column = 0; column < kMeasures; ++column) {
      sum += kFamiliarWhitening[row * kMeasures + column] *
             (measures[column] - kFamiliarMean[column]);
    }
    squares += sum * sum;
  }
  return std::sqrt(squares);
}

}  // namespace

std::vector<Finding> findings_of(const Image& image, const Bytes& pixels) {
  const int short_side = std::min(image.width, image.height);
  const int side = std::min(kLookPx, short_side);
  const Bytes look = side == kSizePx ? pixels : preprocess(image, side);
  const Values luma = luma_of(look);
  std::vector<Finding> found;
  if (short_side < kSizePx) {
    found.push_back({"small", short_side < std::min(kLeastSidePx, kSizePx / 2)});
  }
  const double mean = mean_of(luma);
  if (mean < kDarkestMean) {
    found.push_back({"dark", true});
  } else if (mean > kBrightestMean) {
    found.push_back({"bright", true});
  }
  double varied = 0;
  for (int colour = 0; colour < 3; ++colour) {
    varied = std::max(varied, deviation(channel(look, colour)));
  }
  if (varied / std::max(mean, 1.0) < kLeastContrast) found.push_back({"uniform", true});
  if (share_of_clipped(look) > kMostClipped) found.push_back({"clipped", false});
  // A frame without a picture is not worth calling blurred as well.
  for (const Finding& each : found) {
    if (each.unusable) return found;
  }
  const double sharp = sharpness(luma, side);
  if (sharp < kLeastSharpness) found.push_back({"blurred", sharp < kNoSharpness});
  const double structured = structure(look, side);
  if (structured < kLeastStructure) {
    found.push_back({"no_lesion", structured < kNoStructure});
  }
  const double reddish = share_of_reddish(look);
  if (reddish < kLeastReddish) found.push_back({"not_skin", reddish < kNoReddish});
  const double far = distance(look, side, structured);
  if (far > kMostUnfamiliar) found.push_back({"unfamiliar", far > kForeign});
  return found;
}

}  // namespace lesion
