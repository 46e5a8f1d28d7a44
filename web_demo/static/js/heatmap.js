// What the answer depends on: parts of the photo are covered in turn, and the model
// judges each. The same steps as edge_runtime/heat_map.py (occlusion sensitivity, Zeiler
// and Fergus 2014, arXiv 1311.2901); a test compares the two.

import {logit, nearest} from "./verdict.js";

const COARSE = 8, REFINED = 16;
export const FINE = 16;
const INFERENCES = 1 + COARSE ** 2 + 4 * REFINED;
const RIM_SHARE = 0.08;

/** Fall of the score's logit when each of 16 x 16 parts is covered; row by row. */
export async function heatMap(score, pixels, size, progress = () => {}) {
  const colour = rimColour(pixels, size);
  const whole = logit(await score(pixels));
  let done = 1;
  const fall = async (row, column, parts) => {
    const covered = cover(pixels, size, row, column, parts, colour);
    const change = whole - logit(await score(covered));
    if (++done % COARSE === 0) {
      progress(done, INFERENCES);
      // Lets the page draw.
      await new Promise((resolve) => setTimeout(resolve));
    }
    return change;
  };
  const coarse = [];
  for (let place = 0; place < COARSE ** 2; place++) {
    coarse.push(await fall(Math.floor(place / COARSE), place % COARSE, COARSE));
  }
  // A quarter of a patch, covered alone, moves the score less than the patch does.
  const gain = Array.from({length: FINE ** 2}, (_, place) =>
    coarse[(place >> 5) * COARSE + ((place % FINE) >> 1)] / 4);
  for (const place of strongest(coarse)) {
    for (const quarter of [0, 1, 2, 3]) {
      const row = 2 * Math.floor(place / COARSE) + (quarter >> 1);
      const column = 2 * (place % COARSE) + (quarter & 1);
      const at = row * FINE + column;
      gain[at] = (gain[at] + await fall(row, column, FINE)) / 2;
    }
  }
  return gain.map((value) => value * 4);
}

function strongest(coarse) {
  return [...coarse.keys()]
    .sort((one, other) => Math.abs(coarse[one]) - Math.abs(coarse[other]) || one - other)
    .reverse().slice(0, REFINED);
}

function cover(pixels, size, row, column, parts, colour) {
  const covered = pixels.slice();
  const edge = (place) => Math.floor((size * place) / parts);
  for (let y = edge(row); y < edge(row + 1); y++) {
    for (let x = edge(column); x < edge(column + 1); x++) {
      covered.set(colour, (y * size + x) * 3);
    }
  }
  return covered;
}

/** Median colour of the photo's rim: mostly skin. */
function rimColour(pixels, size) {
  const rim = Math.max(1, nearest(RIM_SHARE * size));
  const inside = (place) => place >= rim && place < size - rim;
  const levels = [[], [], []];
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      if (inside(y) && inside(x)) continue;
      levels.forEach((found, channel) => found.push(pixels[(y * size + x) * 3 + channel]));
    }
  }
  return levels.map((found) => {
    found.sort((one, other) => one - other);
    // A rim has an even number of pixels.
    const half = found.length / 2;
    return Math.floor((found[half - 1] + found[half]) / 2);
  });
}
