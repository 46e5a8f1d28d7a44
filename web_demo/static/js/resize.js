// Centre square and Pillow's antialiased bilinear resize, to the byte.
//
// A canvas scales differently in every browser. This follows what Pillow does for 8-bit
// pictures: weights as 22-bit integers, rows first, then columns, each pass rounded.

const PRECISION_BITS = 22;
const HALF = 2 ** (PRECISION_BITS - 1);

/** The largest square around the centre; RGB bytes. */
export function centreSquare({rgb, width, height}) {
  const side = Math.min(width, height);
  const top = (height - side) >> 1;
  const left = (width - side) >> 1;
  if (side === width && side === height) return {rgb, width, height};
  const square = new Uint8Array(side * side * 3);
  for (let row = 0; row < side; row++) {
    const start = ((top + row) * width + left) * 3;
    square.set(rgb.subarray(start, start + side * 3), row * side * 3);
  }
  return {rgb: square, width: side, height: side};
}

/** What the model sees: RGB bytes, size x size. */
export function preprocess(image, size) {
  return resize(centreSquare(image), size);
}

/** Scale to size x size. */
export function resize({rgb, width, height}, size) {
  let pixels = rgb;
  if (width !== size) pixels = alongRows(pixels, width, height, size);
  if (height !== size) pixels = alongColumns(pixels, size, height, size);
  return pixels;
}

/** For each place of the result: the first source place and the integer weights. */
function weights(from, to) {
  const scale = from / to;
  const support = Math.max(scale, 1);
  const table = [];
  for (let place = 0; place < to; place++) {
    const centre = (place + 0.5) * scale;
    const first = Math.max(Math.trunc(centre - support + 0.5), 0);
    const end = Math.min(Math.trunc(centre + support + 0.5), from);
    const real = [];
    let sum = 0;
    for (let source = first; source < end; source++) {
      const distance = Math.abs((source - centre + 0.5) * (1 / support));
      const weight = distance < 1 ? 1 - distance : 0;
      real.push(weight);
      sum += weight;
    }
    const scaled = real.map((weight) =>
      Math.trunc(0.5 + (sum === 0 ? weight : weight / sum) * 2 ** PRECISION_BITS));
    table.push({first, scaled: Int32Array.from(scaled)});
  }
  return table;
}

function alongRows(pixels, width, height, size) {
  const result = new Uint8ClampedArray(size * height * 3);
  const table = weights(width, size);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < size; column++) {
      const start = (row * width + table[column].first) * 3;
      sum(pixels, start, 3, table[column].scaled, result, (row * size + column) * 3);
    }
  }
  return result;
}

function alongColumns(pixels, width, height, size) {
  const result = new Uint8ClampedArray(width * size * 3);
  const table = weights(height, size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < width; column++) {
      const start = (table[row].first * width + column) * 3;
      sum(pixels, start, width * 3, table[row].scaled, result, (row * width + column) * 3);
    }
  }
  return result;
}

function sum(pixels, start, step, scaled, result, place) {
  let red = HALF, green = HALF, blue = HALF;
  for (let index = 0, at = start; index < scaled.length; index++, at += step) {
    const weight = scaled[index];
    red += pixels[at] * weight;
    green += pixels[at + 1] * weight;
    blue += pixels[at + 2] * weight;
  }
  // Sums stay below 2^31; the array clamps to 0..255.
  result[place] = red >> PRECISION_BITS;
  result[place + 1] = green >> PRECISION_BITS;
  result[place + 2] = blue >> PRECISION_BITS;
}
