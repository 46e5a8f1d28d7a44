// The model, run by react-native-fast-tflite on the CPU. One inference at a time.

import {loadTensorflowModel, type TfliteModel} from 'react-native-fast-tflite';

export class LesionModel {
  private constructor(private readonly model: TfliteModel) {}

  static async load(): Promise<LesionModel> {
    // No delegate: a GPU or Core ML rounds otherwise and gives other outputs.
    return new LesionModel(await loadTensorflowModel(require('../assets/model.tflite'), []));
  }

  /** Stored input, as store() gives it, to the bytes of the stored output. */
  async infer(input: Uint8Array): Promise<Uint8Array> {
    // A copy: the array may look at a part of a larger buffer, which would be passed on.
    const [output] = await this.model.run([input.slice().buffer]);
    if (!output) throw new Error('the model gave no output');
    return new Uint8Array(output);
  }
}
