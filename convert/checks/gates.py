"""What a file must keep before it gets its name, each gate with its limit.

A gate that fails stops the file, unless it is accepted by name, which the card records.
Recall is never judged without specificity: a file that calls everything malignant
loses no lesion and is worth nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from convert.errors import GateError
from convert.quantize.recipes import Recipe
from edge_runtime.evaluation.metrics import (
    Labels,
    Scores,
    by_class,
)
from edge_runtime.evaluation.sources import Names, threshold_at_recall_of_all
from edge_runtime.model.evidence import Comparison
from edge_runtime.model.interpreter import TfliteModel

GATES = {
    "auc-drop": "AUC lost against the Keras model",
    "recall-drop": "recall lost at the Keras model's specificity",
    "malignant-lost": "malignant lesions that only the Keras model calls",
    "distinct-scores": "different scores that the file gives",
    "input-scale": "a stored input is the pixel itself (int8: pixel - 128)",
    "calibration-balance": "share of the rarer class among the calibration photos",
    "calibration-drift": "difference of value ranges between two halves of them",
}
"""Gates that ``--accept`` can override, and what they look at."""


_ROUNDING = 1e-9
"""Shares are of whole photos: no rounding may turn equal into more."""


@dataclass(frozen=True)
class Limits:
    """How much may be lost.

    Attributes:
        auc_drop: None for the recipe's own limit.
        recall_drop: one lesion is allowed where a split is so small that this is less.
        malignant_lost: share of the malignant photos; at least one is allowed.
        distinct_scores: fewest that can carry a threshold at 95 % recall.
        calibration_balance: least share of the rarer class.
        calibration_drift: of the median layer: relative difference of the range that
            each half shows it. The guide of AI Edge Quantizer calls more than 20 % a
            set that is too small.
    """

    auc_drop: float | None = None
    recall_drop: float = 0.02
    malignant_lost: float = 0.02
    distinct_scores: int = 16
    calibration_balance: float = 0.4
    calibration_drift: float = 0.2


@dataclass(frozen=True)
class Finding:
    """What one gate saw.

    Attributes:
        gate: a key of ``GATES``.
        measured: the value found.
        limit: the value allowed.
        passed: whether the first keeps to the second.
        text: both in words.
        advice: what to try if it did not pass.
    """

    gate: str
    measured: float
    limit: float
    passed: bool
    text: str
    advice: str


def quality_findings(
    recipe: Recipe,
    labels: Labels,
    keras_scores: Scores,
    file_scores: Scores,
    changed: Comparison,
    *,
    target_recall: float,
    limits: Limits,
    sources: Names | None = None,
) -> tuple[Finding, ...]:
    """What the file lost on the validation photos.

    Args:
        recipe: its limit of AUC holds where ``limits`` has none.
        labels: 1 for malignant, 0 for benign.
        keras_scores: of the Keras model.
        file_scores: of the converted file.
        changed: both compared.
        target_recall: of the Keras model's threshold.
        limits: how much may be lost.
        sources: of the photos; None where they are of one.
    """
    longer = "Fine-tune longer (--steps), or choose another recipe."
    n = int((np.asarray(labels) == 1).sum())
    auc_drop = changed.auc_keras - changed.auc_file
    most_auc = recipe.max_auc_drop if limits.auc_drop is None else limits.auc_drop
    recall_drop, specificity = recall_drop_at_specificity(
        labels, keras_scores, file_scores, target_recall, sources
    )
    most_recall = max(limits.recall_drop, 1 / n)
    most_lost = max(1, math.floor(limits.malignant_lost * n))
    lost, distinct = changed.malignant_lost, changed.distinct_scores
    return (
        Finding(
            "auc-drop",
            auc_drop,
            most_auc,
            auc_drop <= most_auc + _ROUNDING,
            f"{recipe.name} lost {auc_drop:.4f} AUC on the validation split"
            f" ({changed.auc_keras:.4f} to {changed.auc_file:.4f}); at most {most_auc}"
            " is accepted",
            longer,
        ),
        Finding(
            "recall-drop",
            recall_drop,
            most_recall,
            recall_drop <= most_recall + _ROUNDING,
            f"recall fell by {recall_drop:.4f} at the Keras model's specificity of"
            f" {specificity:.3f}; at most {most_recall:.4f} is accepted",
            longer,
        ),
        Finding(
            "malignant-lost",
            lost,
            most_lost,
            lost <= most_lost,
            f"{lost} of {n} malignant photos that the Keras model calls fall below the"
            f" file's threshold; at most {most_lost} is accepted",
            f"See which with --report. {longer}",
        ),
        Finding(
            "distinct-scores",
            distinct,
            limits.distinct_scores,
            distinct >= limits.distinct_scores,
            f"the file gives only {distinct} different scores, too few to put a"
            f" threshold on (at least {limits.distinct_scores})",
            "Choose another recipe.",
        ),
    )


def recall_drop_at_specificity(
    labels: Labels,
    keras_scores: Scores,
    file_scores: Scores,
    target_recall: float,
    sources: Names | None = None,
) -> tuple[float, float]:
    """Recall that the file loses where it is at least as specific as the Keras model.

    Both are compared on the same photos, so those of several ``sources`` are taken
    together here; the threshold is the one that every source's recall asks for.

    Returns:
        The loss (negative for a gain), and the Keras model's specificity at its
        threshold for ``target_recall``.
    """
    threshold = threshold_at_recall_of_all(labels, keras_scores, target_recall, sources)
    malignant, benign = by_class(labels, keras_scores)
    recall = float((malignant >= threshold).mean())
    alarms = int((benign >= threshold).sum())
    malignant, benign = by_class(labels, file_scores)
    ordered = np.sort(benign)[::-1]
    # Above the first benign photo that would be one alarm too many.
    called = malignant > ordered[alarms] if alarms < len(ordered) else malignant > -1
    return recall - float(called.mean()), 1 - alarms / len(benign)


def refuse_failed(
    findings: Sequence[Finding], accepted: Sequence[str]
) -> tuple[str, ...]:
    """Stop where a gate failed that nobody accepted; returns those accepted.

    Raises:
        GateError: naming each, what to try, and how to accept it.
    """
    failed = [finding for finding in findings if not finding.passed]
    open_gates = [finding for finding in failed if finding.gate not in accepted]
    if open_gates:
        reasons = [f"{each.text}. {each.advice}" for each in open_gates]
        words = " ".join(f"--accept {each.gate}" for each in open_gates)
        raise GateError(
            "\n       ".join(reasons) + f"\n       To write the file all the same, and"
            f" have its card say so: {words}"
        )
    return tuple(finding.gate for finding in failed)


def input_finding(model: TfliteModel) -> Finding:
    """Whether a stored input is the pixel itself: the range is that of pixels / 255."""
    # Here: it brings TensorFlow, and --help asks this module for the limits.
    from convert.source.scoring import MEAN, STD

    scale, zero_point = model.input.scale, model.input.zero_point
    if model.input.is_identity:
        return Finding("input-scale", 0, 0, True, "the input is float", "")
    lowest = int(np.iinfo(np.dtype(model.input.dtype_name)).min)
    expected = np.arange(256) + lowest
    stored = model.input.store_pixels(MEAN, STD)
    away = int(np.abs(stored.astype(np.int64) - expected).max())
    return Finding(
        "input-scale",
        away,
        0,
        away == 0,
        f"stored input should be the pixel {lowest:+d}, but the file has scale {scale}"
        f" and zero point {zero_point}: {away} levels away at worst",
        "Check what --input-range says; calibration photos normalised in another way"
        " than in training give such a file, and it calls everything malignant.",
    )
