// Repeats the golden vectors with an app's own steps and says which step differs.
//
// Each step starts from the golden result of the step before, so that one fault is found
// at one place. Replace the functions of Steps by those of your app.

import * as constants from "./constants.js";
import {
  calibrated, decision, restore, storedOutput, type Finding,
} from "./postprocessing.js";
import {storeAnswers, together, type Answers} from "./answers.js";
import {
  boxOf, normalise, preprocess, store, type Box, type Crop, type Image,
} from "./preprocessing.js";

export interface Steps {
  /**
   * PNG or JPEG file to upright pixels; left out where the app decodes nothing, undefined
   * for a file that is of a kind it does not decode.
   */
  decode?: (file: Uint8Array, name: string) => Decoded | Promise<Decoded>;
  box: (width: number, height: number, crop: Crop) => Box;
  preprocess: (image: Image) => Uint8Array | Promise<Uint8Array>;
  normalise: (level: number) => number;
  store: (pixels: Uint8Array) => Uint8Array;
  storeAnswers: (answers: Answers) => Uint8Array;
  infer: (input: Uint8Array) => Uint8Array | Promise<Uint8Array>;
  restore: (stored: number) => number;
  calibrated: (score: number) => number;
  decision: (score: number, findings?: readonly Finding[]) => string;
  /** What is wrong with a photo; left out where the app does not look. */
  findings?: (image: Image, pixels: Uint8Array) => readonly Finding[];
  /** "xnnpack" (LiteRT on a CPU) or "builtin" (without that delegate). */
  kernelFamily: string;
}

type Decoded = Image | undefined;

/** What golden.json holds: tables as rows of text, files as base64. */
export interface Golden {
  readonly steps: readonly Row[];
  readonly levels: readonly Row[];
  readonly outputs: readonly Row[];
  readonly crops: readonly Row[];
  readonly answers: readonly Row[];
  readonly pictures: readonly Row[];
  readonly files: Readonly<Record<string, string>>;
}
type Row = Readonly<Record<string, string>>;

export interface Difference {
  /** As in golden.json's steps. */
  readonly step: string;
  /** What differed, by how much. */
  readonly what: string;
  /** Where to look. */
  readonly hint: string;
}

/** The reference steps of this kit; `infer` is yours. */
export function referenceSteps(infer: Steps["infer"]): Steps {
  return {
    box: boxOf, preprocess: (image) => preprocess(image), normalise, store,
    storeAnswers, infer, restore, calibrated, decision, kernelFamily: "xnnpack",
  };
}

