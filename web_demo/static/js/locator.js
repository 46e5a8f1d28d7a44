// Where the lesion lies and whether it fills enough of the square: the same steps as
// edge_runtime/lesion_locator.py, where the reasons stand; a test compares the two.

import {CENTRE, LEAST_SIDE} from "./crop.js";
import {resize} from "./resize.js";

export const LOCATE_PX = 64;

const N = LOCATE_PX, RIM = 5, BLACK = 120, LEAST_RIM = 12, BLURRED_CELLS = 3, STEEPEST = 60;
const LEAST_DEPTH = 18, MARGIN = 1.6, STEP = 32;
const LITTLE_FILLED = 0.2, HARDLY_FILLED = 0.12;
const CORNERS = new Set([1, N - 2].flatMap((row) => [1, N - 2].map((column) => row * N + column)));

/** The largest and darkest region of an RGB image, in shares of it; null if none. */
export function located(image) {
  const depth = depths(resize(image, N));
  const threshold = Math.max(otsu(depth), 9 * LEAST_DEPTH);
  let best = [], bestSum = 0, bestWeight = 0;
  for (const region of regions(depth.map((value) => Number(value > threshold)))) {
    const total = region.reduce((sum, cell) => sum + depth[cell], 0);
    const weight = total * trust(region);
    if (weight > bestWeight) [best, bestWeight, bestSum] = [region, weight, total];
  }
  if (best.length < 4) return null;
  const [x, width] = extent(best.map((cell) => cell % N));
  const [y, height] = extent(best.map((cell) => Math.floor(cell / N)));
  return {x, y, width, height, depth: bestSum / best.length / 9};
}

/** The square to judge: around the lesion, with some skin; the centre if none. */
export function suggested(image) {
  const found = located(image);
  if (!found) return CENTRE;
  const short = Math.min(image.width, image.height);
  const across = Math.max(found.width * image.width, found.height * image.height);
  const side = Math.min(Math.max((MARGIN * across) / short, LEAST_SIDE), 1);
  return {x: found.x, y: found.y, side};
}

/** What speaks against a square in which the lesion is small; null where it is not. */
export function framingFinding(square) {
  const found = located(square);
  if (!found) return null;
  const filled = Math.max(found.width, found.height);
  if (filled >= LITTLE_FILLED) return null;
  const unusable = filled < HARDLY_FILLED;
  return {name: "framing", value: filled,
          limit: unusable ? HARDLY_FILLED : LITTLE_FILLED, unusable};
}

function depths(pixels) {
  const outside = lensRim(pixels);
  const skin = outside.some(Boolean) ? evenSkin(pixels, outside) : slopingSkin(pixels);
  const below = new Float64Array(N * N);
  for (let cell = 0; cell < N * N; cell++) {
    if (outside[cell]) continue;
    for (let colour = 0; colour < 3; colour++) {
      below[cell] += Math.max(skin(cell, colour) - pixels[3 * cell + colour], 0);
    }
  }
  return addedUp(below);
}

/** Each cell with its eight neighbours; at the edge the edge counts again. */
function addedUp(cells) {
  return withNeighbours(withNeighbours(cells, N, 1), 1, N);
}

/** Each cell with the two that lie `step` away; lines of such cells are `line` apart. */
function withNeighbours(cells, step, line) {
  const total = new Float64Array(N * N), last = (N - 1) * step;
  for (let first = 0; first < N * line; first += line) {
    total[first] = 2 * cells[first] + cells[first + step];
    for (let at = first + step; at < first + last; at += step) {
      total[at] = cells[at - step] + cells[at] + cells[at + step];
    }
    total[first + last] = 2 * cells[first + last] + cells[first + last - step];
  }
  return total;
}

function lensRim(pixels) {
  const black = new Uint8Array(N * N);
  for (let cell = 0; cell < N * N; cell++) {
    const light = pixels[3 * cell] + pixels[3 * cell + 1] + pixels[3 * cell + 2];
    black[cell] = Number(light < BLACK);
  }
  let outside = new Float64Array(N * N);
  for (const region of regions(black)) {
    if (region.length > LEAST_RIM && region.some((cell) => CORNERS.has(cell))) {
      for (const cell of region) outside[cell] = 1;
    }
  }
  if (!outside.some(Boolean)) return outside;
  for (let step = 0; step < BLURRED_CELLS; step++) {
    outside = addedUp(outside).map((value) => Number(value > 0));
  }
  return outside.every(Boolean) ? outside.fill(0) : outside;
}

