// Results kept in this browser, only when asked for; nothing of it is ever sent.

import {element} from "./view.js";
import {percent, say} from "./wording.js";

const KEY = "lesion-edge-history";
const FIELDS = ["name", "site", "change", "since", "diameter"];

/** What is kept, the oldest first; what is no entry of ours is left aside. */
export function entries() {
  return stored().filter(isEntry);
}

function stored() {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(found) ? found : [];
  } catch {
    return [];
  }
}

export function isEntry(it) {
  const verdict = it?.verdict;
  return typeof it?.kept === "string" && !Number.isNaN(Date.parse(it.kept))
    && typeof it.preview === "string" && it.preview.startsWith("data:image/")
    && ["investigate", "uncertain", "monitor", "unusable photo"].includes(verdict?.decision)
    && (verdict.decision === "unusable photo" || Number.isFinite(verdict.probability))
    && Number.isFinite(verdict.threshold) && typeof verdict.model === "string"
    && typeof verdict.photo === "string";
}

/** Whether there was room for it. */
export function store(all) {
  try {
    localStorage.setItem(KEY, JSON.stringify(all));
    return true;
  } catch {
    return false;
  }
}

export function forget() {
  localStorage.removeItem(KEY);
}

/** A button that keeps this result, with its small preview and the notes. */
export function keepButton(found, preview) {
  const button = element("button", {type: "button", class: "quiet", id: "keep"},
    say("history.keep"));
  button.addEventListener("click", () => {
    const entry = {kept: new Date().toISOString(), verdict: found, lesion: notes(), preview};
    const kept = store([...entries(), entry]);
    const link = element("a", {href: "/history"}, say("history.title"));
    const line = element("span", {role: "status", id: "kept"},
      say(kept ? "history.kept" : "history.full"), " ", link);
    button.replaceWith(line);
    // They are about this lesion, not about the next one.
    if (kept) clearNotes();
  });
  return button;
}

const field = (name) => document.getElementById(`lesion-${name}`);

function notes() {
  return Object.fromEntries(FIELDS.map((name) => [name, field(name)?.value ?? ""]));
}

function clearNotes() {
  for (const name of FIELDS) if (field(name)) field(name).value = "";
}

/** The notes of an entry, in words. */
export function notesOf({lesion}) {
  return FIELDS.filter((name) => name !== "name" && typeof lesion?.[name] === "string" && lesion[name])
    .map((name) => say("history.note", {what: say(`lesion.${name}`), words: lesion[name]}));
}

/** By how much the probability has changed since the same lesion was kept before. */
export function changeOf(entry, earlier) {
  const name = entry.lesion?.name;
  const before = name && earlier.findLast((each) => each.lesion?.name === name
    && each.verdict.model === entry.verdict.model
    && Number.isFinite(each.verdict.probability)
    && each.verdict.decision !== "unusable photo");
  if (!before || entry.verdict.decision === "unusable photo") return "";
  const points = Math.round(100 * (entry.verdict.probability - before.verdict.probability));
  const since = new Date(before.kept).toLocaleDateString();
  return say("history.change", {points: points > 0 ? `+${points}` : `${points}`, since});
}

export function numbersOf({decision, probability, threshold}) {
  if (decision === "unusable photo") return "–";
  return say("history.numbers",
    {probability: percent(probability), threshold: percent(threshold)});
}
