// A verdict with what can be done about it: heat map, keep, share.

import {heatButton} from "./heatview.js";
import {keepButton} from "./history.js";
import {shareButton} from "./share.js";
import {element, verdictView} from "./view.js";

/** The view of a verdict; heat finds its map. */
export function answerView(found, card, preview, where, heat) {
  const view = verdictView(found, card, preview, where);
  const buttons = element("p", {class: "buttons"});
  if (found.decision !== "unusable photo") {
    buttons.append(heatButton(view.querySelector(".picture"), heat));
  }
  buttons.append(keepButton(found, preview), shareButton(found, preview));
  view.querySelector(".advice").before(buttons);
  return view;
}
