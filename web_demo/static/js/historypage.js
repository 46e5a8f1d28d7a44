// The page of results kept in this browser: look at, compare, export, import, delete.

import {confirmed} from "./intake.js";
import {changeOf, entries, forget, isEntry, notesOf, numbersOf, store} from "./history.js";
import {element} from "./view.js";
import {percent, say, withInterval} from "./wording.js";

const WHEN = {dateStyle: "medium", timeStyle: "short"};
const part = (id) => document.getElementById(id);

part("history-export").addEventListener("click", () => {
  const text = JSON.stringify({notice: say("notice"), entries: entries()}, null, 2);
  const address = URL.createObjectURL(new Blob([text], {type: "application/json"}));
  element("a", {href: address, download: "lesion-edge-history.json"}).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
});
part("history-import").addEventListener("change", async ({target}) => {
  const [file] = target.files;
  if (file) await take(file);
  target.value = "";
});
part("history-print").addEventListener("click", () => print());
part("history-delete").addEventListener("click", async ({currentTarget}) => {
  const question = say("history.delete.question", {count: entries().length});
  if (!await confirmed(currentTarget, question, say("history.delete"), say("history.keep_all"))) {
    return;
  }
  forget();
  show();
  tell("history.deleted");
});
show();

function tell(key, values) {
  part("status").textContent = say(key, values);
}

async function take(file) {
  let found;
  try {
    ({entries: found} = JSON.parse(await file.text()));
    if (!Array.isArray(found)) throw new TypeError("no list");
  } catch {
    tell("history.import.none");
    return;
  }
  const here = entries();
  const key = ({kept, verdict}) => `${kept} ${verdict.photo} ${verdict.model}`;
  const known = new Set(here.map(key));
  const fresh = found.filter((each) => isEntry(each) && !known.has(key(each)));
  const all = [...here, ...fresh].sort((one, other) => one.kept.localeCompare(other.kept));
  const room = store(all);
  show();
  tell(room ? "history.imported" : "history.full",
    {count: fresh.length, left: found.length - fresh.length});
}

function show() {
  const kept = entries();
  part("history-list").replaceChildren(...(kept.length
    ? [...overTime(kept), ...kept.map((entry, place) => view(entry, kept.slice(0, place))).reverse()]
    : [element("p", {class: "help"}, say("history.empty"))]));
  for (const id of ["history-export", "history-print", "history-delete"]) {
    part(id).hidden = kept.length === 0;
  }
}

/** Each lesion that was kept twice or more under one name: its pictures side by side. */
function overTime(kept) {
  const lesions = new Map();
  for (const entry of kept.filter(nameOf)) {
    lesions.set(nameOf(entry), [...lesions.get(nameOf(entry)) ?? [], entry]);
  }
  return [...lesions].filter(([, seen]) => seen.length > 1).map(([name, seen]) =>
    element("section", {class: "card", "aria-label": say("history.over_time", {name})},
      element("h2", {}, say("history.over_time", {name})),
      element("ol", {class: "over-time"}, ...seen.map((entry) => element("li", {},
        element("img", {src: entry.preview, alt: entry.verdict.photo, width: 128, height: 128}),
        element("p", {}, new Date(entry.kept).toLocaleDateString()),
        element("p", {}, say(`decision.${entry.verdict.decision}`)),
        element("p", {}, shareOf(entry.verdict)),
        element("p", {}, changeOf(entry, kept.slice(0, kept.indexOf(entry)))))))));
}

function nameOf({lesion}) {
  return typeof lesion?.name === "string" && lesion.name;
}

function shareOf({decision, probability}) {
  return decision === "unusable photo" ? "–" : percent(probability);
}

function view(entry, earlier) {
  const {verdict, preview} = entry;
  const when = new Date(entry.kept).toLocaleString([], WHEN);
  const remove = element("button", {
    type: "button", class: "quiet", "aria-label": say("history.remove.label", {when})},
  say("history.remove"));
  remove.addEventListener("click", async () => {
    if (!await confirmed(remove, say("history.remove.question"), say("history.remove"),
      say("history.keep_all"))) return;
    store(entries().filter((each) => each.kept !== entry.kept));
    show();
    part("history-title").focus();
    tell("history.removed");
  });
  const name = nameOf(entry);
  const change = changeOf(entry, earlier);
  const lines = [numbersOf(verdict), change, ...notesOf(entry),
                 say("history.model", {model: verdict.model, evidence: evidenceOf(verdict)})];
  return element("article", {class: `card kept ${verdict.decision.replaceAll(" ", "-")}`},
    element("img", {src: preview, alt: verdict.photo, width: 128, height: 128}),
    element("div", {},
      element("h2", {}, name ? `${name}: ` : "", say(`decision.${verdict.decision}`)),
      element("p", {class: "help"}, `${when}, ${verdict.photo}`),
      ...lines.filter(Boolean).map((line) => element("p", {}, line)), remove));
}

function evidenceOf({accuracy}) {
  // Kept by a version that did not note it.
  try {
    return `${withInterval(accuracy.recall)} / ${withInterval(accuracy.specificity)}`;
  } catch {
    return say("models.none");
  }
}
