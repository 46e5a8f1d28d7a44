"""What the charts draw of raw samples and scores, small enough for a page."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.measure.measurement import Measurement, PhotoScore
from benchmarks.measure.sustained import Window
from benchmarks.results.quality import share
from edge_runtime.evaluation.reliability import reliability as binned
from edge_runtime.evaluation.temperature import calibrated
from edge_runtime.model.evidence import Share

QUANTILES = tuple(range(101))
BINS = 10
COVERAGES = tuple(step / 50 for step in range(5, 51))
"""From a tenth of the photos on; the error among fewer is mere chance."""


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
class Curves:
    """One row's curves; empty where nothing was measured.

    Attributes:
        photo_to_verdict_ms: its percentiles from 0 to 100.
        interpreter_ms: quantiles of the interpreter alone.
        reliability: bins that hold photos; empty for photos of several sources.
        risk: error among the photos farthest from the threshold, for ``COVERAGES``;
            empty for photos of several sources.
        sustained: work without a pause.
    """

    photo_to_verdict_ms: tuple[float, ...]
    interpreter_ms: tuple[float, ...]
    reliability: tuple[ReliabilityBin, ...]
    risk: tuple[float, ...]
    sustained: tuple[Window, ...]


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
    )


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
