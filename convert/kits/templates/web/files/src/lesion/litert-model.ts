// The model, run by LiteRT.js in a browser. One at a time: wait for each answer.

import {loadAndCompile, loadLiteRt, Tensor} from "@litertjs/core";

import {inModelOrder} from "./answers.js";
import * as constants from "./constants.js";

export class LiteRtModel {
  private constructor(private readonly compiled: Awaited<ReturnType<typeof loadAndCompile>>) {}

  /** `wasm` is the folder of LiteRT.js' files, `model` the address of the .tflite. */
  static async load(wasm: string, model: string): Promise<LiteRtModel> {
    await loadLiteRt(wasm);
    const answer = await fetch(model);
    if (!answer.ok) throw new Error(`${model}: ${answer.status} ${answer.statusText}`);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    return new LiteRtModel(await loadAndCompile(bytes, {accelerator: "wasm"}));
  }

  /** Stored input, as store() and together() give it, to the bytes of the output. */
  async infer(input: Uint8Array): Promise<Uint8Array> {
    const tensors = inModelOrder(input).map(tensorOf);
    const [result] = await this.compiled.run(tensors);
    for (const tensor of tensors) tensor.delete();
    if (!result) throw new Error("the model gave no output");
    const output = await result.data();
    result.delete();
    return new Uint8Array(output.buffer.slice(
      output.byteOffset, output.byteOffset + output.byteLength));
  }
}

/** One of a model's inputs; only a model that asks has more than the photo. */
function tensorOf(bytes: Uint8Array, place: number): Tensor {
  const answers = constants.QUESTIONS.length > 0 && place === constants.ANSWERS_AT;
  const type = answers ? constants.ANSWERS_TYPE : constants.INPUT_TYPE;
  const values = type === "float32"
    ? new Float32Array(bytes.slice().buffer) : bytes.slice();
  const size = constants.SIZE_PX;
  return new Tensor(values, answers ? [1, values.length] : [1, size, size, 3]);
}
