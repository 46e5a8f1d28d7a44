// Repeats the golden vectors with an app's own steps and says which step differs.
//
// Each step starts from the golden result of the step before, so that one fault is found
// at one place. Replace the functions of Steps by those of your app.

import 'dart:async';
import 'dart:convert';
import 'dart:typed_data';

import 'answers.dart' as told;
import 'constants.dart' as constants;
import 'postprocessing.dart' as post;
import 'preprocessing.dart' as pre;
import 'quality.dart' as quality;

typedef Row = Map<String, String>;

class Steps {
  Steps({
    required this.infer,
    this.decode,
    this.box = pre.boxOf,
    this.preprocess = pre.preprocess,
    this.normalise = pre.normalise,
    this.store = pre.store,
    this.storeAnswers = told.storeAnswers,
    this.restore = post.restore,
    this.calibrated = post.calibrated,
    this.decision = post.decision,
    this.findings = quality.findingsOf,
    this.kernelFamily = 'xnnpack',
  });

  final FutureOr<Uint8List> Function(Uint8List input) infer;

  /// PNG or JPEG file to upright pixels; null where the app decodes nothing.
  final FutureOr<pre.RgbImage> Function(Uint8List file)? decode;
  final pre.Box Function(int width, int height, pre.Crop crop) box;
  final Uint8List Function(pre.RgbImage image) preprocess;
  final double Function(int level) normalise;
  final Uint8List Function(Uint8List pixels) store;
  final Uint8List Function(Map<String, String> answers) storeAnswers;
  final double Function(double stored) restore;
  final double Function(double score) calibrated;
  final String Function(double score, List<quality.Finding> findings) decision;

  /// Photo and pixels to what is wrong; null where the app does not look.
  final List<quality.Finding> Function(pre.RgbImage image, Uint8List pixels)? findings;

  /// 'xnnpack' (LiteRT on a CPU) or 'builtin' (without that delegate).
  final String kernelFamily;
}

class Difference {
  const Difference(this.step, this.what, this.hint);

  /// As in golden/steps.tsv.
  final String step;

  /// What differed, by how much.
  final String what;

  /// Where to look.
  final String hint;

  @override
  String toString() => '$step differs: $what\n  $hint';
}

class SelfTest {
  /// `read` gives a file of the kit's golden/ by its name.
  SelfTest(this.read, this.steps);

  final Future<Uint8List> Function(String name) read;
  final Steps steps;
  final List<Difference> _found = [];
  final Row _hints = {};

  /// Empty when the app gives Python's answer.
  Future<List<Difference>> run() async {
    _found.clear();
    for (final row in await _rows('steps.tsv')) {
      _hints[row['step']!] = row['hint']!;
    }
    for (final row in await _rows('levels.tsv')) {
      if (_found.isEmpty) _level(row); // One level tells enough.
    }
    final before = _found.length;
    for (final row in await _rows('outputs.tsv')) {
      if (_found.length == before) _output(row); // One output tells enough.
    }
    for (final row in await _rows('crops.tsv')) {
      if (_sameBox(row)) continue;
      final square = "${row['x']},${row['y']},${row['side']}";
      _differs('crop', "square $square of ${row['width']} x ${row['height']} pixels");
      break; // One square tells enough.
    }
    for (final row in await _rows('answers.tsv')) {
      final stored = steps.storeAnswers(_answers(row['answers']!));
      if (_same(_fromHex(row['stored']!), stored)) continue;
      _differs('answers', "'${row['answers']}': the stored answers differ");
      break; // One answer tells enough.
    }
    for (final row in await _rows('pictures.tsv')) {
      await _picture(row);
    }
    return List.unmodifiable(_found);
  }

  bool get _sameFamily => steps.kernelFamily == constants.kernelFamily;

  void _level(Row row) {
    final level = int.parse(row['level']!);
    _numbers('normalisation', 'pixel level $level', _number(row, 'real'),
        steps.normalise(level), 1e-9);
  }

  void _output(Row row) {
    final what = 'stored output ${row['stored']}';
    final score = _number(row, 'score');
    _numbers('restore', '$what: score', score, steps.restore(_number(row, 'stored')), 1e-9);
    _numbers('probability', '$what: probability', _number(row, 'probability'),
        steps.calibrated(score), constants.allowedProbability);
    final said = steps.decision(score, const []);
    if (said != row['decision']) {
      _differs('threshold', '$what: expected ${row['decision']}, got $said');
    }
  }

  bool _sameBox(Row row) {
    final crop = pre.Crop(_number(row, 'x'), _number(row, 'y'), _number(row, 'side'));
    final found = steps.box(int.parse(row['width']!), int.parse(row['height']!), crop);
    return found.left == int.parse(row['left']!) &&
        found.top == int.parse(row['top']!) &&
        found.side == int.parse(row['side_px']!);
  }

