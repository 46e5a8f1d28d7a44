// The page that checks a photo. It is judged inside the page, at once and anew with each
// move of the square; it goes to the server only when the button that says so is pressed.

import {answerView} from "./answer.js";
import {answersFit, givenAnswers, showQuestions} from "./answers.js";
import {batchView, judgedAll} from "./batch.js";
import {CENTRE} from "./crop.js";
import {Frame} from "./frame.js";
import {takePhotos} from "./intake.js";
import {askKind} from "./kind.js";
import {openPhoto, previewOf, squareOf} from "./photo.js";
import {chosenCard, getReady, tell} from "./ready.js";
import {ask} from "./server.js";
import {element, problemView} from "./view.js";
import {errorWords, say} from "./wording.js";

// The side of the square shown beside the verdict decides at which scale it is decoded.
const PREVIEW_PX = 320;
const SETTLED_MS = 80;

const part = (id) => document.getElementById(id);
const result = part("result");
const frame = new Frame(part("frame"), () => {
  clearTimeout(settling);
  settling = setTimeout(() => judge(), SETTLED_MS);
});
// Whatever was begun for an earlier photo or square finds that it is no longer current.
let turn = 0, settling, file, photo;

takePhotos(take, takeMany);
part("where").addEventListener("change", () => judge());
part("model")?.addEventListener("change", () => {
  prepare();
  judge();
});
part("answers")?.addEventListener("change", () => judge());
part("frame-suggested").addEventListener("click", () => frame.take(photo.suggestion));
part("frame-whole").addEventListener("click", () => frame.take(CENTRE));
askKind("choose");
prepare();

async function prepare() {
  tell("status.loading");
  try {
    showQuestions(await chosenCard());
    await getReady();
    if (part("status").classList.contains("loading")) tell("status.ready");
  } catch (error) {
    document.body.dataset.model = "missing";
    tell("where.missing", {reason: errorWords(error)});
  }
}

/** Begin anew; nothing that was said about another photo may stand beside this one. */
function beginning() {
  clearTimeout(settling);
  result.replaceChildren();
  part("work").hidden = true;
  file = photo = undefined;
  return ++turn;
}

async function take(chosen) {
  const mine = beginning();
  tell("status.opening");
  try {
    const opened = await openPhoto(chosen);
    if (mine !== turn) return;
    [file, photo] = [chosen, opened];
  } catch (error) {
    if (mine === turn) showProblem(error);
    return;
  }
  document.body.classList.add("working");
  part("work").hidden = false;
  frame.show(photo, photo.suggestion);
  await judge(true);
}

/** Several photos: on this device, each in the square that is suggested. */
async function takeMany(files) {
  const mine = beginning();
  const going = () => mine === turn;
  tell("status.loading");
  try {
    const [card, ready] = [await chosenCard(), await getReady()];
    document.body.classList.add("working");
    const told = (done, all) => tell("status.batch", {done, all});
    const results = await judgedAll(files, ready, card, {going, told});
    if (going()) show(mine, batchView(results, card, take), true);
  } catch (error) {
    if (going()) showProblem(error);
  }
}

/** Judge the square; first is for the first verdict about a photo. */
async function judge(first = false) {
  if (!photo || !answersFit()) return;
  const mine = ++turn;
  result.setAttribute("aria-busy", "true");
  try {
    if (document.querySelector("input[name=where]:checked").value === "server") {
      show(mine, offerView(say("send.chosen")), first);
      return;
    }
    if (document.body.dataset.model !== "ready") tell("status.loading");
    let ready;
    try {
      ready = await getReady();
    } catch (error) {
      show(mine, offerView(say("where.missing", {reason: errorWords(error)})), first);
      return;
    }
    if (mine === turn) await onDevice(mine, ready, first);
  } catch (error) {
    if (mine === turn) showProblem(error);
  }
}

async function onDevice(mine, judge_, first) {
  const {crop} = frame;
  const card = await chosenCard();
  const answers = givenAnswers(card);
  const started = performance.now();
  const square = await squareOf(crop, card.input.size_px);
  const decode_ms = performance.now() - started;
  const found = await judge_.verdict(square, file.name, decode_ms, answers, crop);
  const preview = previewOf(await squareOf(crop, PREVIEW_PX));
  const heat = (progress) => judge_.heat(square, progress, answers);
  show(mine, answerView(found, card, preview, "device", heat), first);
}

async function onServer() {
  const mine = ++turn;
  const {crop} = frame;
  tell("status.sending");
  try {
    const card = await chosenCard();
    const sent = {file, card, answers: givenAnswers(card), crop};
    const found = await ask("/api/v1/classify", sent);
    const preview = previewOf(await squareOf(crop, PREVIEW_PX));
    const heat = async () => (await ask("/api/v1/heatmap", sent)).gain.flat();
    show(mine, answerView(found, card, preview, "server", heat), true);
  } catch (error) {
    if (mine === turn) showProblem(error);
  }
}

/** Nothing is sent before this button is pressed. */
function offerView(why) {
  const send = element("button", {type: "button", id: "send"}, say("send.button"));
  send.addEventListener("click", () => {
    send.disabled = true;
    onServer();
  });
  return element("section", {class: "card offer", "aria-labelledby": "offer"},
    element("h2", {id: "offer", tabindex: "-1"}, say("send.title")), element("p", {}, why),
    element("p", {class: "help"}, say("where.server.help")), send);
}

function show(mine, view, first) {
  if (mine !== turn) return;
  result.replaceChildren(view);
  result.removeAttribute("aria-busy");
  const heading = view.querySelector("h2");
  // While the square is moved the focus stays with it; the words are announced.
  tell();
  if (first) heading.focus();
  else part("announced").textContent = heading.textContent;
}

function showProblem(error) {
  tell();
  const view = problemView(errorWords(error));
  result.removeAttribute("aria-busy");
  result.replaceChildren(view);
  view.querySelector("h2").focus();
}
