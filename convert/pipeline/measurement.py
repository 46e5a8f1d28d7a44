"""What is found out about a converted file before anybody gets it."""

from dataclasses import dataclass

import numpy as np

from convert.checks.calibration import calibration_findings
from convert.checks.evidence import Evidence, gather_evidence, refuse_unusable
from convert.checks.gates import Finding, input_finding, quality_findings
from convert.diagnosis.not_finite import origin_in_file
from convert.pipeline.preflight import Case
from convert.source.scoring import Photos, file_scores, read_photos
from convert.targets.fitting import Fitted
from convert.tflite.audit import Audit, audit
from edge_runtime.evaluation.metrics import Scores
from edge_runtime.model.interpreter import TfliteModel, open_interpreter
from edge_runtime.model.operating_point import SplitAccuracy, accuracy_by_source
from edge_runtime.photos.manifest import photos_of
from edge_runtime.terminal.native_log import without_info_lines


@dataclass(frozen=True)
class Measured:
    """A FlatBuffer and what it does.

    Attributes:
        content: without a zip.
        model: opened.
        audit: what it is made of.
        expected: the Keras model's scores of the validation photos, on its scale.
        given: its own.
        evidence: both compared, and the threshold.
        findings: what the gates saw.
    """

    content: bytes
    model: TfliteModel
    audit: Audit
    expected: Scores
    given: Scores
    evidence: Evidence
    findings: tuple[Finding, ...]


def measured(case: Case, fit: Fitted, content: bytes) -> Measured:
    """Audit the file, run it on the validation photos and look at every gate.

    Args:
        case: what it was made of.
        fit: how it was fitted to its target.
        content: the finished FlatBuffer.

    Raises:
        AuditError: when it is not what the recipe says.
        GateError: when it gives no numbers, or the same for everything.
    """
    settings, recipe = case.settings, case.settings.chosen_recipe
    found = audit(content, int8=recipe.computes_integers, kept=settings.keep_float)
    with without_info_lines():
        model = open_interpreter(content)
    labels, expected = case.val.labels, fit.shifted(case.scores)
    given = file_scores(model, case.shown)
    _refuse_no_numbers(content, case.shown, given)
    evidence = gather_evidence(
        labels,
        expected,
        given,
        output=model.output,
        target_recall=settings.target_recall,
        at=fit.threshold,
        sources=case.val.sources,
    )
    findings = (
        *case.enough,
        input_finding(model),
        *calibration_findings(
            case.chosen, case.floating, case.source.size_px, settings.limits
        ),
        *quality_findings(
            recipe,
            labels,
            expected,
            given,
            evidence.comparison,
            target_recall=settings.target_recall,
            limits=settings.limits,
            sources=case.val.sources,
        ),
    )
    return Measured(content, model, found, expected, given, evidence, findings)


def on_test(case: Case, made: Measured) -> tuple[SplitAccuracy, ...]:
    """All test photos, and those whose lesion is not in train; if asked for.

    Of several sources, only the latter: a lesion known from training tells nothing of
    how well a source is judged.
    """
    if not case.settings.measure_test:
        return ()
    rows = photos_of(case.photos, "test")
    test = read_photos(rows, made.model.input_shape[1], "test", case.source.slots)
    scores = file_scores(made.model, test)
    clean = np.array([not photo.lesion_in_train for photo in rows])
    kept = {"test": np.ones(len(rows), bool), "test_clean": clean}
    if test.sources is not None:
        del kept["test"]
    return tuple(
        accuracy_by_source(
            test.labels[mask],
            scores[mask],
            made.evidence.threshold.score,
            temperature=made.evidence.temperature,
            split=split,
            sources=None if test.sources is None else test.sources[mask],
        )
        for split, mask in kept.items()
    )


def _refuse_no_numbers(content: bytes, photos: Photos, scores: Scores) -> None:
    bad = np.flatnonzero(~np.isfinite(scores))
    traced = photos.answers is None and len(bad)
    origin = origin_in_file(content, photos.pixels[bad[0]]) if traced else ""
    refuse_unusable(scores, "the converted file", origin)
