// From the model's output to what is said about a lesion. Never a diagnosis.

import * as constants from "./constants.js";

export type Decision = "investigate" | "uncertain" | "monitor" | "unusable photo";

/** What is wrong with a photo; src/quality finds it. */
export interface Finding {
  readonly name: string;
  readonly value: number;
  readonly limit: number;
  /** Whether no verdict should be given at all. */
  readonly unusable: boolean;
}

export interface Verdict {
  /** Of the model, 0 to 1. */
  readonly score: number;
  /** Calibrated, for people. */
  readonly probability: number;
  readonly decision: Decision;
  readonly findings: readonly Finding[];
}

// Cautions that leave it open whether a lesion was photographed at all.
const DOUBTS = ["no_lesion", "not_skin", "unfamiliar"];

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
export function decision(score: number, findings: readonly Finding[] = []): Decision {
  if (findings.some((finding) => finding.unusable)) return "unusable photo";
  if (score >= constants.THRESHOLD_SCORE) return "investigate";
  const doubtful = findings.some((finding) => DOUBTS.includes(finding.name));
  return doubtful || score >= constants.UNCERTAIN_FROM_SCORE ? "uncertain" : "monitor";
}

export function verdict(output: Uint8Array, findings: readonly Finding[] = []): Verdict {
  const score = restore(storedOutput(output));
  const said = decision(score, findings);
  return {score, probability: calibrated(score), decision: said, findings};
}
