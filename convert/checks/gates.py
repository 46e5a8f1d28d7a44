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
from edge_runtime.evaluation.intervals import delong_test
from edge_runtime.evaluation.metrics import (
    Labels,
    Scores,
    by_class,
)
from edge_runtime.evaluation.sources import Names, threshold_at_recall_of_all
from edge_runtime.model.evidence import Comparison
from edge_runtime.model.interpreter import TfliteModel
from edge_runtime.site_calibration.labelled import LEAST_OTHER, needed_malignant

GATES = {
    "auc-drop": "AUC lost against the Keras model",
    "recall-drop": "recall lost at the Keras model's specificity",
    "malignant-lost": "malignant lesions that only the Keras model calls",
    "score-change": "how far scores moved: on average, one in twenty, in one direction",
    "few-photos": "validation lesions that a threshold at the target recall needs",
    "distinct-scores": "different scores that the file gives",
    "input-scale": "a stored input is the pixel itself (int8: pixel - 128)",
    "calibration-balance": "share of the rarer class among the calibration photos",
    "calibration-drift": "difference of value ranges between two halves of them",
}
"""Gates that ``--accept`` can override, and what they look at."""


CHANCE = 0.05
"""P-value from which on chance explains a loss of AUC."""

LARGEST_BY_CHANCE = 0.01
"""AUC that no recipe may lose, whatever the p-value of so few photos."""

TAIL, SHIFT = 4.0, 0.75
"""Limits of the 95 % quantile, and of the mean with its sign, as multiples of the
limit of the mean: four times is what a long-tailed spread has, and a mean that is
nearly all of one sign is no rounding."""

_ROUNDING = 1e-9
"""Shares are of whole photos: no rounding may turn equal into more."""


@dataclass(frozen=True)
class Limits:
    """How much may be lost.

    Attributes:
        auc_drop: None for the recipe's own limit.
        recall_drop: one lesion is allowed where a split is so small that this is less.
        malignant_lost: share of the malignant photos; at least one is allowed.
        score_change: of a score on average; None for the recipe's own limit.
        distinct_scores: fewest that can carry a threshold at 95 % recall.
        calibration_balance: least share of the rarer class.
        calibration_drift: of the median layer: relative difference of the range that
            each half shows it. The guide of AI Edge Quantizer calls more than 20 % a
            set that is too small.
    """

    auc_drop: float | None = None
    recall_drop: float = 0.02
    malignant_lost: float = 0.02
    score_change: float | None = None
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
    longer = recipe.advice
    n = int((np.asarray(labels) == 1).sum())
    recall_drop, specificity = recall_drop_at_specificity(
        labels, keras_scores, file_scores, target_recall, sources
    )
    most_recall = max(limits.recall_drop, 1 / n)
    most_lost = max(1, math.floor(limits.malignant_lost * n))
    lost, distinct = changed.malignant_lost, changed.distinct_scores
    return (
        auc_finding(recipe, labels, keras_scores, file_scores, changed, limits),
        score_finding(recipe, labels, keras_scores, file_scores, limits),
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
            recipe.advice,
        ),
    )


def auc_finding(
    recipe: Recipe,
    labels: Labels,
    keras_scores: Scores,
    file_scores: Scores,
    changed: Comparison,
    limits: Limits,
) -> Finding:
    """AUC lost; arguments as for ``quality_findings``.

    On few photos one exchanged pair is more than a float recipe may lose. So what
    chance explains passes too, up to five times that and to ``LARGEST_BY_CHANCE``.
    """
    drop = changed.auc_keras - changed.auc_file
    most = recipe.max_auc_drop if limits.auc_drop is None else limits.auc_drop
    p = delong_test(labels, keras_scores, file_scores)
    largest = min(LARGEST_BY_CHANCE, 5 * most)
    by_chance = limits.auc_drop is None and p >= CHANCE and drop <= largest
    return Finding(
        "auc-drop",
        drop,
        most,
        drop <= most + _ROUNDING or by_chance,
        f"{recipe.name} lost {drop:.4f} AUC on the validation split"
        f" ({changed.auc_keras:.4f} to {changed.auc_file:.4f}, DeLong p {p:.3f}); at"
        f" most {most} is accepted",
        recipe.advice,
    )


def score_finding(
    recipe: Recipe,
    labels: Labels,
    keras_scores: Scores,
    file_scores: Scores,
    limits: Limits,
) -> Finding:
    """How far scores moved, whatever became of their order.

    Three measures, each with its limit: the mean of the absolute differences; their
    95 % quantile; and the mean difference with its sign, of malignant and of other
    photos, the larger counts: a file that scores all lesions lower is calibrated
    otherwise than the Keras model. Arguments as for ``quality_findings``.
    """
    most = (
        recipe.max_score_change if limits.score_change is None else limits.score_change
    )
    difference = np.asarray(file_scores, np.float64) - np.asarray(keras_scores)
    mean, tail = np.abs(difference).mean(), np.quantile(np.abs(difference), 0.95)
    shift = max((float(part.mean()) for part in by_class(labels, difference)), key=abs)
    passed = (
        mean <= most + _ROUNDING
        and tail <= TAIL * most + _ROUNDING
        and abs(shift) <= SHIFT * most + _ROUNDING
    )
    return Finding(
        "score-change",
        float(mean),
        most,
        bool(passed),
        f"scores moved by {mean:.4f} on average (at most {most:g} is accepted), one in"
        f" twenty by {tail:.4f} or more (at most {TAIL * most:g}), and by {shift:+.4f}"
        f" in one direction in one of the classes (at most {SHIFT * most:g})",
        recipe.advice,
    )


def few_photos_finding(malignant: int, other: int, target_recall: float) -> Finding:
    """Whether the validation split can carry a threshold, as a site's photos have to.

    Args:
        malignant: different malignant lesions of the split.
        other: different other lesions.
        target_recall: that the threshold is to reach.
    """
    needed = needed_malignant(target_recall)
    return Finding(
        "few-photos",
        malignant,
        needed,
        malignant >= needed and other >= LEAST_OTHER,
        f"the validation split has {malignant} malignant and {other} other lesions; a"
        f" threshold at recall {target_recall:g} needs at least {needed} and"
        f" {LEAST_OTHER}, or its interval says next to nothing",
        "Collect more, or split the table anew with more for validation.",
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
