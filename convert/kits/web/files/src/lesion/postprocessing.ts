// From the model's output to what is said about a lesion. Never a diagnosis.

import * as constants from "./constants.js";

export type Decision = "investigate" | "uncertain" | "monitor";

export interface Verdict {
  /** Of the model, 0 to 1. */
  readonly score: number;
  /** Calibrated, for people. */
  readonly probability: number;
  readonly decision: Decision;
}

const SMALLEST_SCORE = 1 / 512;

/** The first value of the output tensor, as stored. */
export function storedOutput(output: Uint8Array): number {
  const bytes = new DataView(output.buffer, output.byteOffset, output.byteLength);
  if (constants.OUTPUT_TYPE === "float32") return bytes.getFloat32(0, true);
  return constants.OUTPUT_TYPE === "int8" ? bytes.getInt8(0) : bytes.getUint8(0);
}

/** The real score that a stored output stands for. */
export function restore(stored: number): number {
  if (constants.OUTPUT_TYPE === "float32") return stored;
  return Math.fround(constants.OUTPUT_SCALE * (stored - constants.OUTPUT_ZERO_POINT));
}

/** sigmoid(logit(score) / temperature), with scores 1/512 away from 0 and 1. */
export function calibrated(score: number): number {
  const clipped = Math.min(Math.max(score, SMALLEST_SCORE), 1 - SMALLEST_SCORE);
  const logit = Math.log(clipped) - Math.log1p(-clipped);
  return 1 / (1 + Math.exp(-logit / constants.TEMPERATURE));
}

/** Compares scores; no rounding of a probability moves a photo across. */
export function decision(score: number): Decision {
  if (score >= constants.THRESHOLD_SCORE) return "investigate";
  return score >= constants.UNCERTAIN_FROM_SCORE ? "uncertain" : "monitor";
}

export function verdict(output: Uint8Array): Verdict {
  const score = restore(storedOutput(output));
  return {score, probability: calibrated(score), decision: decision(score)};
}
