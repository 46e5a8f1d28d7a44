// Which square of a photo is judged, as edge_runtime/crop.py says: its middle as shares
// of width and height, its side as a share of the shorter one.

export const CENTRE = {x: 0.5, y: 0.5, side: 1};
export const LEAST_SIDE = 0.02;

const between = (value, low, high) => Math.min(Math.max(value, low), high);

/** Left, top and side in pixels of a photo of that size. */
export function boxOf({x, y, side}, width, height) {
  const short = Math.min(width, height);
  const px = between(Math.floor(side * short + 0.5), 1, short);
  const edge = (share, length) =>
    between(Math.ceil(share * length - px / 2 - 0.5), 0, length - px);
  return {left: edge(x, width), top: edge(y, height), side: px};
}

/** The square in the form in which the service takes it, and Python then sees it. */
export function rounded({x, y, side}) {
  const four = (value) => Number(value.toFixed(4));
  return {x: four(x), y: four(y), side: four(between(side, LEAST_SIDE, 1))};
}

/** As the field of a form; empty for the middle. */
export const cropField = ({x, y, side}) => `${x},${y},${side}`;
