// What speaks against trusting a verdict; the limits and their reasons stand in
// edge_runtime/photos/quality.py, and a test compares the two.

import {distance} from "./familiarity.js";
import {preprocess} from "./resize.js";

export const LIMITS = {
  lookPx: 128, darkest: 15, brightest: 240, contrast: 0.02, clipped: 0.012,
  sharpness: 0.0175, noSharpness: 0.006, sidePx: 24,
  structure: 0.037, noStructure: 0.03, fields: 16, reddish: 0.115, noReddish: 0.02,
  unfamiliar: 6.3, foreign: 9.8,
};
const WHITE = 253;

/** Everything that is wrong with a photo; words() says each. */
export function photoFindings(image, pixels, size, words) {
  return found(image, pixels, size).map((finding) =>
    ({...finding, message: words(finding, size)}));
}

function found(image, pixels, size) {
  const short = Math.min(image.width, image.height);
  const side = Math.min(LIMITS.lookPx, short);
  const look = size === side ? pixels : preprocess(image, side);
  const seen = measure(look, side);
  const findings = [...sizeFindings(short, size), ...exposureFindings(seen)];
  if (findings.some((finding) => finding.unusable)) return findings;
  findings.push(...graded("blurred", sharpness(seen.luma, side),
                          LIMITS.sharpness, LIMITS.noSharpness));
  const varied = structure(look, side);
  findings.push(...graded("no_lesion", varied,
                          LIMITS.structure, LIMITS.noStructure));
  findings.push(...graded("not_skin", seen.reddish,
                          LIMITS.reddish, LIMITS.noReddish));
  const far = distance(look, side, varied);
  if (far > LIMITS.unfamiliar) {
    const unusable = far > LIMITS.foreign;
    findings.push({name: "unfamiliar", value: far, unusable,
                   limit: unusable ? LIMITS.foreign : LIMITS.unfamiliar});
  }
  return findings;
}

/** Standard deviation of the Laplacian over the mean of the luma. */
export function sharpness(luma, side) {
  if (side < 3) return 0;
  const values = [];
  for (let row = 1; row < side - 1; row++) {
    for (let column = 1; column < side - 1; column++) {
      const at = row * side + column;
      values.push(luma[at - side] + luma[at + side] + luma[at - 1] + luma[at + 1]
                  - 4 * luma[at]);
    }
  }
  return deviation(values) / Math.max(mean(luma), 1);
}

/** Luma of RGB bytes, after ITU-R BT.601. */
export function lumaOf(pixels) {
  const luma = new Float32Array(pixels.length / 3);
  for (let place = 0; place < luma.length; place++) {
    luma[place] = 0.299 * pixels[3 * place] + 0.587 * pixels[3 * place + 1]
      + 0.114 * pixels[3 * place + 2];
  }
  return luma;
}

function measure(look) {
  const luma = lumaOf(look);
  const sums = [0, 0, 0], squares = [0, 0, 0];
  let clipped = 0, reddish = 0;
  for (let at = 0; at < look.length; at += 3) {
    const colours = [look[at], look[at + 1], look[at + 2]];
    colours.forEach((level, channel) => {
      sums[channel] += level;
      squares[channel] += level * level;
    });
    if (Math.min(...colours) >= WHITE) clipped++;
    if (colours[0] > colours[1] && colours[0] > colours[2]) reddish++;
  }
  const n = luma.length;
  const spread = Math.max(...sums.map((total, channel) =>
    Math.sqrt(Math.max(squares[channel] / n - (total / n) ** 2, 0))));
  const level = mean(luma);
  return {luma, level, contrast: spread / Math.max(level, 1),
          clipped: clipped / n, reddish: reddish / n};
}

function* sizeFindings(short, size) {
  if (short >= size) return;
  const least = Math.min(LIMITS.sidePx, size >> 1);
  const unusable = short < least;
  yield {name: "small", value: short, limit: unusable ? least : size, unusable};
}

function* exposureFindings({level, contrast, clipped}) {
  const one = (name, value, limit, unusable) => ({name, value, limit, unusable});
  if (level < LIMITS.darkest) yield one("dark", level, LIMITS.darkest, true);
  else if (level > LIMITS.brightest) yield one("bright", level, LIMITS.brightest, true);
  if (contrast < LIMITS.contrast) yield one("uniform", contrast, LIMITS.contrast, true);
  if (clipped > LIMITS.clipped) yield one("clipped", clipped, LIMITS.clipped, false);
}

function* graded(name, value, caution, none) {
  if (value >= caution) return;
  const unusable = value < none;
  yield {name, value, limit: unusable ? none : caution, unusable};
}

/** What is left of 16 x 16 fields without the best plane through them. */
function structure(look, side) {
  const n = LIMITS.fields;
  const fields = preprocess({rgb: look, width: side, height: side}, n);
  const middle = (n - 1) / 2;
  // Rows and columns are evenly spread, so the plane's slopes are independent.
  const spreadOfPlaces = n * [...Array(n).keys()]
    .reduce((total, place) => total + (place - middle) ** 2, 0);
  const residuals = [0, 1, 2].map((channel) => {
    const values = Array.from({length: n * n}, (_, place) => fields[3 * place + channel]);
    const level = mean(values);
    let down = 0, across = 0;
    values.forEach((value, place) => {
      down += value * (Math.floor(place / n) - middle);
      across += value * (place % n - middle);
    });
    down /= spreadOfPlaces;
    across /= spreadOfPlaces;
    return deviation(values.map((value, place) => value - level
      - down * (Math.floor(place / n) - middle) - across * (place % n - middle)));
  });
  return Math.max(...residuals) / Math.max(mean(fields), 1);
}

function mean(values) {
  let total = 0;
  for (const value of values) total += value;
  return total / values.length;
}

function deviation(values) {
  const level = mean(values);
  let total = 0;
  for (const value of values) total += (value - level) ** 2;
  return Math.sqrt(total / values.length);
}
