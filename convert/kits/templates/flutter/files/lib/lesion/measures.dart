// What both looks at a photo measure: its luma, redness and variation.

import 'dart:math' as math;
import 'dart:typed_data';

/// ITU-R BT.601.
Float64List lumaOf(Uint8List rgb) {
  final luma = Float64List(rgb.length ~/ 3);
  for (var place = 0; place < luma.length; place++) {
    luma[place] = 0.299 * rgb[3 * place] +
        0.587 * rgb[3 * place + 1] +
        0.114 * rgb[3 * place + 2];
  }
  return luma;
}

/// Of pixels whose largest channel is red.
double shareOfReddish(Uint8List rgb) {
  var found = 0;
  for (var at = 0; at < rgb.length; at += 3) {
    if (rgb[at] > rgb[at + 1] && rgb[at] > rgb[at + 2]) found++;
  }
  return found / (rgb.length ~/ 3);
}

double laplacian(Float64List luma, int side, int at) =>
    luma[at - side] + luma[at + side] + luma[at - 1] + luma[at + 1] - 4 * luma[at];

double meanOf(Float64List values) {
  var total = 0.0;
  for (final value in values) {
    total += value;
  }
  return total / values.length;
}

double deviationOf(Float64List values) {
  final mean = meanOf(values);
  var total = 0.0;
  for (final value in values) {
    total += (value - mean) * (value - mean);
  }
  return math.sqrt(total / values.length);
}
