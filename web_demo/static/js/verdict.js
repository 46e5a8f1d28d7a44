// The rule of the verdict, as in edge_runtime: quantisation, calibration, decision.

// As edge_runtime/evaluation/temperature.py: keeps the logits of 0 and 1 finite.
const SMALLEST_SCORE = 1 / 512;

const TYPES = {uint8: Uint8Array, int8: Int8Array, float32: Float32Array};
const RANGES = {uint8: [0, 255], int8: [-128, 127]};

/** Nearest integer, halves to the even one, as numpy's rint. */
export function nearest(value) {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** The stored values of real ones. */
export function storeReal(reals, {dtype, scale, zero_point}) {
  if (dtype === "float32") return Float32Array.from(reals);
  const [lowest, highest] = RANGES[dtype];
  return TYPES[dtype].from(reals, (real) =>
    Math.min(Math.max(nearest(real / scale) + zero_point, lowest), highest));
}

/** The stored value of each pixel level, as a table of 256. */
export function pixelTable({mean, std, ...spec}) {
  return storeReal(Array.from({length: 256}, (_, level) => (level - mean) / std), spec);
}

/** The model's input for prepared pixels. */
export function store(pixels, table) {
  const stored = new table.constructor(pixels.length);
  for (let place = 0; place < pixels.length; place++) stored[place] = table[pixels[place]];
  return stored;
}

/** The real score of a stored output. */
export function restore(stored, {dtype, scale, zero_point}) {
  if (dtype === "float32") return stored;
  return Math.fround(scale * (stored - zero_point));
}

/** Logit of a raw score. */
export function logit(score) {
  const clipped = Math.min(Math.max(score, SMALLEST_SCORE), 1 - SMALLEST_SCORE);
  return Math.log(clipped) - Math.log1p(-clipped);
}

/** Probability of malignancy of a raw score. */
export function calibrated(score, temperature) {
  return 1 / (1 + Math.exp(-logit(score) / temperature));
}

// From the fairest measurement to the most flattering one; a site's own photos say most
// about its photos.
const SPLITS = ["site", "test_clean", "test", "val"];

/** The fairest measurement on a card; of several sources the one with the lowest AUC. */
export function headline({accuracy}) {
  const known = SPLITS.map((split) => accuracy.filter((each) => each.split === split));
  const found = known.find((sources) => sources.length) ?? accuracy.slice(0, 1);
  return found.reduce((worst, each) => (each.auc < worst.auc ? each : worst));
}

// Cautions that leave it open whether a lesion was photographed at all.
export const DOUBTS = ["no_lesion", "not_skin", "unfamiliar", "framing"];

/** What to do about a lesion; raw scores are compared, never probabilities. */
export function decision(score, card, findings) {
  if (findings.some((finding) => finding.unusable)) return "unusable photo";
  if (score >= card.threshold.score) return "investigate";
  const doubtful = findings.some((finding) => DOUBTS.includes(finding.name));
  return doubtful || score >= card.uncertainty.low_score ? "uncertain" : "monitor";
}

/** The verdict with the fields of the REST service; wording.js adds its reason. */
export function verdict({photo, score, card, findings, timings_ms, notice, answers = {},
                         crop = {x: 0.5, y: 0.5, side: 1}}) {
  const [malignant, other] = card.output.labels;
  const decided = decision(score, card, findings);
  const label = score >= card.threshold.score ? malignant : other;
  return {
    type: "verdict",
    format: 1,
    notice,
    photo,
    probability: calibrated(score, card.temperature),
    threshold: card.threshold.probability,
    label: decided === "unusable photo" ? null : label,
    decision: decided,
    // Cards of one source alone do not name it.
    accuracy: {source: null, ...headline(card)},
    answers,
    findings,
    timings_ms,
    model: card.name,
    model_sha256: card.model_sha256,
    crop,
  };
}
