// The model, run by react-native-fast-tflite on the CPU. One inference at a time.

import {loadTensorflowModel, type TfliteModel} from 'react-native-fast-tflite';

import {inModelOrder} from './lesion/answers';

export class LesionModel {
  private constructor(private readonly model: TfliteModel) {}

  static async load(): Promise<LesionModel> {
    // No delegate: a GPU or Core ML rounds otherwise and gives other outputs.
    return new LesionModel(await loadTensorflowModel(require('../assets/model.tflite'), []));
  }

  /** Stored input, as store() and together() give it, to the bytes of the output. */
  async infer(input: Uint8Array): Promise<Uint8Array> {
    // Copies: an array may look at a part of a larger buffer, which would be passed on.
    const parts = inModelOrder(input).map((part) => part.slice().buffer);
    const [output] = await this.model.run(parts);
    if (!output) throw new Error('the model gave no output');
    return new Uint8Array(output);
  }
}
