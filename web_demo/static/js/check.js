// The page that checks a photo: inside the page unless the server is chosen.

import {givenAnswers, showQuestions} from "./answers.js";
import {heatButton} from "./heatview.js";
import {keepButton, start as startHistory} from "./history.js";
import {previewOf, readPhoto} from "./photo.js";
import {chosenCard, getReady, tell} from "./ready.js";
import {problemView, verdictView} from "./view.js";
import {errorWords, problemWords, say, Told} from "./wording.js";

const form = document.getElementById("upload");
const result = document.getElementById("result");
const submit = form.querySelector("button");

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const [file] = form.elements.photo.files;
  if (file) check(file);
});
document.getElementById("model")?.addEventListener("change", prepare);
document.getElementById("where").hidden = false;
document.documentElement.classList.add("scripted");
startHistory();
prepare();

async function prepare() {
  tell("status.loading");
  try {
    showQuestions(await chosenCard());
    await getReady();
    tell("status.ready");
  } catch (error) {
    const device = document.getElementById("where-device");
    device.disabled = true;
    document.getElementById("where-server").checked = true;
    document.body.dataset.model = "missing";
    tell("where.missing", {reason: errorWords(error)});
  }
}

async function check(file) {
  submit.disabled = true;
  result.replaceChildren();
  try {
    const where = form.elements.where.value;
    const card = await chosenCard();
    tell(where === "device" ? "status.judging" : "status.sending");
    await (where === "device" ? onDevice(file, card) : onServer(file, card));
    tell();
    result.querySelector("#decision").focus();
  } catch (error) {
    tell();
    result.replaceChildren(problemView(errorWords(error)));
  } finally {
    submit.disabled = false;
  }
}

async function onDevice(file, card) {
  const judge = await getReady();
  const answers = givenAnswers(card);
  const started = performance.now();
  const image = await readPhoto(file);
  const decode_ms = performance.now() - started;
  const found = await judge.verdict(image, file.name, decode_ms, answers);
  show(found, card, previewOf(image), "device", (progress) => judge.heat(image, progress, answers));
}

async function onServer(file, card) {
  const answers = givenAnswers(card);
  const found = await ask("/api/v1/classify", file, card, answers);
  const preview = previewOf(await readPhoto(file));
  show(found, card, preview, "server", async () =>
    (await ask("/api/v1/heatmap", file, card, answers)).gain.flat());
}

async function ask(address, file, card, answers) {
  const body = new FormData();
  body.append("photo", file);
  body.append("model", card.name);
  for (const [name, answer] of Object.entries(answers)) body.append(`answer_${name}`, answer);
  let answer;
  try {
    answer = await fetch(address, {method: "POST", body});
  } catch {
    throw new Told(say("error.server"));
  }
  // A proxy in front may answer in its own way.
  const found = await answer.json().catch(() => ({}));
  if (answer.ok) return found;
  throw new Told("code" in found ? problemWords(found)
    : say("error.fetch", {status: answer.status}));
}

function show(found, card, preview, where, heat) {
  result.replaceChildren(verdictView(found, card, preview, where), keepButton(found, preview));
  if (found.decision !== "unusable photo") {
    result.append(" ", heatButton(result.querySelector(".picture"), heat));
  }
}
