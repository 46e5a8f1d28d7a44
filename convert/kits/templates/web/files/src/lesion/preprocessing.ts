// From decoded RGB pixels to the bytes of the model's input, equal to Python's.

import * as constants from "./constants.js";

/** Decoded, upright (EXIF orientation applied), RGB by rows. */
export interface Image {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

const PRECISION_BITS = 22;
const HALF = 2 ** (PRECISION_BITS - 1);

/** The source places that one place of the result is made of. */
interface Weights {
  readonly first: number;
  readonly scaled: Int32Array;
}

/** What the model looks at: size * size * 3 bytes. */
export function preprocess(image: Image, size: number = constants.SIZE_PX): Uint8Array {
  const bytes = image.width * image.height * 3;
  if (image.width < 1 || image.height < 1 || image.rgb.length !== bytes) {
    throw new RangeError(
      `expected width * height * 3 = ${bytes} bytes of RGB, got ${image.rgb.length}`);
  }
  return resize(cropped(image), size);
}

/**
 * A square, in shares, so that it fits a photo at any resolution: its middle as shares of
 * width and height, its side as a share of the shorter one, 0.02 to 1.
 */
export interface Crop {
  readonly x: number;
  readonly y: number;
  readonly side: number;
}

/** The same in pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly side: number;
}

/** The largest square around the centre. */
export const CENTRE: Crop = {x: 0.5, y: 0.5, side: 1};
const LEAST_SIDE = 0.02;

/** Moved inwards where it would reach over the edge; where the margin is odd, the smaller
 * half is cut at the top or left. */
export function boxOf(width: number, height: number, {x, y, side: share}: Crop): Box {
  const inside = x >= 0 && x <= 1 && y >= 0 && y <= 1;
  if (!inside || !(share >= LEAST_SIDE && share <= 1)) {
    throw new RangeError(`the square ${x},${y},${share} lies outside the photo`);
  }
  const shorter = Math.min(width, height);
  const side = Math.min(Math.max(Math.floor(share * shorter + 0.5), 1), shorter);
  const first = (middle: number, length: number) =>
    Math.min(Math.max(Math.ceil(middle * length - side / 2 - 0.5), 0), length - side);
  return {left: first(x, width), top: first(y, height), side};
}

/** The square of a photo. The model and the look at the photo's quality get this and
 * nothing around it. */
export function cropped(image: Image, crop: Crop = CENTRE): Image {
  const {width, height, rgb} = image;
  const {left, top, side} = boxOf(width, height, crop);
  const square = new Uint8Array(side * side * 3);
  for (let row = 0; row < side; row++) {
    const start = ((top + row) * width + left) * 3;
    square.set(rgb.subarray(start, start + side * 3), row * side * 3);
  }
  return {width: side, height: side, rgb: square};
}

/** Pillow's antialiased bilinear filter, to the byte: integer weights, rows first, then
 * columns, each pass rounded. No canvas does this. */
export function resize(image: Image, size: number): Uint8Array {
  let scaled = image;
  if (scaled.width !== size) scaled = alongRows(scaled, size);
  if (scaled.height !== size) scaled = alongColumns(scaled, size);
  return scaled.rgb;
}

/** The real number that a pixel level 0..255 stands for. */
export function normalise(level: number): number {
  return (level - constants.MEAN) / constants.STD;
}

/** The stored value of a real number, the input's unless told; halves go to the even
 * integer. */
export function quantise(
  real: number, type: constants.StoredType = constants.INPUT_TYPE,
  scale: number = constants.INPUT_SCALE, zeroPoint: number = constants.INPUT_ZERO_POINT,
): number {
  if (type === "float32") return Math.fround(real);
  const lowest = type === "int8" ? -128 : 0;
  const stored = nearestEven(real / scale) + zeroPoint;
  return Math.min(Math.max(stored, lowest), lowest + 255);
}

/** The bytes of the input tensor, floats with the least significant byte first. */
export function store(pixels: Uint8Array): Uint8Array {
  const table = Array.from({length: 256}, (_, level) => quantise(normalise(level)));
  if (constants.INPUT_TYPE !== "float32") {
    return pixels.map((pixel) => table[pixel]! & 0xff);
  }
  const bytes = new DataView(new ArrayBuffer(pixels.length * 4));
  pixels.forEach((pixel, place) => bytes.setFloat32(4 * place, table[pixel]!, true));
  return new Uint8Array(bytes.buffer);
}

function weights(from: number, to: number): Weights[] {
  const scale = from / to;
  const support = Math.max(scale, 1);
  return Array.from({length: to}, (_, place) => {
    const centre = (place + 0.5) * scale;
    const first = Math.max(Math.trunc(centre - support + 0.5), 0);
    const end = Math.min(Math.trunc(centre + support + 0.5), from);
    const real: number[] = [];
    let sum = 0;
    for (let source = first; source < end; source++) {
      const distance = Math.abs((source - centre + 0.5) * (1 / support));
      const weight = distance < 1 ? 1 - distance : 0;
      real.push(weight);
      sum += weight;
    }
    const scaled = real.map((weight) =>
      Math.trunc(0.5 + (sum === 0 ? weight : weight / sum) * 2 ** PRECISION_BITS));
    return {first, scaled: Int32Array.from(scaled)};
  });
}

function alongRows({width, height, rgb}: Image, size: number): Image {
  const table = weights(width, size);
  const result = new Uint8Array(size * height * 3);
  let place = 0;
  for (let row = 0; row < height; row++) {
    for (const {first, scaled} of table) {
      const start = (row * width + first) * 3;
      for (let colour = 0; colour < 3; colour++) {
        result[place++] = weighed(rgb, start + colour, 3, scaled);
      }
    }
  }
  return {width: size, height, rgb: result};
}

function alongColumns({width, height, rgb}: Image, size: number): Image {
  const table = weights(height, size);
  const line = width * 3;
  const result = new Uint8Array(line * size);
  let place = 0;
  for (const {first, scaled} of table) {
    for (let column = 0; column < line; column++) {
      result[place++] = weighed(rgb, first * line + column, line, scaled);
    }
  }
  return {width, height: size, rgb: result};
}

/** The weighed sum of one colour at every `step` bytes, rounded; below 2^31. */
function weighed(rgb: Uint8Array, start: number, step: number, scaled: Int32Array): number {
  let sum = HALF;
  for (let index = 0, at = start; index < scaled.length; index++, at += step) {
    sum += rgb[at]! * scaled[index]!;
  }
  return Math.min(Math.max(sum >> PRECISION_BITS, 0), 255);
}

/** The nearest integer; of two equally near ones, the even one. */
function nearestEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}