/** Empty when the app gives Python's answer. */
export async function selfTest(golden: Golden, steps: Steps): Promise<Difference[]> {
  const found: Difference[] = [];
  const hints = new Map(golden.steps.map((row) => [row.step, row.hint]));
  const differs = (step: string, what: string) => {
    found.push({step, what, hint: hints.get(step) ?? ""});
  };
  const numbers = (step: string, what: string, expected: number, got: number,
                   allowed: number) => {
    if (!(Math.abs(expected - got) <= allowed)) {
      differs(step, `${what}: expected ${expected}, got ${got}`);
    }
  };
  const pixels = (step: string, what: string, expected: Uint8Array, got: Uint8Array,
                  allowed = 0) => {
    if (largest(expected, got) <= allowed) return;
    if (largest(expected, exchanged(got)) <= allowed) {
      differs("colour order", `${what}: red and blue are exchanged`);
    } else {
      differs(step, `${what}: differs by up to ${largest(expected, got)} levels`);
    }
  };
  const family = steps.kernelFamily === constants.KERNEL_FAMILY;

  for (const row of golden.levels) {
    const got = steps.normalise(Number(row.level));
    numbers("normalisation", `pixel level ${row.level}`, Number(row.real), got, 1e-9);
    if (found.length) break; // One level tells enough.
  }
  for (const row of golden.outputs) {
    const before = found.length;
    const what = `stored output ${row.stored}`;
    const score = Number(row.score);
    numbers("restore", `${what}: score`, score, steps.restore(Number(row.stored)), 1e-9);
    numbers("probability", `${what}: probability`, Number(row.probability),
            steps.calibrated(score), constants.ALLOWED_PROBABILITY);
    const said = steps.decision(score);
    if (said !== row.decision) {
      differs("threshold", `${what}: expected ${row.decision}, got ${said}`);
    }
    if (found.length > before) break; // One output tells enough.
  }
  for (const row of golden.crops) {
    const crop = {x: Number(row.x), y: Number(row.y), side: Number(row.side)};
    const got = steps.box(Number(row.width), Number(row.height), crop);
    if (got.left !== Number(row.left) || got.top !== Number(row.top)
        || got.side !== Number(row.side_px)) {
      differs("crop", `square ${row.x},${row.y},${row.side} of ${row.width} x`
        + ` ${row.height} pixels`);
      break; // One square tells enough.
    }
  }
  for (const row of golden.answers) {
    if (!same(fromHex(row.stored!), steps.storeAnswers(answersOf(row.answers!)))) {
      differs("answers", `'${row.answers}': the stored answers differ`);
      break; // One answer tells enough.
    }
  }
  for (const row of golden.pictures) {
    const name = row.name!;
    const file = (kind: string) => bytesOf(golden.files[`${name}.${kind}`]!);
    const suffix = row.suffix!.slice(1);
    const image = {
      width: Number(row.width), height: Number(row.height), rgb: file("rgb")};
    const input = file("input");
    const decoded = await steps.decode?.(file(suffix), `${name}.${suffix}`);
    // Decoders of JPEG differ by a level or two.
    if (decoded) pixels("decode", name, image.rgb, decoded.rgb, Number(row.levels));
    pixels("resize", name, file("pixels"), await steps.preprocess(image));
    if (!same(input, steps.store(file("pixels")))) {
      differs("quantisation", `${name}: the stored input differs`);
    }
    const allowed = family
      ? constants.ALLOWED_WITHIN_FAMILY : constants.ALLOWED_ACROSS_FAMILIES;
    const told = fromHex(row.stored_answers!);
    const stored = storedOutput(await steps.infer(together(input, told)));
    numbers("kernels", `${name}: stored output`, Number(row.stored), stored, allowed);
    const seen = steps.findings?.(image, file("pixels"));
    const names = seen?.map((finding) => finding.name).join();
    if (names !== undefined && names !== row.findings) {
      differs("quality", `${name}: expected ${row.findings || "no findings"}, got`
        + ` ${names || "no findings"}`);
    }
    if (found.length || !family) continue;
    // The steps one after the other, as in the app.
    const output = await steps.infer(together(
      steps.store(await steps.preprocess(image)),
      steps.storeAnswers(answersOf(row.answers!))));
    const said = steps.decision(steps.restore(storedOutput(output)), seen);
    const expected = seen ? row.verdict : row.decision;
    if (said !== expected) differs("whole", `${name}: expected ${expected}, got ${said}`);
  }
  return found;
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Base64 by hand: not every JavaScript has atob. */
function bytesOf(base64: string): Uint8Array {
  const letters = base64.replace(/=+$/, "");
  const bytes = new Uint8Array(Math.floor(letters.length * 6 / 8));
  let held = 0, bits = 0, place = 0;
  for (const letter of letters) {
    held = (held << 6) | LETTERS.indexOf(letter);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[place++] = held >> bits;
      held &= (1 << bits) - 1;
    }
  }
  return bytes;
}

/** Two digits a byte. */
function fromHex(digits: string): Uint8Array {
  const pairs = digits.match(/../g) ?? [];
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16));
}

/** "age=61;itch=yes" by name. */
function answersOf(text: string): Answers {
  const pairs = text ? text.split(";") : [];
  return Object.fromEntries(pairs.map((pair) => pair.split("=")));
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((value, at) => value === other[at]);
}

function largest(one: Uint8Array, other: Uint8Array): number {
  if (one.length !== other.length) return Infinity;
  let most = 0;
  for (let at = 0; at < one.length; at++) {
    most = Math.max(most, Math.abs(one[at]! - other[at]!));
  }
  return most;
}

function exchanged(rgb: Uint8Array): Uint8Array {
  return rgb.map((_, at) => rgb[at + [2, 0, -2][at % 3]!]!);
}
