// What the answer depends on: parts of the photo are covered in turn, and the model
// judges each (occlusion sensitivity, Zeiler and Fergus 2014, arXiv 1311.2901).

import {calibrated} from "./verdict.js";
import {element} from "./view.js";
import {say} from "./wording.js";

const FIELDS = 8;
const SIDE_PX = 320;

/** Fall of the probability when each of 8 x 8 parts is covered; row by row. */
export async function occlusion(judge, pixels, size, temperature, tell = () => {}) {
  const mean = [0, 1, 2].map((channel) => {
    let total = 0;
    for (let at = channel; at < pixels.length; at += 3) total += pixels[at];
    return Math.round(total / (size * size));
  });
  const whole = calibrated(await judge.score(pixels), temperature);
  const changes = [];
  for (let row = 0; row < FIELDS; row++) {
    for (let column = 0; column < FIELDS; column++) {
      const covered = cover(pixels, size, row, column, mean);
      changes.push(whole - calibrated(await judge.score(covered), temperature));
    }
    tell(changes.length, FIELDS * FIELDS);
    await new Promise((resolve) => setTimeout(resolve));
  }
  return changes;
}

function cover(pixels, size, row, column, mean) {
  const covered = pixels.slice();
  const edge = (place) => Math.round((place * size) / FIELDS);
  for (let y = edge(row); y < edge(row + 1); y++) {
    for (let x = edge(column); x < edge(column + 1); x++) {
      covered.set(mean, (y * size + x) * 3);
    }
  }
  return covered;
}

/** The map as a canvas to lay over the preview, with its meaning in words. */
export function heatView(changes) {
  const canvas = element("canvas", {
    class: "heat", width: SIDE_PX, height: SIDE_PX, role: "img", "aria-label": words(changes)});
  const context = canvas.getContext("2d");
  const strongest = Math.max(...changes.map(Math.abs), 1e-6);
  const side = SIDE_PX / FIELDS;
  changes.forEach((change, place) => {
    const strength = (0.75 * Math.abs(change)) / strongest;
    const colour = change > 0 ? "230 97 1" : "44 123 182";
    context.fillStyle = `rgb(${colour} / ${strength.toFixed(3)})`;
    context.fillRect((place % FIELDS) * side, Math.floor(place / FIELDS) * side, side, side);
  });
  return canvas;
}

function words(changes) {
  const place = changes.reduce((best, change, at) =>
    Math.abs(change) > Math.abs(changes[best]) ? at : best, 0);
  const third = (at) => Math.min(Math.floor((at * 3) / FIELDS), 2);
  const where = say("heat.places").split("|")[
    3 * third(Math.floor(place / FIELDS)) + third(place % FIELDS)];
  return say("heat.alt", {where, change: (100 * changes[place]).toFixed(1)});
}
