"""All figures of quality in many resamples at once, lesions drawn as wholes.

Drawing a lesion twice is giving its photos the weight two. Photos are sorted by score
once; every figure then comes from running sums of weights, thousands of times faster
than drawing photos and ranking them anew.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_runtime.evaluation.intervals import Interval

Weights = NDArray[np.int64]
"""How often each photo was drawn; shape ``(resamples, photos)``."""
Values = NDArray[np.float64]
"""A figure in every resample; shape ``(resamples,)``."""

_CELLS = 4_000_000
"""Photos times resamples that are held at once, some 100 MB with all running sums."""


@dataclass(frozen=True)
class Counts:
    """Photos called malignant at each distinct score, the highest score first.

    Attributes:
        thresholds: distinct scores; shape ``(steps,)``.
        hits: malignant photos at or above; shape ``(resamples, steps)``.
        alarms: other photos at or above the threshold, in each draw.
    """

    thresholds: NDArray[np.float64]
    hits: NDArray[np.int64]
    alarms: NDArray[np.int64]

    @property
    def recalls(self) -> NDArray[np.float64]:
        """At each threshold."""
        return np.asarray(self.hits / self.hits[:, -1:])

    @property
    def false_alarm_rates(self) -> NDArray[np.float64]:
        """At each threshold."""
        return np.asarray(self.alarms / self.alarms[:, -1:])

    @property
    def specificities(self) -> NDArray[np.float64]:
        """With the corner in front, where the threshold is above every score."""
        others = self.alarms[:, -1:]
        spared = (others - self.alarms) / others
        return np.hstack([np.ones((len(others), 1)), spared])


def drawn_weights(
    labels: NDArray[np.int64], lesions: NDArray[Any], resamples: int, seed: int = 0
) -> Iterator[Weights]:
    """Blocks of resamples; malignant and other lesions are drawn apart."""
    generator = np.random.default_rng(seed)
    groups = [np.flatnonzero(labels == label) for label in (0, 1)]
    members = [np.unique(lesions[group], return_inverse=True) for group in groups]
    block = max(1, _CELLS // labels.size)
    for start in range(0, resamples, block):
        rows = min(block, resamples - start)
        weights = np.empty((rows, labels.size), np.int64)
        for group, (names, lesion_of) in zip(groups, members, strict=True):
            chances = np.full(names.size, 1 / names.size)
            drawn = generator.multinomial(names.size, chances, size=rows)
            weights[:, group] = drawn[:, lesion_of]
        yield weights


def counts_at_scores(
    weights: Weights, labels: NDArray[np.int64], scores: NDArray[np.float64]
) -> Counts:
    """Running sums down the scores, equal scores together."""
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    weighted = weights[:, order]
    malignant = labels[order]
    hits = np.cumsum(weighted * malignant, axis=1)[:, last]
    alarms = np.cumsum(weighted * (1 - malignant), axis=1)[:, last]
    return Counts(ranked[last], hits, alarms)


def auc(counts: Counts) -> Values:
    """Area under the ROC curve, ties as one half."""
    recalls, rates = (
        _from_corner(counts.recalls),
        _from_corner(counts.false_alarm_rates),
    )
    heights = (recalls[:, 1:] + recalls[:, :-1]) / 2
    return np.asarray((heights * np.diff(rates)).sum(axis=1))


def pr_auc(counts: Counts) -> Values:
    """Average precision, as ``edge_runtime.evaluation.metrics.pr_auc``."""
    gained = np.diff(_from_corner(counts.recalls))
    called = counts.hits + counts.alarms
    # Nobody called yet: nothing gained either.
    precision = counts.hits / np.maximum(called, 1)
    return np.asarray((gained * precision).sum(axis=1))


def pauc_tpr80(counts: Counts) -> Values:
    """Area above 80 % recall, as ``edge_runtime.evaluation.metrics.pauc_tpr80``."""
    recalls, rates = (
        _from_corner(counts.recalls),
        _from_corner(counts.false_alarm_rates),
    )
    width = np.clip(recalls[:, 1:] - np.maximum(recalls[:, :-1], 0.8), 0, None)
    rise, slip = np.diff(recalls), np.diff(rates)
    share = width / np.where(rise > 0, rise, 1)
    return np.asarray((width * (1 - (rates[:, 1:] - slip * share / 2))).sum(axis=1))


def at_threshold(counts: Counts, threshold: float) -> tuple[Values, Values]:
    """Recall and specificity when scores at or above it are called malignant."""
    step = int((counts.thresholds >= threshold).sum())
    return _from_corner(counts.recalls)[:, step], counts.specificities[:, step]


def at_recall(counts: Counts, target: float) -> tuple[Values, Values]:
    """Recall and specificity at the highest threshold that reaches the recall."""
    recalls = _from_corner(counts.recalls)
    step = (recalls >= target).argmax(axis=1)[:, np.newaxis]
    return _at_step(recalls, step), _at_step(counts.specificities, step)


def at_specificity(counts: Counts, target: float) -> tuple[Values, Values]:
    """Recall and specificity at the lowest threshold that keeps the specificity."""
    recalls, specificities = _from_corner(counts.recalls), counts.specificities
    # Kept at the corner, where nobody is called, and then for a while.
    step = ((specificities >= target).sum(axis=1) - 1)[:, np.newaxis]
    return _at_step(recalls, step), _at_step(specificities, step)


def calibration_error(
    weights: Weights,
    labels: NDArray[np.int64],
    probabilities: NDArray[np.float64],
    bins: int = 10,
) -> Values:
    """As ``edge_runtime.evaluation.metrics.expected_calibration_error``."""
    edges = np.linspace(0, 1, bins + 1)[1:-1]
    bin_of = np.searchsorted(edges, probabilities, side="left")
    surplus = np.zeros((labels.size, bins))
    surplus[np.arange(labels.size), bin_of] = labels - probabilities
    return np.asarray(np.abs(weights @ surplus).sum(axis=1) / weights.sum(axis=1))


def interval_of(values: Values, confidence: float = 0.95) -> Interval:
    """Percentile interval of a figure's resamples."""
    tail = (1 - confidence) / 2
    low, high = np.quantile(values, (tail, 1 - tail))
    return Interval(float(low), float(high))


def joined(blocks: list[Mapping[str, Values]]) -> dict[str, Values]:
    """Figures of several blocks of resamples as one."""
    return {
        name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]
    }


def _from_corner(rates: NDArray[np.float64]) -> NDArray[np.float64]:
    """With the corner in front, where the threshold is above every score."""
    return np.hstack([np.zeros((len(rates), 1)), rates])


def _at_step(rates: NDArray[np.float64], step: NDArray[np.intp]) -> Values:
    return np.take_along_axis(rates, step, axis=1)[:, 0]
