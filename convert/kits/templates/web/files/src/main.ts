// The example: judge a photo inside the page, and prove that the answer is Python's.

import {storeAnswers, together, UNKNOWN, type Answers} from "./lesion/answers.js";
import * as constants from "./lesion/constants.js";
import {LiteRtModel} from "./lesion/litert-model.js";
import {verdict} from "./lesion/postprocessing.js";
import {preprocess, store} from "./lesion/preprocessing.js";
import {referenceSteps, selfTest, type Golden} from "./lesion/self-test.js";
import {readPhoto} from "./photo.js";
import {findingsOf} from "./quality/findings.js";

const WASM = "./node_modules/@litertjs/core/wasm/";
const say = (id: string, text: string) => {
  document.getElementById(id)!.textContent = text;
};

// The model's questions, each with "not known" first.
const fields = constants.QUESTIONS.map((question) => {
  const label = document.createElement("label");
  label.textContent = `${question.words} `;
  const field = document.createElement(question.values.length ? "select" : "input");
  field.id = `answer-${question.name}`;
  if (field instanceof HTMLSelectElement) {
    field.add(new Option("not known", UNKNOWN));
    for (const value of question.values) field.add(new Option(value));
  } else {
    field.type = "number";
    field.min = `${question.low}`;
    field.max = `${question.high}`;
    field.placeholder = "not known";
  }
  label.append(field);
  document.getElementById("questions")!.append(label, document.createElement("br"));
  return {name: question.name, field};
});
const answers = (): Answers => Object.fromEntries(
  fields.map(({name, field}) => [name, field.value || UNKNOWN]));

say("about", `${constants.MODEL_NAME}: ${constants.NOTICE}. ${constants.EVIDENCE}`);
const loading = LiteRtModel.load(WASM, `./model/${constants.MODEL_FILE}`);

document.getElementById("photo")!.addEventListener("change", async (event) => {
  const file = (event.target as HTMLInputElement).files?.[0];
  if (!file) return;
  try {
    const model = await loading;
    const image = await readPhoto(file);
    const pixels = preprocess(image);
    const input = together(store(pixels), storeAnswers(answers()));
    const said = verdict(await model.infer(input), findingsOf(image, pixels));
    // Of an unusable photo a probability means nothing.
    const numbers = said.decision === "unusable photo" ? "" :
      ` (probability ${said.probability.toFixed(3)},`
      + ` threshold ${constants.THRESHOLD_PROBABILITY.toFixed(3)})`;
    say("verdict", said.decision + numbers
      + said.findings.map((finding) => ` ${finding.name}`).join());
  } catch (error) {
    say("verdict", `error: ${error}`);
  }
});

document.getElementById("test")!.addEventListener("click", async () => {
  say("result", "testing ...");
  try {
    const model = await loading;
    const golden = await (await fetch("./golden/golden.json")).json() as Golden;
    const steps = referenceSteps((input) => model.infer(input));
    steps.findings = findingsOf;
    steps.decode = (file) => readPhoto(new Blob([file.slice()]));
    const found = await selfTest(golden, steps);
    say("result", found.length
      ? found.map(({step, what, hint}) => `${step} differs: ${what}\n  ${hint}`).join("\n")
      : "same answer as Python at every step");
  } catch (error) {
    say("result", `error: ${error}`);
  }
});
