// The TypeScript of the web kit, in Node. Words: folder of the compiled kit, golden.json,
// what is wrong. The model is replaced by the golden outputs: Node has no LiteRT.js.
// Prints the steps that the self-test names, one a line; or, with a file of pictures,
// the pixels of each.

import {readFileSync, writeFileSync} from "node:fs";
import {pathToFileURL} from "node:url";

const [folder, path, what] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(`${folder}/lesion/${name}.js`));
const {OUTPUT_TYPE, SIZE_PX, THRESHOLD_SCORE, UNCERTAIN_FROM_SCORE} = await load("constants");
const {cropped, CENTRE, preprocess, resize} = await load("preprocessing");
const {together} = await load("answers");
const {verdict} = await load("postprocessing");
const {referenceSteps, selfTest} = await load("self-test");
const {findingsOf} = await import(pathToFileURL(`${folder}/quality/findings.js`));

if (what === "pictures") {
  for (const line of readFileSync(path, "utf8").trim().split("\n")) {
    const [width, height, file] = line.split("\t");
    const rgb = new Uint8Array(readFileSync(file));
    writeFileSync(`${file}.pixels`,
      preprocess({width: Number(width), height: Number(height), rgb}));
  }
  for (let stored = 0; stored < 256; stored++) {
    const {probability, decision} = verdict(Uint8Array.of(stored));
    console.log(`${stored}\t${decision}\t${probability}`);
  }
  process.exit(0);
}

const golden = JSON.parse(readFileSync(path, "utf8"));
const bytesOf = (stored) => OUTPUT_TYPE === "float32"
  ? new Uint8Array(Float32Array.of(stored).buffer) : Uint8Array.of(stored);
const outputs = new Map(golden.pictures.map((row) =>
  [Buffer.from(together(
    new Uint8Array(Buffer.from(golden.files[`${row.name}.input`], "base64")),
    new Uint8Array(Buffer.from(row.stored_answers, "hex")))).toString("base64"),
   bytesOf(Number(row.stored))]));
const right = referenceSteps((input) =>
  outputs.get(Buffer.from(input).toString("base64")) ?? bytesOf(0));
right.findings = findingsOf;
const exchanged = (rgb) => rgb.map((_, at) => rgb[at + [2, 0, -2][at % 3]]);
const nearest = (image, size) => {
  const square = cropped(image);
  const pixels = [];
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const y = Math.floor(row * square.height / size);
      const x = Math.floor(column * square.width / size);
      pixels.push(...square.rgb.subarray(3 * (y * square.width + x)).slice(0, 3));
    }
  }
  return Uint8Array.from(pixels);
};
const levelsOff = (levels) => (file, name) => {
  const row = golden.pictures.find((each) => `${each.name}${each.suffix}` === name);
  const rgb = new Uint8Array(Buffer.from(golden.files[`${row.name}.rgb`], "base64"));
  return {rgb: name.endsWith(".png") ? rgb : rgb.map((each) => each ^ levels)};
};
const said = (high, score) =>
  high ? "investigate" : score >= UNCERTAIN_FROM_SCORE ? "uncertain" : "monitor";
const wrong = {
  "nothing": {},
  "exchanged colours": {preprocess: (image) => exchanged(right.preprocess(image))},
  "decoder": {decode: () => ({width: 1, height: 1, rgb: Uint8Array.of(1, 2, 3)})},
  "decoder of no JPEG": {decode: (_, name) => name.endsWith(".jpg") ? undefined
    : {width: 1, height: 1, rgb: Uint8Array.of(1, 2, 3)}},
  "decoder a level off": {decode: levelsOff(1)},
  "decoder many levels off": {decode: levelsOff(16)},
  "nearest neighbour": {preprocess: (image) => nearest(image, SIZE_PX)},
  "no square": {preprocess: (image) => resize(image, SIZE_PX)},
  "another square": {box: (width, height) => right.box(width, height, CENTRE)},
  "answers forgotten": {storeAnswers: () => right.storeAnswers({})},
  "another range": {normalise: (level) => level / 127.5 - 1},
  "zero point": {store: (pixels) => right.store(pixels).map((value) => value + 1)},
  "another output": {infer: (input) => right.infer(input).map((value) => value ^ 1)},
  "other kernels": {kernelFamily: "builtin",
                    infer: (input) => right.infer(input).map((value) => value ^ 1)},
  "scale": {restore: (stored) => stored / 255},
  "no look at the photo": {findings: () => []},
  "no temperature": {calibrated: (score) => score},
  "threshold of one half": {decision: (score) => said(score >= 0.5, score)},
  "threshold one step higher": {decision: (score) => said(score > THRESHOLD_SCORE, score)},
}[what];
const found = await selfTest(golden, {...right, ...wrong});
for (const {step, what, hint} of found) console.error(`${step}: ${what} (${hint})`);
for (const step of new Set(found.map(({step}) => step))) console.log(step);
