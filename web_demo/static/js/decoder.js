// A worker that decodes photos, so that a large one does not stop the page. It holds the
// last photo and gives squares of it; a JPEG's at the scale at which edge_runtime decodes.

import {boxOf} from "./crop.js";
import {LOCATE_PX, suggested} from "./locator.js";

// As web_demo/uploads.py: what cameras write, known by its first bytes.
const KINDS = [
  {type: "image/jpeg", at: 0, bytes: [0xff, 0xd8, 0xff]},
  {type: "image/png", at: 0, bytes: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]},
  {type: "image/webp", at: 8, bytes: [0x57, 0x45, 0x42, 0x50]},
];
const MOST_PIXELS = 2 ** 26;
// As edge_runtime/photo.py.
const MARGIN = 4, SCALES = [4, 2], MOST_WHOLE_JPEG_PIXELS = 2 ** 25;
// What is copied out of the bitmap at once: 8 MB.
const STRIP_PIXELS = 2 ** 21;

let bitmap, isJpeg;

const WORK = {open, square};

self.addEventListener("message", async ({data: {id, work, given}}) => {
  try {
    const {answer, moved = []} = await WORK[work](given);
    self.postMessage({id, answer}, moved);
  } catch (error) {
    // Sentences are the page's; it knows them by these keys.
    self.postMessage({id, fault: error.key ?? "", values: error.values, name: error.name});
  }
});

function fault(key, values = {}) {
  return Object.assign(new Error(key), {key, values});
}

/** Decode a file: its size, the square that is suggested, and a picture to show. */
async function open({file, shownPx}) {
  bitmap?.close();
  bitmap = undefined;
  const start = new Uint8Array(await file.slice(0, 16).arrayBuffer());
  const kind = KINDS.find(({at, bytes}) => bytes.every((byte, i) => start[at + i] === byte));
  if (!kind) throw fault("error.photo");
  isJpeg = kind.type === "image/jpeg";
  let decoded;
  try {
    // The colours as stored, as Pillow reads them; EXIF turns it upright.
    decoded = await createImageBitmap(new Blob([file], {type: kind.type}), {
      imageOrientation: "from-image", colorSpaceConversion: "none"});
  } catch {
    throw fault("error.photo.damaged");
  }
  const {width, height} = decoded;
  if (width * height > MOST_PIXELS) {
    decoded.close();
    throw fault("error.photo.large", {
      pixels: Math.ceil((width * height) / 1e6), most: Math.floor(MOST_PIXELS / 1e6)});
  }
  bitmap = decoded;
  const scale = scaleFor(LOCATE_PX, 1);
  const whole = reduced(0, 0, Math.ceil(width / scale), Math.ceil(height / scale), scale);
  const shrink = Math.min(shownPx / Math.max(width, height), 1);
  const shown = await createImageBitmap(bitmap, {
    resizeWidth: Math.max(Math.round(width * shrink), 1),
    resizeHeight: Math.max(Math.round(height * shrink), 1), resizeQuality: "medium"});
  return {answer: {width, height, shown, suggestion: suggested(whole)}, moved: [shown]};
}

/** The judged square as RGB bytes, decoded for a model of that input. */
function square({crop, size}) {
  const scale = scaleFor(size, crop.side);
  const width = Math.ceil(bitmap.width / scale), height = Math.ceil(bitmap.height / scale);
  const {left, top, side} = boxOf(crop, width, height);
  const answer = reduced(left, top, side, side, scale);
  return {answer, moved: [answer.rgb.buffer]};
}

function scaleFor(size, side) {
  if (!isJpeg) return 1;
  const {width, height} = bitmap;
  const short = Math.trunc(side * Math.min(width, height));
  const found = SCALES.find((scale) => Math.floor(short / scale) >= size * MARGIN) ?? 1;
  return found === 1 && width * height > MOST_WHOLE_JPEG_PIXELS ? 2 : found;
}

/** A part of the photo, each pixel the mean of scale x scale; on white. */
function reduced(left, top, width, height, scale) {
  const rgb = new Uint8Array(width * height * 3);
  const rows = Math.max(Math.floor(STRIP_PIXELS / (width * scale * scale)), 1);
  for (let row = 0; row < height; row += rows) {
    const count = Math.min(rows, height - row);
    const strip = strips(left * scale, (top + row) * scale, width * scale, count * scale);
    means(strip, width, count, scale, rgb, row * width * 3);
  }
  return {rgb, width, height};
}

function strips(left, top, width, height) {
  // Up to the photo's edge, where the last mean is of fewer pixels.
  const across = Math.min(width, bitmap.width - left);
  const down = Math.min(height, bitmap.height - top);
  const context = new OffscreenCanvas(across, down)
    .getContext("2d", {willReadFrequently: true});
  context.fillStyle = "#fff";
  context.fillRect(0, 0, across, down);
  context.drawImage(bitmap, left, top, across, down, 0, 0, across, down);
  return {rgba: context.getImageData(0, 0, across, down).data, across, down};
}

function means({rgba, across, down}, width, height, scale, rgb, to) {
  for (let row = 0; row < height; row++) {
    const bottom = Math.min((row + 1) * scale, down);
    for (let column = 0; column < width; column++) {
      const right = Math.min((column + 1) * scale, across);
      let red = 0, green = 0, blue = 0, count = 0;
      for (let y = row * scale; y < bottom; y++) {
        for (let at = (y * across + column * scale) * 4; at < (y * across + right) * 4; at += 4) {
          red += rgba[at];
          green += rgba[at + 1];
          blue += rgba[at + 2];
          count++;
        }
      }
      rgb[to++] = Math.round(red / count);
      rgb[to++] = Math.round(green / count);
      rgb[to++] = Math.round(blue / count);
    }
  }
}
