// What a person says about the lesion, as the bytes of the model's second input.

import 'dart:math' as math;
import 'dart:typed_data';

import 'constants.dart' as constants;
import 'preprocessing.dart';

class Question {
  const Question(this.name, this.words, this.low, this.high, this.values);

  final String name;

  /// To ask a person.
  final String words;

  /// Of a number.
  final double low;
  final double high;

  /// Allowed answers; none where a number is asked for.
  final List<String> values;
}

const String unknown = 'unknown';

/// Empty where the model asks nothing; together() puts it behind store()'s bytes. By the
/// question's name: an allowed answer, a number as text, or 'unknown'; those left out are
/// unknown.
Uint8List storeAnswers(Map<String, String> answers) {
  for (final name in answers.keys) {
    if (!constants.questions.any((each) => each.name == name)) {
      throw ArgumentError('the model does not ask about $name');
    }
  }
  final real = [
    for (final question in constants.questions)
      ..._places(question, answers[question.name] ?? unknown),
  ];
  if (constants.answersType != 'float32') {
    return Uint8List.fromList([
      for (final value in real)
        quantise(value, constants.answersType, constants.answersScale,
                    constants.answersZeroPoint)
                .toInt() &
            0xff,
    ]);
  }
  final bytes = ByteData(real.length * 4);
  for (var place = 0; place < real.length; place++) {
    bytes.setFloat32(4 * place, real[place], Endian.little);
  }
  return bytes.buffer.asUint8List();
}

/// What infer takes: the stored photo, and the stored answers behind it.
Uint8List together(Uint8List photo, Uint8List answers) =>
    Uint8List.fromList([...photo, ...answers]);

/// The two parts of together()'s bytes in the model's own order.
List<Uint8List> inModelOrder(Uint8List input) {
  if (constants.questions.isEmpty) return [input];
  final bytes = constants.inputType == 'float32' ? 4 : 1;
  final photo = constants.sizePx * constants.sizePx * 3 * bytes;
  final parts = [input.sublist(0, photo), input.sublist(photo)];
  return constants.answersAt == 0 ? parts.reversed.toList() : parts;
}

/// One for each allowed answer, or for the number, and unknown's.
List<double> _places(Question question, String answer) {
  final found = List<double>.filled(math.max(question.values.length, 1) + 1, 0);
  if (answer == unknown) {
    found.last = 1;
  } else if (question.values.isNotEmpty) {
    final at = question.values.indexOf(answer);
    if (at < 0) throw _refusal(question, answer);
    found[at] = 1;
  } else {
    final number = double.tryParse(answer);
    if (number == null || !(number >= question.low && number <= question.high)) {
      throw _refusal(question, answer);
    }
    found[0] = single((number - question.low) / (question.high - question.low));
  }
  return found;
}

ArgumentError _refusal(Question question, String answer) {
  final allowed = question.values.isEmpty
      ? 'a number from ${question.low} to ${question.high}'
      : question.values.join(', ');
  return ArgumentError("the answer to ${question.name} is '$answer';"
      ' expected one of $allowed, $unknown');
}
