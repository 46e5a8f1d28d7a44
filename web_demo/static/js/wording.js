// What is said about a verdict, from the same sentences as web_demo/wording.py.

import {DOUBTS, headline, nearest} from "./verdict.js";

const NO_BREAK = "\u00a0";
// Those that there are words for.
const SPLITS = ["site", "test_clean", "test", "val"];

const STRINGS = await (await fetch(new URL("../strings.en.json", import.meta.url))).json();

/** The sentence of that key, with its {places} filled. */
export function say(key, values = {}) {
  return STRINGS[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** The same, or these words where there is no such sentence. */
export function sayOr(key, words, values = {}) {
  return key in STRINGS ? say(key, values) : words;
}

/** An error whose message is a sentence of the strings file. */
export class Told extends Error {}

/** What a page says of an error; what is not ours goes to the console in its words. */
export function errorWords(error) {
  if (error instanceof Told) return error.message;
  console.error(error);
  return say("error.unexpected", {name: error.name});
}

/** What a page says of a problem that the server answered with. */
export function problemWords({code, values, detail}) {
  return sayOr(`problem.${code}`, detail, values);
}

/** What is wrong with a photo; size is the side of the model's input. */
export function findingWords({name, value}, size) {
  return say(`finding.${name}`, {
    short: value.toFixed(0), size, share: nearest(100 * value)});
}

/** A share as per cent with one decimal, not rounded to none or all. */
export function percent(share) {
  let words;
  if (share === 0 || share === 1) words = `${100 * share} %`;
  else if (share < 0.001) words = "< 0.1 %";
  else if (share > 0.999) words = "> 99.9 %";
  else words = `${tenths(100 * share)} %`;
  return words.replaceAll(" ", NO_BREAK);
}

/** A measured share with its interval. */
export function withInterval({value, low, high}) {
  return say("evidence.share",
    {value: percent(value), low: percent(low), high: percent(high)});
}

/** One decimal; exact halves go to the even digit, as in Python. */
function tenths(value) {
  const tie = Number.isInteger(value * 4) && !Number.isInteger(value * 2);
  if (!tie) return value.toFixed(1);
  // 0.25 and 0.75 are the only fractions that are exact halves of a tenth.
  return (Math.floor(value) + (value % 1 === 0.25 ? 0.2 : 0.8)).toFixed(1);
}

/** The fairest measurement on a card, with its photos in words. */
export function evidence(card) {
  const {split, source, recall, specificity} = headline(card);
  const ofSplit = SPLITS.includes(split) ? say(`split.${split}`) : say("split.other", {split});
  const photos = source ? say("split.of_source", {photos: ofSplit, source}) : ofSplit;
  const n = recall.n + specificity.n;
  return {photos, recall, specificity, n, malignantShare: recall.n / n};
}

/** Why a verdict was given, as a program reads it. */
export function plainReason(verdict) {
  return reasonFor(verdict).replaceAll(NO_BREAK, " ");
}

function reasonFor({decision, findings, probability, threshold}) {
  if (decision === "unusable photo") {
    const faults = findings.filter((finding) => finding.unusable).length;
    return say(`reason.unusable.${faults === 1 ? "one" : "more"}`);
  }
  return say(`reason.${decision}`, {
    probability: percent(probability), threshold: percent(threshold)});
}

/** What made a verdict uncertain: the score, the photo, or both. */
function causeOf({probability, findings}, {uncertainty}) {
  const doubtful = findings.some(({name}) => DOUBTS.includes(name));
  if (!doubtful) return "close";
  return probability >= uncertainty.low_probability ? "both" : "doubt";
}

/** Heading, reason and advice for one verdict. */
export function explanation(verdict, card) {
  const heading = say(`decision.${verdict.decision}`);
  const told = {probability: percent(verdict.probability ?? 0),
                threshold: percent(verdict.threshold)};
  if (verdict.decision === "unusable photo") {
    return {heading, reason: reasonFor(verdict), advice: say("advice.unusable")};
  }
  if (verdict.decision === "uncertain") {
    const cause = causeOf(verdict, card);
    return {heading, reason: say(`reason.uncertain.${cause}`, told),
            advice: say(`advice.uncertain.${cause}`)};
  }
  const {recall, specificity} = evidence(card);
  const flagged = verdict.decision === "investigate";
  return {
    heading,
    reason: reasonFor(verdict),
    advice: say(`advice.${verdict.decision}`, {
      wrong: wrongOfHundred(flagged ? specificity : recall)}),
  };
}

function wrongOfHundred({high, low}) {
  const [fewest, most] = [high, low].map((end) => nearest(100 * (1 - end)));
  return fewest === most ? `${most}` : say("range", {fewest, most});
}
