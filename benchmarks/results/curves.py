"""What the charts draw of raw samples and scores, small enough for a page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure.measurement import Measurement, PhotoScore
from benchmarks.measure.sustained import Window
from benchmarks.results.quality import share
from benchmarks.results.resampling import counts_at_scores
from edge_runtime.evaluation.reliability import reliability as binned
from edge_runtime.evaluation.sources import is_judged
from edge_runtime.evaluation.temperature import calibrated
from edge_runtime.model.evidence import Share

QUANTILES = tuple(range(101))
BINS = 10
COVERAGES = tuple(step / 50 for step in range(5, 51))
"""From a tenth of the photos on; the error among fewer is mere chance."""
MOST_POINTS = 150
"""Of a ROC curve; between two of them lies less than a pixel of a page."""

Point = tuple[float, float]


@dataclass(frozen=True)
class ReliabilityBin:
    """Photos whose probability lies in one tenth.

    Attributes:
        promised: mean probability of malignancy.
        observed: share that is malignant.
    """

    promised: float
    observed: Share


@dataclass(frozen=True)
class Ranking:
    """How well scores rank the photos of one source, at every threshold.

    Attributes:
        source: whose photos; None where the split is of one source.
        malignant: how many of the photos are.
        other: how many are not.
        roc: false alarms as a share of the other photos, and recall; from (0, 0) to
            (1, 1), each axis upwards.
        precision_recall: recall, and the share of malignant photos among those called
            malignant; recall upwards.
    """

    source: str | None
    malignant: int
    other: int
    roc: tuple[Point, ...]
    precision_recall: tuple[Point, ...]


@dataclass(frozen=True)
class Curves:
    """One row's curves; empty where nothing was measured.

    Attributes:
        photo_to_verdict_ms: its percentiles from 0 to 100.
        interpreter_ms: quantiles of the interpreter alone.
        reliability: bins that hold photos; empty for photos of several sources.
        risk: error among the photos farthest from the threshold, for ``COVERAGES``;
            empty for photos of several sources.
        sustained: work without a pause.
        rankings: one per source that has enough photos, or one of the whole split.
    """

    photo_to_verdict_ms: tuple[float, ...]
    interpreter_ms: tuple[float, ...]
    reliability: tuple[ReliabilityBin, ...]
    risk: tuple[float, ...]
    sustained: tuple[Window, ...]
    rankings: tuple[Ranking, ...] = ()


def curves(measurement: Measurement) -> Curves:
    """All curves of one measurement."""
    timing, subject = measurement.timing, measurement.subject
    # Over sources pooled, both curves would tell which source has which prevalence.
    of_one = all(photo.source is None for photo in measurement.scores)
    scores = measurement.scores if of_one else ()
    return Curves(
        photo_to_verdict_ms=quantiles(timing.photo_to_verdict_ms),
        interpreter_ms=quantiles(timing.interpreter_ms),
        reliability=reliability(scores, subject.temperature),
        risk=risk(scores, subject.threshold_score),
        sustained=measurement.sustained,
        rankings=tuple(rankings(measurement.scores)),
    )


def rankings(scores: Sequence[PhotoScore]) -> Iterator[Ranking]:
    """ROC and precision-recall curves on the photos that the tables judge.

    Of several sources, each by itself, on photos whose lesion is not in training; a
    source without enough malignant photos is left out. Of one source, the whole split.
    """
    for source in sorted({photo.source or "" for photo in scores}):
        photos = [
            photo
            for photo in scores
            if not source or (photo.source == source and not photo.lesion_in_train)
        ]
        labels = np.array([int(photo.malignant) for photo in photos], np.int64)
        if is_judged(labels) if source else len(np.unique(labels)) == 2:
            raw = np.array([photo.score for photo in photos], np.float64)
            yield ranking(labels, raw, source or None)


def ranking(
    labels: NDArray[np.int64], scores: NDArray[np.float64], source: str | None = None
) -> Ranking:
    """Both curves of one set of photos, which holds both classes."""
    counts = counts_at_scores(np.ones((1, labels.size), np.int64), labels, scores)
    hits, alarms = counts.hits[0], counts.alarms[0]
    kept = _corners(alarms, hits)
    recalls, rates = hits[kept] / hits[-1], alarms[kept] / alarms[-1]
    precisions = hits[kept] / (hits[kept] + alarms[kept])
    return Ranking(
        source,
        int(hits[-1]),
        int(alarms[-1]),
        ((0.0, 0.0), *_points(rates, recalls)),
        _points(recalls, precisions),
    )


def _corners(alarms: NDArray[np.int64], hits: NDArray[np.int64]) -> NDArray[np.intp]:
    """Where the curve turns; of very many turns, some evenly spaced along it."""
    steps = np.stack([np.diff(alarms, prepend=0), np.diff(hits, prepend=0)])
    # Two steps along the same axis are one line; steps of equal scores are slanted.
    straight = np.any((steps[:, 1:] == 0) & (steps[:, :-1] == 0), axis=0)
    turned = np.flatnonzero(np.append(~straight, True))
    if turned.size <= MOST_POINTS:
        return turned
    along = alarms[turned] / alarms[-1] + hits[turned] / hits[-1]
    wanted = np.linspace(0, along[-1], MOST_POINTS)
    return np.asarray(np.unique(turned[np.searchsorted(along, wanted)]))


def _points(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[Point, ...]:
    """Pairs of four digits: a page has fewer pixels."""
    return tuple(zip(x.round(4).tolist(), y.round(4).tolist(), strict=True))


def quantiles(samples: Sequence[float]) -> tuple[float, ...]:
    """Percentiles from 0 to 100; none of no samples."""
    if not samples:
        return ()
    return tuple(float(value) for value in np.percentile(samples, QUANTILES))


def reliability(
    scores: Sequence[PhotoScore], temperature: float
) -> tuple[ReliabilityBin, ...]:
    """Promised probability and observed share, in ten equal bins of probability."""
    if not scores:
        return ()
    raw = np.array([photo.score for photo in scores], np.float64)
    promised = np.asarray(calibrated(raw, temperature), np.float64)
    malignant = np.array([photo.malignant for photo in scores])
    return tuple(
        ReliabilityBin(each.promised, share(each.malignant, each.n))
        for each in binned(malignant, promised)
    )


def risk(scores: Sequence[PhotoScore], threshold: float) -> tuple[float, ...]:
    """Error rate among the surest photos, for each share of them that is kept.

    The surest are those whose score lies farthest from the threshold, counted on each
    side by its own length: a threshold of 0.1 leaves little room below.
    """
    if not scores:
        return ()
    raw = np.array([photo.score for photo in scores], np.float64)
    malignant = np.array([photo.malignant for photo in scores])
    room = np.where(raw >= threshold, 1 - threshold, threshold)
    surest = np.argsort(
        -np.abs(raw - threshold) / np.maximum(room, 1e-9), kind="stable"
    )
    wrong = ((raw >= threshold) != malignant)[surest]
    running = np.cumsum(wrong) / np.arange(1, wrong.size + 1)
    return tuple(
        float(running[max(1, round(coverage * wrong.size)) - 1])
        for coverage in COVERAGES
    )
