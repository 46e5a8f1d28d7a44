// From a native picture to RGB pixels, whatever the order of its own bytes.

import {loadImage, type Image as NativeImage, type RawPixelData} from 'react-native-nitro-image';

import type {Image} from './lesion/preprocessing';

/** Decodes a PNG or JPEG file. Turn photos upright yourself: this may read no EXIF. */
export async function decode(file: Uint8Array, imageFormat: 'png' | 'jpg'): Promise<Image> {
  const buffer = file.slice().buffer;
  return pixelsOf(await loadImage({
    encodedImageData: {buffer, width: 0, height: 0, imageFormat},
  }));
}

export async function pixelsOf(image: NativeImage): Promise<Image> {
  return rgbOf(await image.toRawPixelDataAsync(false));
}

/** Android gives RGBA, iOS BGRA; the format's name says where the colours lie. */
export function rgbOf({buffer, width, height, pixelFormat}: RawPixelData): Image {
  const [red, green, blue] = ['R', 'G', 'B'].map((colour) => pixelFormat.indexOf(colour));
  if (red === undefined || green === undefined || blue === undefined || red < 0) {
    throw new Error(`expected a picture of red, green and blue, got ${pixelFormat}`);
  }
  const bytes = new Uint8Array(buffer);
  const step = pixelFormat.length;
  const rgb = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++) {
    rgb[3 * pixel] = bytes[pixel * step + red]!;
    rgb[3 * pixel + 1] = bytes[pixel * step + green]!;
    rgb[3 * pixel + 2] = bytes[pixel * step + blue]!;
  }
  return {width, height, rgb};
}
