// Results kept in this browser, only when asked for; nothing of it is ever sent.

import {element, stackingTable} from "./view.js";
import {percent, say, withInterval} from "./wording.js";

const KEY = "lesion-edge-history";
const WHEN = {dateStyle: "short", timeStyle: "short"};
const HEADS = ["history.when", "history.photo", "history.what", "compare.probability",
               "compare.model", "compare.evidence"];
const FIELDS = ["site", "change", "since", "diameter"];

export function entries() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "[]");
  } catch {
    return [];
  }
}

/** A button that keeps this result, with its small preview and the lesion form. */
export function keepButton(found, preview) {
  const button = element("button", {type: "button", class: "quiet", id: "keep"},
    say("history.keep"));
  button.addEventListener("click", () => {
    const entry = {
      kept: new Date().toISOString(), verdict: found,
      lesion: lesionForm(), preview};
    const line = element("p", {role: "status"}, say(keep(entry) ? "history.kept" : "history.full"));
    button.replaceWith(line);
    show();
  });
  return button;
}

function keep(entry) {
  try {
    localStorage.setItem(KEY, JSON.stringify([...entries(), entry]));
    return true;
  } catch {
    return false;
  }
}

function lesionForm() {
  return Object.fromEntries(FIELDS.map((field) =>
    [field, document.getElementById(`lesion-${field}`)?.value ?? ""]));
}

/** Draw the list and its buttons. */
export function show() {
  const section = document.getElementById("history");
  if (!section) return;
  section.hidden = false;
  document.getElementById("lesion").hidden = false;
  const kept = entries();
  document.getElementById("history-buttons").hidden = kept.length === 0;
  document.getElementById("history-list").replaceChildren(
    kept.length ? table(kept) : element("p", {class: "help"}, say("history.empty")));
}

function table(kept) {
  const lines = kept.toReversed().map(({kept: when, verdict, preview}) => [
    new Date(when).toLocaleString([], WHEN),
    element("img", {src: preview, alt: verdict.photo, width: 64, height: 64}),
    say(`decision.${verdict.decision}`), numbersOf(verdict), verdict.model,
    evidenceOf(verdict)]);
  return stackingTable(`${say("history.caption")}. ${say("notice")}`, HEADS, lines);
}

function numbersOf({decision, probability, threshold}) {
  if (decision === "unusable photo") return "–";
  return say("history.numbers",
    {probability: percent(probability), threshold: percent(threshold)});
}

function evidenceOf({accuracy}) {
  // Kept by a version that did not note it.
  if (!accuracy) return say("models.none");
  return `${withInterval(accuracy.recall)} / ${withInterval(accuracy.specificity)}`;
}

/** Make the buttons work and draw the list. */
export function start() {
  document.getElementById("history-export")?.addEventListener("click", () => {
    const text = JSON.stringify({notice: say("notice"), entries: entries()}, null, 2);
    const address = URL.createObjectURL(new Blob([text], {type: "application/json"}));
    element("a", {href: address, download: "lesion-edge-history.json"}).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  });
  document.getElementById("history-delete")?.addEventListener("click", () => {
    localStorage.removeItem(KEY);
    show();
    document.getElementById("status").textContent = say("history.deleted");
  });
  show();
}
