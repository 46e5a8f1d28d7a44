// The page that asks every model about one photo.

import {judgeFor} from "./judge.js";
import {takePhotos} from "./intake.js";
import {modelCards} from "./model.js";
import {keepForOffline} from "./offline.js";
import {openPhoto, previewOf, squareOf} from "./photo.js";
import {tell} from "./ready.js";
import {ask} from "./server.js";
import {element, problemView, stackingTable} from "./view.js";
import {errorWords, evidence, percent, say, sayOr, withInterval} from "./wording.js";

const HEADS = ["model", "size", "numbers", "probability", "threshold", "decision", "model_ms",
               "total_ms", "evidence"];
// The first inference sets up memory; the third tells what the next ones take.
const WARM_UP_RUNS = 2;
const PREVIEW_PX = 320;

const result = document.getElementById("result");
let turn = 0;

if (document.body.dataset.library !== "yes") {
  tell("where.missing", {reason: say("where.not_installed")});
}
takePhotos(take);

async function take(file) {
  const mine = ++turn;
  result.replaceChildren();
  tell("status.opening");
  try {
    const {suggestion: crop} = await openPhoto(file);
    const server = document.querySelector("input[name=where]:checked").value === "server";
    const preview = previewOf(await squareOf(crop, PREVIEW_PX));
    const rows = server ? undefined : await onDevice(file, crop);
    if (mine !== turn) return;
    if (rows) show(rows, preview, "device");
    else offer(mine, file, crop, preview);
    tell();
    if (rows && await keepForOffline()) document.body.dataset.offline = "ready";
  } catch (error) {
    if (mine === turn) fail(error);
  }
}

async function onDevice(file, crop) {
  const rows = [];
  for (const card of await modelCards()) {
    tell("status.loading");
    const judge = await judgeFor(card);
    const started = performance.now();
    const square = await squareOf(crop, card.input.size_px);
    const decode_ms = performance.now() - started;
    for (let run = 0; run < WARM_UP_RUNS; run++) await judge.verdict(square, file.name, 0);
    rows.push([card, await judge.verdict(square, file.name, decode_ms, {}, crop)]);
  }
  return rows;
}

function offer(mine, file, crop, preview) {
  const send = element("button", {type: "button", id: "send"}, say("send.button"));
  send.addEventListener("click", async () => {
    send.disabled = true;
    tell("status.sending");
    try {
      const rows = [];
      for (const card of await modelCards()) {
        rows.push([card, await ask("/api/v1/classify", {file, card, crop})]);
      }
      tell();
      if (mine === turn) show(rows, preview, "server");
    } catch (error) {
      fail(error);
    }
  });
  result.replaceChildren(element("section", {class: "card offer"},
    element("h2", {tabindex: "-1"}, say("send.title")),
    element("p", {class: "help"}, say("where.server.help")), send));
  result.querySelector("h2").focus();
}

function fail(error) {
  tell();
  result.replaceChildren(problemView(errorWords(error)));
  result.querySelector("h2").focus();
}

function show(rows, preview, where) {
  result.replaceChildren(element("section", {class: "card agreement"},
    element("img", {src: preview, alt: say("verdict.preview"), width: 96, height: 96}),
    element("h2", {tabindex: "-1"}, agreement(rows))), table(rows, where));
  result.querySelector("h2").focus();
}

/** One line: how many models say the same. */
function agreement(rows) {
  const counts = new Map();
  for (const [, {decision}] of rows) counts.set(decision, (counts.get(decision) ?? 0) + 1);
  const [[most, count]] = [...counts].sort(([, one], [, other]) => other - one);
  return say(count === rows.length ? "compare.all" : "compare.some",
    {count, all: rows.length, decision: say(`decision.${most}`)});
}

function table(rows, where) {
  const lines = rows.map(([card, found]) => {
    const {recall, specificity} = evidence(card);
    const unusable = found.decision === "unusable photo";
    return [
      card.name, `${card.input.size_px}\u00a0px`, sayOr(`numbers.${card.recipe}`, card.recipe),
      unusable ? "–" : percent(found.probability), percent(found.threshold),
      say(`decision.${found.decision}`), found.timings_ms.invoke.toFixed(2),
      found.timings_ms.total.toFixed(1), `${withInterval(recall)} / ${withInterval(specificity)}`];
  });
  const caption = [`${say("compare.caption")}.`, say(`verdict.where.${where}`), say("notice")];
  return stackingTable(caption.join(" "), HEADS.map((key) => `compare.${key}`), lines);
}
