// From decoded RGB pixels to the bytes of the model's input, equal to Python's.

import 'dart:math' as math;
import 'dart:typed_data';

import 'constants.dart' as constants;

/// Decoded, upright (EXIF orientation applied), RGB by rows.
class RgbImage {
  RgbImage(this.width, this.height, this.rgb) {
    if (width < 1 || height < 1 || rgb.length != width * height * 3) {
      throw ArgumentError(
          'expected width * height * 3 bytes of RGB, got ${rgb.length}');
    }
  }

  final int width;
  final int height;
  final Uint8List rgb;
}

const int _precisionBits = 22;
const int _half = 1 << (_precisionBits - 1);

/// The source places that one place of the result is made of.
class _Weights {
  _Weights(this.first, this.scaled);

  final int first;
  final List<int> scaled;
}

/// What the model looks at: size * size * 3 bytes.
Uint8List preprocess(RgbImage image, [int sizePx = constants.sizePx]) =>
    resize(cropped(image), sizePx);

/// A square, in shares, so that it fits a photo at any resolution: its middle as shares of
/// width and height, its side as a share of the shorter one, 0.02 to 1.
class Crop {
  const Crop([this.x = 0.5, this.y = 0.5, this.side = 1]);

  final double x;
  final double y;
  final double side;
}

/// The same in pixels.
class Box {
  const Box(this.left, this.top, this.side);

  final int left;
  final int top;
  final int side;
}

const double _leastSide = 0.02;

/// Moved inwards where it would reach over the edge; where the margin is odd, the smaller
/// half is cut at the top or left.
Box boxOf(int width, int height, Crop crop) {
  final inside = crop.x >= 0 && crop.x <= 1 && crop.y >= 0 && crop.y <= 1;
  if (!inside || !(crop.side >= _leastSide && crop.side <= 1)) {
    throw ArgumentError('the square lies outside the photo');
  }
  final shorter = math.min(width, height);
  final side = math.min(math.max((crop.side * shorter + 0.5).floor(), 1), shorter);
  int first(double middle, int length) =>
      math.min(math.max((middle * length - side / 2 - 0.5).ceil(), 0), length - side);
  return Box(first(crop.x, width), first(crop.y, height), side);
}

/// The square of a photo. The model and the look at the photo's quality get this and
/// nothing around it.
RgbImage cropped(RgbImage image, [Crop crop = const Crop()]) {
  final box = boxOf(image.width, image.height, crop);
  final left = box.left, top = box.top, side = box.side;
  final square = Uint8List(side * side * 3);
  for (var row = 0; row < side; row++) {
    final start = ((top + row) * image.width + left) * 3;
    square.setRange(row * side * 3, (row + 1) * side * 3, image.rgb, start);
  }
  return RgbImage(side, side, square);
}

/// Pillow's antialiased bilinear filter, to the byte: integer weights, rows first, then
/// columns, each pass rounded. Neither ui.Image nor package:image does this.
Uint8List resize(RgbImage image, int sizePx) {
  var scaled = image;
  if (scaled.width != sizePx) scaled = _alongRows(scaled, sizePx);
  if (scaled.height != sizePx) scaled = _alongColumns(scaled, sizePx);
  return scaled.rgb;
}

/// The real number that a pixel level 0..255 stands for.
double normalise(int level) => (level - constants.mean) / constants.std;

/// The stored value of a real number, the input's unless told; halves go to the even
/// integer.
double quantise(double real,
    [String type = constants.inputType,
    double scale = constants.inputScale,
    int zeroPoint = constants.inputZeroPoint]) {
  if (type == 'float32') return single(real);
  final lowest = type == 'int8' ? -128.0 : 0.0;
  final stored = _nearestEven(real / scale) + zeroPoint;
  return math.min(math.max(stored, lowest), lowest + 255);
}

/// Rounded to single precision.
double single(double real) => (Float32List(1)..[0] = real)[0];

/// The bytes of the input tensor, floats with the least significant byte first.
Uint8List store(Uint8List pixels) {
  final table = [for (var level = 0; level < 256; level++) quantise(normalise(level))];
  if (constants.inputType != 'float32') {
    final bytes = [for (final stored in table) stored.toInt() & 0xff];
    return Uint8List.fromList([for (final pixel in pixels) bytes[pixel]]);
  }
  final bytes = ByteData(pixels.length * 4);
  for (var place = 0; place < pixels.length; place++) {
    bytes.setFloat32(4 * place, table[pixels[place]], Endian.little);
  }
  return bytes.buffer.asUint8List();
}

List<_Weights> _weights(int from, int to) {
  final scale = from / to;
  final support = math.max(scale, 1.0);
  return [
    for (var place = 0; place < to; place++) _weightsOf(place, scale, support, from),
  ];
}

_Weights _weightsOf(int place, double scale, double support, int from) {
  final centre = (place + 0.5) * scale;
  final first = math.max((centre - support + 0.5).toInt(), 0);
  final end = math.min((centre + support + 0.5).toInt(), from);
  final real = <double>[];
  var sum = 0.0;
  for (var source = first; source < end; source++) {
    final distance = ((source - centre + 0.5) * (1 / support)).abs();
    final weight = distance < 1 ? 1 - distance : 0.0;
    real.add(weight);
    sum += weight;
  }
  return _Weights(first, [
    for (final weight in real)
      (0.5 + (sum == 0 ? weight : weight / sum) * (1 << _precisionBits)).toInt(),
  ]);
}

RgbImage _alongRows(RgbImage image, int sizePx) {
  final table = _weights(image.width, sizePx);
  final result = Uint8List(sizePx * image.height * 3);
  var place = 0;
  for (var row = 0; row < image.height; row++) {
    for (final each in table) {
      final start = (row * image.width + each.first) * 3;
      for (var colour = 0; colour < 3; colour++) {
        result[place++] = _weighed(image.rgb, start + colour, 3, each.scaled);
      }
    }
  }
  return RgbImage(sizePx, image.height, result);
}

RgbImage _alongColumns(RgbImage image, int sizePx) {
  final table = _weights(image.height, sizePx);
  final line = image.width * 3;
  final result = Uint8List(line * sizePx);
  var place = 0;
  for (final each in table) {
    for (var column = 0; column < line; column++) {
      result[place++] =
          _weighed(image.rgb, each.first * line + column, line, each.scaled);
    }
  }
  return RgbImage(image.width, sizePx, result);
}

/// The weighed sum of one colour at every `step` bytes, rounded.
int _weighed(Uint8List rgb, int start, int step, List<int> scaled) {
  var sum = _half;
  var at = start;
  for (final weight in scaled) {
    sum += rgb[at] * weight;
    at += step;
  }
  return math.min(math.max(sum >> _precisionBits, 0), 255);
}

/// The nearest integer; of two equally near ones, the even one.
double _nearestEven(double value) {
  final below = value.floorToDouble();
  final rest = value - below;
  if (rest != 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 == 0 ? below : below + 1;
}