  /// 'age=61;itch=yes' by name.
  Map<String, String> _answers(String text) => {
        for (final pair in text.split(';').where((each) => each.isNotEmpty))
          pair.split('=').first: pair.split('=').last,
      };

  /// Two digits a byte.
  Uint8List _fromHex(String digits) => Uint8List.fromList([
        for (var place = 0; place + 1 < digits.length; place += 2)
          int.parse(digits.substring(place, place + 2), radix: 16),
      ]);

  Future<void> _picture(Row row) async {
    final name = row['name']!;
    final image = pre.RgbImage(
        int.parse(row['width']!), int.parse(row['height']!), await read('$name.rgb'));
    final pixels = await read('$name.pixels');
    final input = await read('$name.input');
    final decode = steps.decode;
    if (decode != null) {
      final file = name + row['suffix']!;
      final decoded = await decode(await read(file));
      // Decoders of JPEG differ by a level or two.
      _pixels('decode', file, image.rgb, decoded.rgb, int.parse(row['levels']!));
    }
    _pixels('resize', name, pixels, steps.preprocess(image));
    if (!_same(input, steps.store(pixels))) {
      _differs('quantisation', '$name: the stored input differs');
    }
    final answers = _fromHex(row['stored_answers']!);
    final stored = post.storedOutput(await steps.infer(told.together(input, answers)));
    _numbers('kernels', '$name: stored output', _number(row, 'stored'), stored,
        _sameFamily ? constants.allowedWithinFamily : constants.allowedAcrossFamilies);
    final seen = _look(row, image, pixels);
    if (_found.isEmpty && _sameFamily) await _whole(row, image, seen);
  }

  List<quality.Finding> _look(Row row, pre.RgbImage image, Uint8List pixels) {
    final findings = steps.findings;
    if (findings == null) return const [];
    final seen = findings(image, pixels);
    final names = seen.map((each) => each.name).join(',');
    if (names != row['findings']) {
      _differs('quality', "${row['name']}: expected '${row['findings']}', got '$names'");
    }
    return seen;
  }

  /// The steps one after the other, as in the app.
  Future<void> _whole(
      Row row, pre.RgbImage image, List<quality.Finding> seen) async {
    final output = await steps.infer(told.together(
        steps.store(steps.preprocess(image)),
        steps.storeAnswers(_answers(row['answers']!))));
    final said = steps.decision(steps.restore(post.storedOutput(output)), seen);
    final expected = row[steps.findings == null ? 'decision' : 'verdict'];
    if (said != expected) {
      _differs('whole', '${row['name']}: expected $expected, got $said');
    }
  }

  void _differs(String step, String what) =>
      _found.add(Difference(step, what, _hints[step] ?? ''));

  void _numbers(String step, String what, double expected, double got, double allowed) {
    // Not "greater than": that is false for what is not a number.
    if (!((expected - got).abs() <= allowed)) {
      _differs(step, '$what: expected $expected, got $got');
    }
  }

  void _pixels(String step, String what, Uint8List expected, Uint8List got,
      [int allowed = 0]) {
    if (_largest(expected, got) <= allowed) return;
    if (_largest(expected, _exchanged(got)) <= allowed) {
      _differs('colour order', '$what: red and blue are exchanged');
    } else {
      _differs(step, '$what: differs by up to ${_largest(expected, got)} levels');
    }
  }

  /// A table with tabs between the columns and their names in the first line.
  Future<List<Row>> _rows(String name) async {
    final lines = const LineSplitter().convert(utf8.decode(await read(name)));
    final heads = lines.first.split('\t');
    return [for (final line in lines.skip(1)) Map.fromIterables(heads, line.split('\t'))];
  }

  double _number(Row row, String column) => double.parse(row[column]!);

  bool _same(Uint8List one, Uint8List other) {
    if (one.length != other.length) return false;
    for (var at = 0; at < one.length; at++) {
      if (one[at] != other[at]) return false;
    }
    return true;
  }

  Uint8List _exchanged(Uint8List rgb) {
    final result = Uint8List.fromList(rgb);
    for (var at = 0; at + 2 < rgb.length; at += 3) {
      result[at] = rgb[at + 2];
      result[at + 2] = rgb[at];
    }
    return result;
  }

  int _largest(Uint8List one, Uint8List other) {
    if (one.length != other.length) return 255;
    var most = 0;
    for (var at = 0; at < one.length; at++) {
      final away = (one[at] - other[at]).abs();
      if (away > most) most = away;
    }
    return most;
  }
}
