// The page that asks every model about one photo, inside the page.

import {judgeFor} from "./judge.js";
import {modelCards} from "./model.js";
import {keepForOffline} from "./offline.js";
import {readPhoto} from "./photo.js";
import {tell} from "./ready.js";
import {problemView, stackingTable} from "./view.js";
import {errorWords, evidence, percent, say, sayOr, withInterval} from "./wording.js";

const HEADS = ["model", "size", "numbers", "probability", "threshold", "decision", "model_ms",
               "total_ms", "evidence"];
// The first inference sets up memory; the third tells what the next ones take.
const WARM_UP_RUNS = 2;

const form = document.getElementById("upload");
const result = document.getElementById("result");

document.getElementById("where").hidden = false;
document.documentElement.classList.add("scripted");
if (document.body.dataset.library !== "yes") {
  document.getElementById("where-device").disabled = true;
  document.getElementById("where-server").checked = true;
  tell("where.missing", {reason: say("where.not_installed")});
}
form.addEventListener("submit", (event) => {
  if (form.elements.where.value === "server") return;
  event.preventDefault();
  compare(form.elements.photo.files[0]);
});

async function compare(file) {
  result.replaceChildren();
  try {
    const started = performance.now();
    const image = await readPhoto(file);
    const decode_ms = performance.now() - started;
    const rows = [];
    for (const card of await modelCards()) {
      tell("status.loading");
      const judge = await judgeFor(card);
      for (let run = 0; run < WARM_UP_RUNS; run++) await judge.verdict(image, file.name, 0);
      rows.push([card, await judge.verdict(image, file.name, decode_ms)]);
    }
    result.replaceChildren(table(rows));
    tell();
    if (await keepForOffline()) document.body.dataset.offline = "ready";
  } catch (error) {
    tell();
    result.replaceChildren(problemView(errorWords(error)));
  }
}

function table(rows) {
  const lines = rows.map(([card, found]) => {
    const {recall, specificity} = evidence(card);
    const unusable = found.decision === "unusable photo";
    return [
      card.name, `${card.input.size_px}\u00a0px`, sayOr(`numbers.${card.recipe}`, card.recipe),
      unusable ? "–" : percent(found.probability), percent(found.threshold),
      say(`decision.${found.decision}`), found.timings_ms.invoke.toFixed(2),
      found.timings_ms.total.toFixed(1), `${withInterval(recall)} / ${withInterval(specificity)}`];
  });
  const caption = [`${say("compare.caption")}.`, say("verdict.where.device"), say("notice")];
  return stackingTable(caption.join(" "), HEADS.map((key) => `compare.${key}`), lines);
}
