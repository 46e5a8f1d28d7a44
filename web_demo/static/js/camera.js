// The live camera: ring, sharpness, torch, zoom; a tap freezes the picture and judges it.
// No picture leaves the page.

import {answerView} from "./answer.js";
import {answersFit, givenAnswers, showQuestions} from "./answers.js";
import {allFindings} from "./judge.js";
import {askKind} from "./kind.js";
import {pixelsOf, previewOf} from "./photo.js";
import {LIMITS, lumaOf, sharpness} from "./quality.js";
import {chosenCard, getReady, tell} from "./ready.js";
import {centreSquare, preprocess} from "./resize.js";
import {problemView} from "./view.js";
import {errorWords, say, sayOr} from "./wording.js";

const LOOK_EVERY_MS = 200;
// The ring's radius is 30 of 100; the square around it with some skin is judged.
const RING_SHARE = 0.8;

const part = (id) => document.getElementById(id);
const video = part("video");
// Each start has a number, so that one that was overtaken lets its camera go.
let stream, timer, turn = 0;

part("start").addEventListener("click", () => (stream ? stop() : start()));
part("capture").addEventListener("click", () => (video.paused ? goOn() : capture()));
part("viewfinder").addEventListener("click", capture);
part("torch").addEventListener("click", toggleTorch);
part("zoom").addEventListener("input", zoom);
part("model")?.addEventListener("change", prepare);
document.addEventListener("visibilitychange", () => {
  // Nobody wants a camera that goes on behind another tab.
  if (document.hidden) stop();
});
askKind("camera");
prepare();

async function prepare() {
  tell("status.loading");
  try {
    showQuestions(await chosenCard());
    await getReady();
    tell("status.ready");
  } catch (error) {
    part("start").disabled = true;
    document.body.dataset.model = "missing";
    tell("where.missing", {reason: errorWords(error)});
  }
}

async function start() {
  if (!navigator.mediaDevices) {
    showProblem(say("camera.none", {reason: say("camera.insecure")}));
    return;
  }
  const mine = ++turn;
  part("start").disabled = true;
  try {
    const given = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: {facingMode: {ideal: "environment"}, width: {ideal: 1280}, height: {ideal: 960}},
    });
    if (mine !== turn || document.hidden) {
      given.getTracks().forEach((track) => track.stop());
      return;
    }
    stream = given;
  } catch (error) {
    const reason = sayOr(`camera.${error.name}`, say("camera.other", {name: error.name}));
    showProblem(say("camera.none", {reason}));
    return;
  } finally {
    part("start").disabled = false;
  }
  video.srcObject = stream;
  await video.play();
  showControls(true);
  offerWhatItHas();
  timer = setInterval(showSharpness, LOOK_EVERY_MS);
}

function offerWhatItHas() {
  const [track] = stream.getVideoTracks();
  const {torch, zoom: range} = track.getCapabilities?.() ?? {};
  part("torch").hidden = !torch;
  part("zoom-line").hidden = !range;
  if (!range) return;
  const {min, max, step} = range;
  Object.assign(part("zoom"), {min, max, step: step || 0.1});
  part("zoom").value = track.getSettings?.().zoom ?? min;
}

function showProblem(words) {
  part("result").replaceChildren(problemView(words));
}

function stop() {
  turn++;
  clearInterval(timer);
  stream?.getTracks().forEach((track) => track.stop());
  stream = undefined;
  video.srcObject = null;
  part("camera").classList.remove("frozen");
  showControls(false);
}

function showControls(running) {
  for (const id of ["viewfinder", "sharpness-line", "capture"]) part(id).hidden = !running;
  part("torch").hidden = part("zoom-line").hidden = true;
  part("capture").textContent = say("camera.capture");
  part("start").classList.toggle("quiet", running);
  part("start").textContent = say(running ? "camera.stop" : "camera.start");
}

/** Small while a picture stands, so that its verdict fits into the same window. */
function showFrozen(frozen) {
  part("camera").classList.toggle("frozen", frozen);
  for (const id of ["sharpness-line", "zoom-line"]) part(id).hidden ||= frozen;
  if (!frozen && stream) {
    part("sharpness-line").hidden = false;
    offerWhatItHas();
  }
}

function frame() {
  const image = centreSquare(pixelsOf(video, video.videoWidth, video.videoHeight));
  const side = Math.round(image.width * RING_SHARE);
  const edge = (image.width - side) >> 1;
  const rgb = new Uint8Array(side * side * 3);
  for (let row = 0; row < side; row++) {
    const from = ((row + edge) * image.width + edge) * 3;
    rgb.set(image.rgb.subarray(from, from + side * 3), row * side * 3);
  }
  return {rgb, width: side, height: side};
}

function showSharpness() {
  // The hints are about what is seen now, not about a picture that was taken.
  if (!video.videoWidth || video.paused) return;
  const image = frame();
  const look = preprocess(image, LIMITS.lookPx);
  const found = sharpness(lumaOf(look), LIMITS.lookPx);
  part("sharpness").value = found;
  part("sharpness-word").textContent =
    say(found < LIMITS.sharpness ? "camera.blurred" : "camera.sharp");
  // The worst first: what makes a photo unusable, then what is to be noted.
  const hints = allFindings(image, look, LIMITS.lookPx)
    .filter(({name}) => name !== "blurred").sort((one, other) => other.unusable - one.unusable);
  part("hint").textContent = hints[0]?.message ?? "";
}

async function capture() {
  if (!stream || !video.videoWidth || video.paused || !answersFit()) return;
  // What is judged stays in sight until another picture is wanted.
  video.pause();
  part("capture").textContent = say("camera.retake");
  part("hint").textContent = "";
  showFrozen(true);
  try {
    await judgeFrame();
    tell();
    part("decision").focus({preventScroll: true});
    part("camera").scrollIntoView();
  } catch (error) {
    tell();
    showProblem(errorWords(error));
  }
}

async function goOn() {
  part("result").replaceChildren();
  part("capture").textContent = say("camera.capture");
  showFrozen(false);
  await video.play();
}

async function judgeFrame() {
  const started = performance.now();
  const image = frame();
  const decode_ms = performance.now() - started;
  tell("status.judging");
  const card = await chosenCard();
  const answers = givenAnswers(card);
  const judge = await getReady();
  const found = await judge.verdict(image, say("nav.camera"), decode_ms, answers);
  const heat = (progress) => judge.heat(image, progress, answers);
  part("result").replaceChildren(
    answerView(found, card, previewOf(image), "device", heat));
}

function zoom() {
  const [track] = stream.getVideoTracks();
  // A device may refuse what it said it could do; the picture shows what it does.
  track.applyConstraints({advanced: [{zoom: Number(part("zoom").value)}]}).catch(() => {});
}

async function toggleTorch() {
  const on = part("torch").getAttribute("aria-pressed") !== "true";
  const [track] = stream.getVideoTracks();
  await track.applyConstraints({advanced: [{torch: on}]});
  part("torch").setAttribute("aria-pressed", on);
}
