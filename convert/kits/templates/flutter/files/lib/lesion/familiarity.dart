// How far a picture is from the photos that the models learnt from, in standard
// deviations; edge_runtime/photos/familiarity.py gives the reasons.

import 'dart:math' as math;
import 'dart:typed_data';

import 'measures.dart';
import 'preprocessing.dart';
import 'quality_limits.dart' as limits;

const int _side = 64;
const int _coarse = 16;
const int _fine = 32;

/// `look` is the centre square, `lookSide` pixels a side.
double distance(Uint8List look, int lookSide, double structured) {
  final square = resize(RgbImage(lookSide, lookSide, look), _side);
  final luma = lumaOf(square);
  final mean = math.max(meanOf(luma), 1.0);
  final measures = [
    ..._colours(square),
    ..._fields(luma, mean),
    ..._edges(luma, mean),
    shareOfReddish(square),
    _log(structured),
  ];
  var squares = 0.0;
  for (var row = 0; row < limits.measureCount; row++) {
    var sum = 0.0;
    for (var column = 0; column < limits.measureCount; column++) {
      sum += limits.familiarWhitening[row * limits.measureCount + column] *
          (measures[column] - limits.familiarMean[column]);
    }
    squares += sum * sum;
  }
  return math.sqrt(squares);
}

List<double> _colours(Uint8List rgb) {
  final count = rgb.length ~/ 3;
  final saturation = Float64List(count);
  final reds = Float64List(count);
  final blues = Float64List(count);
  for (var place = 0; place < count; place++) {
    final red = rgb[3 * place], green = rgb[3 * place + 1], blue = rgb[3 * place + 2];
    final top = math.max(math.max(red, green), math.max(blue, 1));
    final least = math.min(red, math.min(green, blue));
    final total = red + green + blue + 1;
    saturation[place] = (top - least) / top;
    reds[place] = red / total;
    blues[place] = blue / total;
  }
  return [
    meanOf(saturation),
    _log(deviationOf(saturation)),
    _log(deviationOf(reds)),
    _log(deviationOf(blues)),
  ];
}

List<double> _fields(Float64List luma, double mean) {
  final fields = _blocks(luma, _coarse);
  final halves = _blocks(luma, _fine);
  final detail = deviationOf(_without(luma, _side, fields));
  final spread = deviationOf(fields);
  var total = 0.0;
  for (var at = 0; at < fields.length; at++) {
    if (at >= _coarse) total += (fields[at] - fields[at - _coarse]).abs();
    if (at % _coarse > 0) total += (fields[at] - fields[at - 1]).abs();
  }
  final steps = total / (_coarse * (_coarse - 1));
  return [
    _log(detail / mean),
    _log(detail / math.max(spread, 1e-3)),
    _log(deviationOf(_without(halves, _fine, fields)) / mean),
    _log(steps / math.max(spread, 1.0)),
  ];
}

List<double> _edges(Float64List luma, double mean) {
  var sharp = 0;
  var flat = 0;
  var upright = 0.0;
  var total = 0.0;
  for (var row = 1; row < _side - 1; row++) {
    for (var column = 1; column < _side - 1; column++) {
      final at = row * _side + column;
      final down = luma[at + _side] - luma[at - _side];
      final across = luma[at + 1] - luma[at - 1];
      final power = (down * down + across * across) / 4;
      // Times the cosine of four times its angle: 1 for upright and level edges.
      upright += power - down * across * down * across / 2 / math.max(power, 1e-9);
      total += power;
      if (math.sqrt(power) > 0.15 * mean) sharp++;
      if (laplacian(luma, _side, at).abs() < mean / 150) flat++;
    }
  }
  const count = (_side - 2) * (_side - 2);
  return [sharp / count, upright / math.max(total, 1e-9), flat / count];
}

/// Means of count x count squares.
Float64List _blocks(Float64List luma, int count) {
  final step = _side ~/ count;
  final fields = Float64List(count * count);
  for (var at = 0; at < luma.length; at++) {
    final field = at ~/ _side ~/ step * count + at % _side ~/ step;
    fields[field] += luma[at] / (step * step);
  }
  return fields;
}

/// Differences from the coarse fields.
Float64List _without(Float64List values, int side, Float64List fields) {
  final step = side ~/ _coarse;
  final rest = Float64List.fromList(values);
  for (var at = 0; at < rest.length; at++) {
    rest[at] -= fields[at ~/ side ~/ step * _coarse + at % side ~/ step];
  }
  return rest;
}

double _log(double value) => math.log(math.max(value, 1e-3));
