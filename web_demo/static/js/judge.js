// One photo's road inside the page: the same steps as edge_runtime/classifier.py.

import {CENTRE} from "./crop.js";
import {heatMap} from "./heatmap.js";
import {framingFinding} from "./locator.js";
import {Model} from "./model.js";
import {photoFindings} from "./quality.js";
import {centreSquare, preprocess} from "./resize.js";
import {pixelTable, store, verdict} from "./verdict.js";
import {findingWords, plainReason, say} from "./wording.js";

// As edge_runtime/quality.py: where one of these makes a photo unusable, nothing in it can
// be made out.
const UNSEEN = new Set(["small", "dark", "bright", "uniform", "blurred"]);

const judges = new Map();

/** The judge that works with this card's model; loaded once. */
export function judgeFor(card) {
  if (!judges.has(card.name)) {
    const judge = Model.load(card).then((model) => new Judge(model));
    judge.catch(() => judges.delete(card.name));
    judges.set(card.name, judge);
  }
  return judges.get(card.name);
}

class Judge {
  constructor(model) {
    this.model = model;
    this.table = pixelTable(model.card.input);
  }

  /** Judge a decoded image; decode_ms is how long decoding took. */
  async verdict(image, photo, decode_ms, answers = {}, crop = CENTRE) {
    const {card} = this.model;
    const size = card.input.size_px;
    const marks = [performance.now()];
    const pixels = preprocess(image, size);
    marks.push(performance.now());
    const input = store(pixels, this.table);
    marks.push(performance.now());
    const {score} = await this.model.infer(input, answers);
    marks.push(performance.now());
    const findings = allFindings(image, pixels, size);
    marks.push(performance.now());
    const [resize, quantise, invoke, decide] = marks.slice(1)
      .map((mark, place) => mark - marks[place]);
    const total = decode_ms + marks.at(-1) - marks[0];
    const timings_ms = {decode: decode_ms, resize, quantise, invoke, decide, total};
    const found = verdict(
      {photo, score, card, findings, timings_ms, notice: notice(), answers, crop});
    return {...found, reason: plainReason(found)};
  }

  /** What the score of a decoded image depends on. */
  heat(image, progress, answers = {}) {
    const size = this.model.card.input.size_px;
    const score = async (pixels) =>
      (await this.model.infer(store(pixels, this.table), answers)).score;
    return heatMap(score, preprocess(image, size), size, progress);
  }
}

/** Everything that is wrong with a square, and with how the lesion fills it. */
export function allFindings(image, pixels, size) {
  const findings = photoFindings(image, pixels, size, findingWords);
  if (findings.some(({name, unusable}) => unusable && UNSEEN.has(name))) return findings;
  const framing = framingFinding(centreSquare(image));
  if (framing) findings.push({...framing, message: findingWords(framing, size)});
  return findings;
}

function notice() {
  const sentence = say("notice");
  return sentence[0].toLowerCase() + sentence.slice(1, -1);
}
