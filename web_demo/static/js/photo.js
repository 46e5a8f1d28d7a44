// From a file or a camera frame to upright RGB bytes.

import {preprocess} from "./resize.js";
import {say, Told} from "./wording.js";

// As web_demo/judging/judge.py.
const PREVIEW_PX = 320;
// As web_demo/judging/uploads.py: what cameras write, known by its first bytes.
const KINDS = [
  {type: "image/jpeg", at: 0, bytes: [0xff, 0xd8, 0xff]},
  {type: "image/png", at: 0, bytes: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]},
  {type: "image/webp", at: 8, bytes: [0x57, 0x45, 0x42, 0x50]},
];
const MOST_PIXELS = 2 ** 26;

/** Decode a file: {rgb, width, height}. EXIF turns it upright, nothing else is read. */
export async function readPhoto(file) {
  const content = await file.slice(0, 16).arrayBuffer();
  const start = new Uint8Array(content);
  const kind = KINDS.find(({at, bytes}) => bytes.every((byte, i) => start[at + i] === byte));
  if (!kind) throw new Told(say("error.photo"));
  let bitmap;
  try {
    // The colours as stored, as Pillow reads them.
    bitmap = await createImageBitmap(new Blob([file], {type: kind.type}), {
      imageOrientation: "from-image", colorSpaceConversion: "none",
    });
  } catch {
    throw new Told(say("error.photo.damaged"));
  }
  try {
    const pixels = bitmap.width * bitmap.height;
    if (pixels > MOST_PIXELS) {
      throw new Told(say("error.photo.large", {
        pixels: Math.ceil(pixels / 1e6), most: Math.floor(MOST_PIXELS / 1e6)}));
    }
    return pixelsOf(bitmap, bitmap.width, bitmap.height);
  } finally {
    bitmap.close();
  }
}

/** RGB bytes of anything a canvas can draw; what is transparent is laid on white. */
export function pixelsOf(source, width, height) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", {willReadFrequently: true});
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.drawImage(source, 0, 0, width, height);
  const rgba = context.getImageData(0, 0, width, height).data;
  const rgb = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    rgb[to++] = rgba[from];
    rgb[to++] = rgba[from + 1];
    rgb[to++] = rgba[from + 2];
  }
  return {rgb, width, height};
}

/** The square that was judged, as the address of a JPEG without any metadata. */
export function previewOf(image) {
  const rgb = preprocess(image, PREVIEW_PX);
  const canvas = Object.assign(document.createElement("canvas"),
    {width: PREVIEW_PX, height: PREVIEW_PX});
  const rgba = new Uint8ClampedArray(PREVIEW_PX * PREVIEW_PX * 4).fill(255);
  for (let from = 0, to = 0; from < rgb.length; to++) {
    rgba[to++] = rgb[from++];
    rgba[to++] = rgb[from++];
    rgba[to++] = rgb[from++];
  }
  canvas.getContext("2d").putImageData(new ImageData(rgba, PREVIEW_PX, PREVIEW_PX), 0, 0);
  // Encodes at once; an OffscreenCanvas waits for an idle moment, in Chromium a second.
  return canvas.toDataURL("image/jpeg", 0.85);
}
