// What a person says about the lesion, as the bytes of the model's second input.

import * as constants from "./constants.js";
import {quantise} from "./preprocessing.js";

/**
 * By the question's name: an allowed answer, a number as text, or "unknown". Those left
 * out are unknown.
 */
export type Answers = Readonly<Record<string, string>>;

export const UNKNOWN = "unknown";

/** Empty where the model asks nothing; together() puts it behind store()'s bytes. */
export function storeAnswers(answers: Answers): Uint8Array {
  for (const name of Object.keys(answers)) {
    if (!constants.QUESTIONS.some((question) => question.name === name)) {
      throw new RangeError(`the model does not ask about ${name}`);
    }
  }
  const real = constants.QUESTIONS.flatMap(
    (question) => places(question, answers[question.name] ?? UNKNOWN));
  if (constants.ANSWERS_TYPE !== "float32") {
    return Uint8Array.from(real, (value) => 0xff & quantise(
      value, constants.ANSWERS_TYPE, constants.ANSWERS_SCALE,
      constants.ANSWERS_ZERO_POINT));
  }
  const bytes = new DataView(new ArrayBuffer(real.length * 4));
  real.forEach((value, place) => bytes.setFloat32(4 * place, value, true));
  return new Uint8Array(bytes.buffer);
}

/** What infer() takes: the stored photo, and the stored answers behind it. */
export function together(photo: Uint8Array, answers: Uint8Array): Uint8Array {
  const input = new Uint8Array(photo.length + answers.length);
  input.set(photo);
  input.set(answers, photo.length);
  return input;
}

/** The two parts of together()'s bytes in the model's own order. */
export function inModelOrder(input: Uint8Array): Uint8Array[] {
  if (!constants.QUESTIONS.length) return [input.slice()];
  const bytes = constants.INPUT_TYPE === "float32" ? 4 : 1;
  const photo = constants.SIZE_PX * constants.SIZE_PX * 3 * bytes;
  const parts = [input.slice(0, photo), input.slice(photo)];
  return constants.ANSWERS_AT === 0 ? parts.reverse() : parts;
}

/** One for each allowed answer, or for the number, and unknown's. */
function places(question: constants.Question, answer: string): number[] {
  const found = new Array<number>(Math.max(question.values.length, 1) + 1).fill(0);
  if (answer === UNKNOWN) {
    found[found.length - 1] = 1;
  } else if (question.values.length) {
    const at = question.values.indexOf(answer);
    if (at < 0) throw refusal(question, answer);
    found[at] = 1;
  } else {
    const number = answer.trim() === "" ? NaN : Number(answer);
    if (!(number >= question.low && number <= question.high)) {
      throw refusal(question, answer);
    }
    found[0] = Math.fround((number - question.low) / (question.high - question.low));
  }
  return found;
}

function refusal(question: constants.Question, answer: string): RangeError {
  const allowed = question.values.length
    ? question.values.join(", ") : `a number from ${question.low} to ${question.high}`;
  return new RangeError(
    `the answer to ${question.name} is '${answer}'; expected one of ${allowed}, ${UNKNOWN}`);
}
