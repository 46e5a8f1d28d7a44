// How far a picture is from the photos that the models learnt from; the reasons stand in
// edge_runtime/photos/familiarity.py, and a test compares the two.

import {FAMILIAR} from "./familiar.js";
import {resize} from "./resize.js";

const SIDE = 64, FIELDS = 16, HALVES = 32, EDGE = 0.15, FLAT = 1 / 150;

/** In standard deviations; look is the centre square, RGB bytes. */
export function distance(look, side, structure) {
  const values = measures(look, side, structure);
  const offset = values.map((value, place) => value - FAMILIAR.mean[place]);
  return Math.hypot(...FAMILIAR.whitening.map((row) =>
    row.reduce((total, weight, place) => total + weight * offset[place], 0)));
}

function measures(look, side, structure) {
  const square = resize({rgb: look, width: side, height: side}, SIDE);
  const {luma, saturation, reds, blues, reddish} = planes(square);
  const mean = Math.max(meanOf(luma), 1);
  const fields = blocks(luma, FIELDS), halves = blocks(luma, HALVES);
  const detail = deviation(less(luma, SIDE, fields, FIELDS));
  const spread = deviation(fields);
  return [
    meanOf(saturation), log(deviation(saturation)), log(deviation(reds)),
    log(deviation(blues)), log(detail / mean), log(detail / Math.max(spread, 1e-3)),
    log(deviation(less(halves, HALVES, fields, FIELDS)) / mean),
    log(steps(fields, FIELDS) / Math.max(spread, 1)), ...edges(luma, mean), reddish,
    log(structure)];
}

function planes(square) {
  const n = SIDE * SIDE;
  const found = {luma: new Float64Array(n), saturation: new Float64Array(n),
                 reds: new Float64Array(n), blues: new Float64Array(n)};
  let reddish = 0;
  for (let place = 0; place < n; place++) {
    const [red, green, blue] = square.subarray(3 * place, 3 * place + 3);
    const top = Math.max(red, green, blue, 1), total = red + green + blue + 1;
    found.luma[place] = 0.299 * red + 0.587 * green + 0.114 * blue;
    found.saturation[place] = (top - Math.min(red, green, blue)) / top;
    found.reds[place] = red / total;
    found.blues[place] = blue / total;
    if (red > green && red > blue) reddish++;
  }
  return {...found, reddish: reddish / n};
}

/** Means of count x count equal fields. */
function blocks(luma, count) {
  const side = SIDE / count, sums = new Float64Array(count * count);
  luma.forEach((value, place) => {
    const row = Math.floor(place / SIDE), column = place % SIDE;
    sums[Math.floor(row / side) * count + Math.floor(column / side)] += value;
  });
  return sums.map((total) => total / side ** 2);
}

/** Values without the mean of the field they lie in. */
function less(values, side, fields, count) {
  const times = side / count;
  return values.map((value, place) => value - fields[
    Math.floor(Math.floor(place / side) / times) * count
    + Math.floor(place % side / times)]);
}

/** Mean step from field to field, down plus across. */
function steps(fields, count) {
  let down = 0, across = 0;
  for (let place = 0; place < count * count; place++) {
    if (place >= count) down += Math.abs(fields[place] - fields[place - count]);
    if (place % count) across += Math.abs(fields[place] - fields[place - 1]);
  }
  return (down + across) / (count * (count - 1));
}

function edges(luma, mean) {
  let sharp = 0, flat = 0, power = 0, upright = 0, n = 0;
  for (let row = 1; row < SIDE - 1; row++) {
    for (let column = 1; column < SIDE - 1; column++, n++) {
      const at = row * SIDE + column;
      const down = luma[at + SIDE] - luma[at - SIDE];
      const across = luma[at + 1] - luma[at - 1];
      const here = (down ** 2 + across ** 2) / 4;
      power += here;
      upright += here - (down * across) ** 2 / 2 / Math.max(here, 1e-9);
      if (Math.sqrt(here) > EDGE * mean) sharp++;
      const around = luma[at - SIDE] + luma[at + SIDE] + luma[at - 1] + luma[at + 1];
      if (Math.abs(around - 4 * luma[at]) < FLAT * mean) flat++;
    }
  }
  return [sharp / n, upright / Math.max(power, 1e-9), flat / n];
}

function log(value) {
  return Math.log(Math.max(value, 1e-3));
}

function meanOf(values) {
  return values.reduce((total, value) => total + value, 0) / values.length;
}

function deviation(values) {
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((total, value) => total + (value - mean) ** 2, 0)
                   / values.length);
}
