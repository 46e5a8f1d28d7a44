// From the model's output to what is said about a lesion. Never a diagnosis.

import 'dart:math' as math;
import 'dart:typed_data';

import 'constants.dart' as constants;
import 'preprocessing.dart';
import 'quality.dart';

class Verdict {
  const Verdict(this.score, this.probability, this.decision);

  /// Of the model, 0 to 1.
  final double score;

  /// Calibrated, for people.
  final double probability;

  /// 'investigate', 'uncertain', 'monitor' or 'unusable photo'.
  final String decision;
}

const double _smallestScore = 1 / 512;

// These leave it open whether a lesion was photographed at all.
const Set<String> _doubts = {'no_lesion', 'not_skin', 'unfamiliar'};

/// The first value of the output tensor, as stored.
double storedOutput(Uint8List output) {
  final bytes = ByteData.sublistView(output);
  switch (constants.outputType) {
    case 'float32':
      return bytes.getFloat32(0, Endian.little);
    case 'int8':
      return bytes.getInt8(0).toDouble();
    default:
      return bytes.getUint8(0).toDouble();
  }
}

/// The real score that a stored output stands for.
double restore(double stored) => constants.outputType == 'float32'
    ? stored
    : single(constants.outputScale * (stored - constants.outputZeroPoint));

/// sigmoid(logit(score) / temperature), with scores 1/512 away from 0 and 1.
double calibrated(double score) {
  final clipped = math.min(math.max(score, _smallestScore), 1 - _smallestScore);
  final logit = math.log(clipped) - math.log(1 - clipped);
  return 1 / (1 + math.exp(-logit / constants.temperature));
}

/// Compares scores; no rounding of a probability moves a photo across.
String decision(double score, [List<Finding> findings = const []]) {
  if (findings.any((each) => each.unusable)) return 'unusable photo';
  if (score >= constants.thresholdScore) return 'investigate';
  final doubtful = findings.any((each) => _doubts.contains(each.name));
  return doubtful || score >= constants.uncertainFromScore ? 'uncertain' : 'monitor';
}

Verdict verdict(Uint8List output, [List<Finding> findings = const []]) {
  final score = restore(storedOutput(output));
  return Verdict(score, calibrated(score), decision(score, findings));
}
