// From a PNG or JPEG file to upright RGB pixels, with package:image.

import 'dart:typed_data';

import 'package:image/image.dart' as img;

import 'lesion/preprocessing.dart';

RgbImage decode(Uint8List file) {
  final picture = img.decodeImage(file);
  if (picture == null) throw const FormatException('the picture cannot be decoded');
  // Turned by its EXIF orientation; palettes and grey become RGB.
  final upright = img.bakeOrientation(picture).convert(
      format: img.Format.uint8, numChannels: 3, withPalette: false);
  return RgbImage(
      upright.width, upright.height, upright.getBytes(order: img.ChannelOrder.rgb));
}
