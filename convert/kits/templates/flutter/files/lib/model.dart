// The model, run by tflite_flutter on the CPU. One inference at a time.

import 'dart:typed_data';

import 'package:tflite_flutter/tflite_flutter.dart';

import 'lesion/answers.dart';

class LesionModel {
  LesionModel._(this._interpreter);

  final Interpreter _interpreter;

  static Future<LesionModel> load() async {
    // XNNPACK, as Python has it: other delegates round otherwise.
    final options = InterpreterOptions()
      ..threads = 1
      ..addDelegate(XNNPackDelegate());
    final interpreter =
        await Interpreter.fromAsset('assets/model.tflite', options: options);
    return LesionModel._(interpreter..allocateTensors());
  }

  /// Stored input, as store() and together() give it, to the bytes of the stored output.
  Uint8List infer(Uint8List input) {
    final parts = inModelOrder(input);
    for (var place = 0; place < parts.length; place++) {
      _interpreter.getInputTensor(place).data = parts[place];
    }
    _interpreter.invoke();
    return Uint8List.fromList(_interpreter.getOutputTensor(0).data);
  }

  void close() => _interpreter.close();
}
