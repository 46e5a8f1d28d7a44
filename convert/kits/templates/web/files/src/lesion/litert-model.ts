// The model, run by LiteRT.js in a browser. One at a time: wait for each answer.

import {loadAndCompile, loadLiteRt, Tensor} from "@litertjs/core";

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

  /** Stored input, as store() gives it, to the bytes of the stored output. */
  async infer(input: Uint8Array): Promise<Uint8Array> {
    const size = constants.SIZE_PX;
    const values = constants.INPUT_TYPE === "float32"
      ? new Float32Array(input.slice().buffer) : input.slice();
    const tensor = new Tensor(values, [1, size, size, 3]);
    const [result] = await this.compiled.run([tensor]);
    tensor.delete();
    if (!result) throw new Error("the model gave no output");
    const output = await result.data();
    result.delete();
    return new Uint8Array(output.buffer.slice(
      output.byteOffset, output.byteOffset + output.byteLength));
  }
}