function evenSkin(pixels, outside) {
  const levels = [0, 1, 2].map((colour) => {
    const found = new Uint8Array(N * N);
    let count = 0;
    for (let cell = 0; cell < N * N; cell++) {
      if (!outside[cell]) found[count++] = pixels[3 * cell + colour];
    }
    return found.subarray(0, count).sort()[Math.floor((count * 7) / 10)];
  });
  return (_, colour) => levels[colour];
}

function slopingSkin(pixels) {
  // Of the cells in these rows and columns, the middle level of each colour.
  const strip = (top, bottom, left, right) => [0, 1, 2].map((colour) => {
    const found = new Uint8Array((bottom - top) * (right - left));
    let count = 0;
    for (let row = top; row < bottom; row++) {
      for (let column = left; column < right; column++) {
        found[count++] = pixels[3 * (row * N + column) + colour];
      }
    }
    return found.sort()[count >> 1];
  });
  const top = strip(0, RIM, 0, N), bottom = strip(N - RIM, N, 0, N);
  const left = strip(0, N, 0, RIM), right = strip(0, N, N - RIM, N);
  const level = [0, 1, 2].map((colour) => [top, bottom, left, right]
    .map((side) => side[colour]).sort((one, other) => one - other)[2]);
  const steep = (after, before) => Math.min(Math.max(after - before, -STEEPEST), STEEPEST);
  const down = level.map((_, colour) => steep(bottom[colour], top[colour]));
  const across = level.map((_, colour) => steep(right[colour], left[colour]));
  const last = N - 1;
  return (cell, colour) => {
    const rise = down[colour] * (2 * Math.floor(cell / N) - last)
      + across[colour] * (2 * (cell % N) - last);
    return level[colour] + Math.floor(rise / (2 * last));
  };
}

function otsu(depth) {
  const counts = new Float64Array(256);
  for (const value of depth) counts[Math.floor(value / STEP)]++;
  let all = 0, allPlaces = 0;
  counts.forEach((count, place) => {
    all += count;
    allPlaces += count * place;
  });
  let best = 0, bestVariance = -1, below = 0, belowPlaces = 0;
  counts.forEach((count, place) => {
    below += count;
    belowPlaces += count * place;
    const above = all - below;
    if (!below || !above) return;
    const apart = belowPlaces * above - (allPlaces - belowPlaces) * below;
    const variance = (apart * apart) / (below * above);
    if (variance > bestVariance) [best, bestVariance] = [place, variance];
  });
  return (best + 1) * STEP - 1;
}

function* regions(inside) {
  const left = Uint8Array.from(inside);
  for (let start = 0; start < N * N; start++) {
    if (!left[start]) continue;
    left[start] = 0;
    const region = [start];
    const take = (cell) => {
      if (!left[cell]) return;
      left[cell] = 0;
      region.push(cell);
    };
    for (let at = 0; at < region.length; at++) {
      const cell = region[at], column = cell % N;
      if (cell >= N) take(cell - N);
      if (cell < N * (N - 1)) take(cell + N);
      if (column > 0) take(cell - 1);
      if (column < N - 1) take(cell + 1);
    }
    yield region;
  }
}

function trust(region) {
  let rows = 0, columns = 0;
  for (const cell of region) {
    rows += Math.floor(cell / N);
    columns += cell % N;
  }
  const off = (total) => (2 * total - region.length * (N - 1)) / (region.length * N);
  const down = off(rows), across = off(columns);
  const found = 1 / (1 + 4 * (down * down + across * across));
  return region.some((cell) => CORNERS.has(cell)) ? found / 10 : found;
}

function extent(places) {
  const count = places.length;
  let total = 0, squares = 0;
  for (const place of places) {
    total += place;
    squares += place * place;
  }
  const variance = (squares * count - total * total) / (count * count);
  return [(total / count + 0.5) / N, Math.min((4 * Math.sqrt(variance)) / N, 1)];
}
