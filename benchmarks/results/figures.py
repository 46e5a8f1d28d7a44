"""Every figure of quality on one set of photos, with intervals by lesion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.results.resampling import (
    Values,
    Weights,
    at_recall,
    at_specificity,
    at_threshold,
    auc,
    calibration_error,
    counts_at_scores,
    drawn_weights,
    interval_of,
    joined,
    pauc_tpr80,
    pr_auc,
)
from benchmarks.results.result import Detail, Estimate, Matched
from edge_runtime.evaluation.temperature import calibrated

TARGET_RECALLS = (0.90, 0.95)
"""At these the published figures of other networks for the same task are quoted."""
FIXED_SPECIFICITY = 0.80
"""At it the report compares recall: one in five other lesions is looked at in vain."""
_HELD = (
    *(("recall", target) for target in TARGET_RECALLS),
    ("specificity", FIXED_SPECIFICITY),
)


@dataclass(frozen=True)
class Judged:
    """What a model said about photos, and by what it decides.

    Attributes:
        labels: 1 for malignant; shape ``(n,)``.
        scores: raw ones; shape ``(n,)``.
        lesions: photos of one lesion share a name; shape ``(n,)``.
        threshold: at or above it, a raw score means malignant.
        temperature: of the calibration.
    """

    labels: NDArray[np.int64]
    scores: NDArray[np.float64]
    lesions: NDArray[Any]
    threshold: float
    temperature: float

    def part(self, mask: NDArray[np.bool_]) -> "Judged":
        """What it said about some of the photos."""
        return Judged(
            self.labels[mask],
            self.scores[mask],
            self.lesions[mask],
            self.threshold,
            self.temperature,
        )


@dataclass(frozen=True)
class Drawn:
    """Figures by name, once on the photos as they are and in every resample.

    Attributes:
        once: arrays of shape ``(1,)``.
        resampled: arrays of shape ``(resamples,)``.
    """

    once: Mapping[str, Values]
    resampled: Mapping[str, Values]

    def estimate(self, name: str) -> Estimate:
        """A figure with its interval."""
        interval = interval_of(self.resampled[name])
        return Estimate(float(self.once[name][0]), interval.low, interval.high)


def drawn_figures(judged: Judged, resamples: int, seed: int = 0) -> Drawn:
    """All figures of one set of photos, which holds both classes."""
    weights = drawn_weights(judged.labels, judged.lesions, resamples, seed)
    return Drawn(
        figures(judged, np.ones((1, judged.labels.size), np.int64)),
        joined([figures(judged, drawn) for drawn in weights]),
    )


def mean_figures(sets: Sequence[Drawn]) -> Drawn:
    """Means over sets of photos that were drawn independently of one another."""

    def mean(name: str, which: str) -> Values:
        return np.asarray(np.mean([getattr(x, which)[name] for x in sets], axis=0))

    names = list(sets[0].once)
    return Drawn(
        {name: mean(name, "once") for name in names},
        {name: mean(name, "resampled") for name in names},
    )


def quality_detail(drawn: Drawn) -> Detail:
    """The figures of one set, with their intervals."""
    estimate = drawn.estimate
    return Detail(
        auc=estimate("auc"),
        recall=estimate("recall"),
        specificity=estimate("specificity"),
        pauc=estimate("pauc"),
        pr_auc=estimate("pr_auc"),
        calibration_error=estimate("calibration_error"),
        matched=tuple(
            Matched(
                held,
                target,
                estimate(f"recall at {held} {target}"),
                estimate(f"specificity at {held} {target}"),
            )
            for held, target in _HELD
        ),
    )


def figures(judged: Judged, weights: Weights) -> dict[str, Values]:
    """Every figure in every resample, by name."""
    counts = counts_at_scores(weights, judged.labels, judged.scores)
    recall, specificity = at_threshold(counts, judged.threshold)
    probabilities = np.asarray(
        calibrated(judged.scores, judged.temperature), np.float64
    )
    found = {
        "auc": auc(counts),
        "recall": recall,
        "specificity": specificity,
        "pauc": pauc_tpr80(counts),
        "pr_auc": pr_auc(counts),
        "calibration_error": calibration_error(weights, judged.labels, probabilities),
    }
    for held, target in _HELD:
        choose = at_recall if held == "recall" else at_specificity
        recall, specificity = choose(counts, target)
        found[f"recall at {held} {target}"] = recall
        found[f"specificity at {held} {target}"] = specificity
    return found
