// What speaks against trusting a verdict: photos that show too little, as Python sees it.

import 'dart:math' as math;
import 'dart:typed_data';

import 'constants.dart' as constants;
import 'familiarity.dart';
import 'measures.dart';
import 'preprocessing.dart';
import 'quality_limits.dart' as limits;

/// One thing that is wrong with a photo.
class Finding {
  const Finding(this.name, this.unusable);

  /// Such as 'blurred'; edge_runtime/photos/quality.py lists them.
  final String name;

  /// Whether no verdict should be given at all.
  final bool unusable;
}

const int _fields = 16;

/// Empty for most photos. `pixels` is what preprocess gives for the image.
List<Finding> findingsOf(RgbImage image, Uint8List pixels) {
  final shortSide = math.min(image.width, image.height);
  final side = math.min(limits.lookPx, shortSide);
  final look = side == constants.sizePx ? pixels : preprocess(image, side);
  final luma = lumaOf(look);
  final found = <Finding>[];
  if (shortSide < constants.sizePx) {
    final least = math.min(limits.leastSidePx, constants.sizePx ~/ 2);
    found.add(Finding('small', shortSide < least));
  }
  found.addAll(_exposure(look, meanOf(luma)));
  // A frame without a picture is not worth calling blurred as well.
  if (found.any((each) => each.unusable)) return found;
  _grade(found, 'blurred', _sharpness(luma, side), limits.leastSharpness,
      limits.noSharpness);
  final structured = _structure(look, side);
  _grade(found, 'no_lesion', structured, limits.leastStructure, limits.noStructure);
  _grade(found, 'not_skin', shareOfReddish(look), limits.leastReddish, limits.noReddish);
  final far = distance(look, side, structured);
  if (far > limits.mostUnfamiliar) {
    found.add(Finding('unfamiliar', far > limits.foreign));
  }
  return found;
}

List<Finding> _exposure(Uint8List look, double mean) {
  final found = <Finding>[];
  if (mean < limits.darkestMean) {
    found.add(const Finding('dark', true));
  } else if (mean > limits.brightestMean) {
    found.add(const Finding('bright', true));
  }
  var varied = 0.0;
  for (var colour = 0; colour < 3; colour++) {
    varied = math.max(varied, deviationOf(_channel(look, colour)));
  }
  if (varied / math.max(mean, 1.0) < limits.leastContrast) {
    found.add(const Finding('uniform', true));
  }
  if (_shareOfClipped(look) > limits.mostClipped) {
    found.add(const Finding('clipped', false));
  }
  return found;
}

void _grade(List<Finding> found, String name, double value, double least, double none) {
  if (value < least) found.add(Finding(name, value < none));
}

Float64List _channel(Uint8List rgb, int colour) {
  final values = Float64List(rgb.length ~/ 3);
  for (var place = 0; place < values.length; place++) {
    values[place] = rgb[3 * place + colour].toDouble();
  }
  return values;
}

double _shareOfClipped(Uint8List rgb) {
  var found = 0;
  for (var at = 0; at < rgb.length; at += 3) {
    // Two levels from the end: JPEG moves a clipped area by that much.
    if (math.min(rgb[at], math.min(rgb[at + 1], rgb[at + 2])) >= 253) found++;
  }
  return found / (rgb.length ~/ 3);
}

double _sharpness(Float64List luma, int side) {
  if (side < 3) return 0;
  final inner = side - 2;
  final values = Float64List(inner * inner);
  for (var row = 0; row < inner; row++) {
    for (var column = 0; column < inner; column++) {
      values[row * inner + column] = laplacian(luma, side, (row + 1) * side + column + 1);
    }
  }
  return deviationOf(values) / math.max(meanOf(luma), 1.0);
}

/// What is left of 16 x 16 fields without the best plane through them.
double _structure(Uint8List look, int side) {
  final small = resize(RgbImage(side, side, look), _fields);
  const middle = (_fields - 1) / 2;
  // Rows and columns are evenly spread, so the plane's slopes are independent.
  var spread = 0.0;
  for (var place = 0; place < _fields; place++) {
    spread += _fields * (place - middle) * (place - middle);
  }
  var most = 0.0;
  var total = 0.0;
  for (var colour = 0; colour < 3; colour++) {
    final values = _channel(small, colour);
    final level = meanOf(values);
    var down = 0.0;
    var across = 0.0;
    for (var at = 0; at < values.length; at++) {
      down += values[at] * (at ~/ _fields - middle) / spread;
      across += values[at] * (at % _fields - middle) / spread;
    }
    for (var at = 0; at < values.length; at++) {
      values[at] -=
          level + down * (at ~/ _fields - middle) + across * (at % _fields - middle);
    }
    most = math.max(most, deviationOf(values));
    total += level;
  }
  return most / math.max(total / 3, 1.0);
}
