// One screen: take or choose a photo, read the verdict, run the self-test.

import 'package:flutter/material.dart';
import 'package:flutter/services.dart';
import 'package:image_picker/image_picker.dart';

import 'lesion/answers.dart';
import 'lesion/constants.dart' as constants;
import 'lesion/postprocessing.dart';
import 'lesion/preprocessing.dart';
import 'lesion/quality.dart';
import 'lesion/self_test.dart';
import 'model.dart';
import 'photo.dart';

void main() => runApp(const MaterialApp(home: LesionPage()));

class LesionPage extends StatefulWidget {
  const LesionPage({super.key});

  @override
  State<LesionPage> createState() => _LesionPageState();
}

class _LesionPageState extends State<LesionPage> {
  late final Future<LesionModel> _model = LesionModel.load();
  String _said = '';
  final Map<String, String> _answers = {};

  Future<void> _attempt(Future<String?> Function() work) async {
    String? said;
    try {
      said = await work();
    } catch (error) {
      said = 'error: $error';
    }
    if (mounted) setState(() => _said = said ?? '');
  }

  Future<String?> _judge(ImageSource source) async {
    final photo = await ImagePicker().pickImage(source: source);
    if (photo == null) return null;
    final model = await _model;
    final image = decode(await photo.readAsBytes());
    final pixels = preprocess(image);
    final findings = findingsOf(image, pixels);
    final input = together(store(pixels), storeAnswers(_answers));
    final found = verdict(model.infer(input), findings);
    // Of an unusable photo a probability means nothing.
    final numbers = found.decision == 'unusable photo'
        ? ''
        : ' (probability ${found.probability.toStringAsFixed(3)},'
            ' threshold ${constants.thresholdProbability.toStringAsFixed(3)})';
    return '${found.decision}$numbers'
        ' ${findings.map((each) => each.name).join(' ')}';
  }

  Future<String> _selfTest() async {
    final model = await _model;
    Future<Uint8List> read(String name) async {
      final file = await rootBundle.load('assets/golden/$name');
      return file.buffer.asUint8List(file.offsetInBytes, file.lengthInBytes);
    }

    final found = await SelfTest(read, Steps(infer: model.infer, decode: decode)).run();
    return found.isEmpty ? 'same answer as Python at every step' : found.join('\n');
  }

  /// One question: a number is typed, a word is picked.
  Widget _asked(Question question) => question.values.isEmpty
      ? TextField(
          decoration: InputDecoration(labelText: '${question.words}: not known'),
          keyboardType: TextInputType.number,
          onChanged: (text) => _answers[question.name] = text.isEmpty ? unknown : text,
        )
      : DropdownButtonFormField<String>(
          decoration: InputDecoration(labelText: question.words),
          items: [
            const DropdownMenuItem(value: unknown, child: Text('not known')),
            for (final value in question.values)
              DropdownMenuItem(value: value, child: Text(value)),
          ],
          onChanged: (answer) => _answers[question.name] = answer ?? unknown,
        );

  @override
  Widget build(BuildContext context) => Scaffold(
        body: SafeArea(
          child: ListView(padding: const EdgeInsets.all(16), children: [
            const Text('${constants.modelName}: ${constants.notice}'),
            const Text(constants.evidence),
            for (final question in constants.questions) _asked(question),
            for (final source in ImageSource.values)
              ElevatedButton(
                onPressed: () => _attempt(() => _judge(source)),
                child: Text(source == ImageSource.camera ? 'Camera' : 'Gallery'),
              ),
            Text(_said),
            OutlinedButton(
              onPressed: () => _attempt(_selfTest),
              child: const Text('Self-test'),
            ),
          ]),
        ),
      );
}
