// The heat map on the page: a button, a layer over the photo, words.

import {FINE} from "./heatmap.js";
import {tell} from "./ready.js";
import {element} from "./view.js";
import {errorWords, say} from "./wording.js";

// As edge_runtime/heat_map.py: a photo on which no part matters should look like one.
const LEAST_FULL_COLOUR = 0.5;
const OPAQUE = 0.6 * 255;
const RED = [220, 30, 30], BLUE = [40, 80, 230];

/** A button that lays the map over the picture of the result, and takes it off again. */
export function heatButton(picture, find) {
  const button = element("button", {
    type: "button", class: "quiet", id: "heat", "aria-pressed": "false"}, say("heat.button"));
  let map;
  button.addEventListener("click", async () => {
    if (map) {
      flip(picture, map, button);
      return;
    }
    button.disabled = true;
    try {
      map = heatView(await find((done, all) => tell("status.heat", {done, all})));
      button.closest(".buttons")?.after(element("p", {class: "help legend"},
        element("span", {class: "red"}), `${say("heat.for")} `,
        element("span", {class: "blue"}), `${say("heat.against")} `, say("heat.help")));
      flip(picture, map, button);
      picture.scrollIntoView({block: "nearest"});
      tell();
    } catch (error) {
      document.getElementById("status").textContent = errorWords(error);
    } finally {
      button.disabled = false;
    }
  });
  return button;
}

function flip(picture, map, button) {
  if (map.isConnected) map.remove();
  else picture.append(map);
  button.setAttribute("aria-pressed", map.isConnected);
}

/** The map as a canvas to lay over the preview, with its meaning in words. */
function heatView(gain) {
  const canvas = element("canvas", {
    class: "heat", width: FINE, height: FINE, role: "img", "aria-label": words(gain)});
  const colours = new ImageData(FINE, FINE);
  const full = Math.max(...gain.map(Math.abs), LEAST_FULL_COLOUR);
  gain.forEach((value, place) => colours.data.set(
    [...(value > 0 ? RED : BLUE), (OPAQUE * Math.abs(value)) / full], 4 * place));
  canvas.getContext("2d").putImageData(colours, 0, 0);
  return canvas;
}

function words(gain) {
  const place = gain.reduce((best, value, at) =>
    Math.abs(value) > Math.abs(gain[best]) ? at : best, 0);
  if (gain[place] === 0) return say("heat.alt.flat");
  const third = (at) => Math.floor((3 * at) / FINE);
  const where = say("heat.places").split("|")[
    3 * third(Math.floor(place / FINE)) + third(place % FINE)];
  return say(`heat.alt.${gain[place] > 0 ? "for" : "against"}`, {where});
}
