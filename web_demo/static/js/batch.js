// Several photos at once: judged one after the other on this device, told in a table.

import {openPhoto, previewOf, squareOf} from "./photo.js";
import {element, stackingTable} from "./view.js";
import {errorWords, findingWords, percent, say} from "./wording.js";

const PREVIEW_PX = 320, SHOWN_PX = 64;
const HEADS = ["photo", "decision", "probability", "threshold", "notes"].map(
  (key) => `batch.${key}`);

/** What becomes of each file: {file, found, preview} or {file, problem}; the square is the
    one that is suggested. going() says whether it is still wanted. */
export async function judgedAll(files, judge, card, {going, told}) {
  const results = [];
  for (const [place, file] of files.entries()) {
    told(place + 1, files.length);
    results.push(await judged(file, judge, card));
    if (!going()) break;
  }
  return results;
}

async function judged(file, judge, card) {
  try {
    const {suggestion, shown} = await openPhoto(file);
    shown.close();
    const square = await squareOf(suggestion, card.input.size_px);
    const found = await judge.verdict(square, file.name, 0, {}, suggestion);
    return {file, found, preview: previewOf(await squareOf(suggestion, PREVIEW_PX))};
  } catch (error) {
    return {file, problem: errorWords(error)};
  }
}

/** The table; open is called with the file of a row that is to be looked at. */
export function batchView(results, card, open) {
  const rows = results.map((each) => row(each, card, open));
  const caption = [say("batch.caption", {model: card.name}), say("verdict.where.device"),
                   say("notice")].join(" ");
  const save = element("button", {type: "button", class: "quiet", id: "batch-save"},
    say("batch.save"));
  save.addEventListener("click", () => saveAs("lesion-edge.csv", table(results)));
  return element("section", {class: "card batch", "aria-labelledby": "batch-title"},
    element("h2", {id: "batch-title", tabindex: "-1"}, summary(results)),
    stackingTable(caption, HEADS, rows), element("p", {class: "buttons"}, save));
}

function summary(results) {
  const counts = new Map();
  for (const {found} of results) {
    const key = found ? `decision.${found.decision}` : "batch.refused";
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const parts = [...counts].map(([key, count]) => `${say(key)} ${count}`);
  return say("batch.title", {count: results.length, parts: parts.join(", ")});
}

function row({file, found, preview, problem}, card, open) {
  const name = element("button", {type: "button", class: "quiet open"}, file.name);
  name.addEventListener("click", () => open(file));
  if (!found) return [name, say("batch.refused"), "–", "–", problem];
  const picture = element("img", {src: preview, alt: "", width: SHOWN_PX, height: SHOWN_PX});
  const unusable = found.decision === "unusable photo";
  const notes = found.findings.map((each) => findingWords(each, card.input.size_px));
  return [element("span", {class: "who"}, picture, name), say(`decision.${found.decision}`),
          unusable ? "–" : percent(found.probability), percent(found.threshold),
          notes.join("; ") || "–"];
}

/** As comma-separated values. */
export function table(results) {
  const lines = results.map(({file, found, problem}) => {
    if (!found) return [file.name, "", "", "", "", problem];
    const unusable = found.decision === "unusable photo";
    return [file.name, found.model, found.decision, unusable ? "" : found.probability,
            found.threshold, found.findings.map(({name}) => name).join(" ")];
  });
  const heads = ["photo", "model", "decision", "probability", "threshold", "notes"];
  return [heads, ...lines].map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n";
}

/** Quoted; a name that a spreadsheet would take for a formula is taken for text. */
function cell(value) {
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : `${value}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function saveAs(name, text) {
  const address = URL.createObjectURL(new Blob([text], {type: "text/csv"}));
  element("a", {href: address, download: name}).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
