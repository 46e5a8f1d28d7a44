// Photos as the page has them: opened by a worker, or as a frame of the camera.

import {resize} from "./resize.js";
import {say, Told} from "./wording.js";

// As web_demo/judging.py.
const PREVIEW_PX = 320;
const SHOWN_PX = 1024;

const waiting = new Map();
// Begun at once: the first photo need not wait for its scripts.
let worker = started(), last = 0;

function ask(work, given) {
  worker ??= started();
  return new Promise((resolve, reject) => {
    waiting.set(++last, {resolve, reject});
    worker.postMessage({id: last, work, given});
  });
}

function started() {
  const made = new Worker(new URL("./decoder.js", import.meta.url), {type: "module"});
  made.addEventListener("message", ({data: {id, answer, fault, values, name}}) => {
    const {resolve, reject} = waiting.get(id);
    waiting.delete(id);
    if (answer) resolve(answer);
    else reject(fault ? new Told(say(fault, values)) : Object.assign(new Error(name), {name}));
  });
  made.addEventListener("error", (event) => {
    // It could not be loaded, or ran out of memory: the next photo gets a new one.
    event.preventDefault();
    worker = undefined;
    for (const {reject} of waiting.values()) reject(new Told(say("error.photo.damaged")));
    waiting.clear();
  });
  return made;
}

/** Decode a file: {width, height, shown, suggestion}; squareOf is then about it. */
export const openPhoto = (file) => ask("open", {file, shownPx: SHOWN_PX});

/** A square of the photo opened last, for a model of that input: {rgb, width, height}. */
export const squareOf = (crop, size) => ask("square", {crop, size});

/** RGB bytes of anything a canvas can draw. */
export function pixelsOf(source, width, height) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", {willReadFrequently: true});
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
export function previewOf(square) {
  const rgb = resize(square, PREVIEW_PX);
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
