// Handing a result to another program of this device, when a person asks for it.

import {element} from "./view.js";
import {percent, say} from "./wording.js";

/** A button that shares the result, or nothing where the browser cannot. */
export function shareButton(found, preview) {
  if (!navigator.share) return "";
  const button = element("button", {type: "button", class: "quiet", id: "share"}, say("share"));
  button.addEventListener("click", () => {
    const files = [new File([bytesOf(preview)], "lesion.jpg", {type: "image/jpeg"})];
    const told = {title: "lesion-edge", text: textOf(found)};
    const all = {...told, files};
    // A person may think better of it; that is no mistake.
    navigator.share(navigator.canShare?.(all) ? all : told).catch(() => {});
  });
  return button;
}

function textOf(found) {
  const {decision, model} = found;
  const said = decision === "unusable photo"
    ? say("share.unusable", {decision: say(`decision.${decision}`), model})
    : say("share.text", {decision: say(`decision.${decision}`), model,
                         probability: percent(found.probability),
                         threshold: percent(found.threshold)});
  return `${said} ${say("notice")}`;
}

/** The bytes of an address that holds them itself. */
function bytesOf(address) {
  return Uint8Array.from(atob(address.split(",")[1]), (letter) => letter.charCodeAt(0));
}
