"""How much faster or better one measurement is than another, and how sure that is.

Durations compare as ratios of medians, shares and areas as differences on the same
photos. Every change has a 95 % interval by bootstrap; wrong arguments raise
``ValueError``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure.measurement import Measurement
from benchmarks.results.figures import Drawn, Judged, figures, mean_figures
from benchmarks.results.resampling import (
    Values,
    Weights,
    drawn_weights,
    interval_of,
    joined,
)
from edge_runtime.evaluation.intervals import Interval
from edge_runtime.evaluation.sources import judged_sources

RESAMPLES = 2000
DIFFERENCES = ("recall", "specificity", "auc")

Runs = Sequence[Sequence[float]]
"""Durations in the order measured, for each time the same case was run."""


@dataclass(frozen=True)
class Change:
    """What became of one figure.

    Attributes:
        value: a ratio, new by old, or a difference, new minus old.
        interval: 95 %, from chance in what was measured.
        unchanged: the value that means no change: 1 for a ratio, 0 for a difference.
    """

    value: float
    interval: Interval
    unchanged: float

    @property
    def certain(self) -> bool:
        """Whether the whole interval lies on one side of no change."""
        return not self.interval.low <= self.unchanged <= self.interval.high


def drawn_medians(
    runs: Runs, generator: np.random.Generator, resamples: int
) -> NDArray[np.float64]:
    """Medians of ``runs`` as they might have come out, shape ``(resamples,)``.

    Where there are several runs, whole runs are drawn; within a run, blocks of
    neighbours (Kunsch 1989, doi:10.1214/aos/1176347265), since one interruption slows
    several inferences in a row.
    """
    if not runs or not all(map(len, runs)):
        raise ValueError(f"expected samples in every run, got {[*map(len, runs)]}")
    if len(runs) == 1:
        return np.median(_blocks(runs[0], generator, resamples), axis=1)
    chosen = generator.integers(len(runs), size=(resamples, len(runs)))
    medians = np.empty(resamples)
    for turn, row in enumerate(chosen):
        drawn = [_blocks(runs[run], generator, 1)[0] for run in row]
        medians[turn] = np.median(np.concatenate(drawn))
    return medians


def ratio_of_medians(
    old: Runs,
    new: Runs,
    references: tuple[Runs, Runs] | None = None,
    *,
    resamples: int = RESAMPLES,
) -> Change:
    """How many times the old median the new one is.

    Args:
        old: durations before.
        new: durations after.
        references: of one and the same thing, measured beside the old and beside the
            new; both medians are divided by theirs, so that the machine cancels out.
        resamples: of the bootstrap.
    """
    generator = np.random.default_rng(0)

    def ratio(above: Runs, below: Runs) -> tuple[float, NDArray[np.float64]]:
        drawn = drawn_medians(above, generator, resamples) / drawn_medians(
            below, generator, resamples
        )
        return _median(above) / _median(below), drawn

    value, drawn = ratio(new, old)
    if references is not None:
        drift, drawn_drift = ratio(references[1], references[0])
        value, drawn = value / drift, drawn / drawn_drift
    return Change(value, interval_of(drawn), 1.0)


def quality_changes(
    old: Measurement, new: Measurement, *, resamples: int = RESAMPLES
) -> dict[str, Change]:
    """Recall, specificity and AUC on the photos that both judged, new minus old.

    Lesions are drawn with replacement, the same ones for both models, malignant and
    other apart. Where photos are of several sources, the differences are found within
    each source that counts, and their means are given.

    Raises:
        ValueError: when the photos that both judged lack a class.
    """
    before, after = shared(old, new)
    if len(np.unique(before.labels)) < 2:
        raise ValueError("both must have judged photos of both classes in common")

    masks = judged_sources(before.labels, _sources(old, new)).values()
    found = [
        _differences(before.part(mask), after.part(mask), resamples, seed)
        for seed, mask in enumerate(masks)
    ]
    mean = mean_figures(found)
    return {
        name: Change(float(mean.once[name][0]), interval_of(mean.resampled[name]), 0.0)
        for name in DIFFERENCES
    }


def _differences(before: Judged, after: Judged, resamples: int, seed: int) -> Drawn:
    """New minus old on the same photos and in the same resamples."""

    def differences(weights: Weights) -> dict[str, Values]:
        then, now = figures(before, weights), figures(after, weights)
        return {name: now[name] - then[name] for name in DIFFERENCES}

    drawn = drawn_weights(before.labels, before.lesions, resamples, seed)
    return Drawn(
        differences(np.ones((1, before.labels.size), np.int64)),
        joined([differences(weights) for weights in drawn]),
    )


def _sources(old: Measurement, new: Measurement) -> NDArray[np.str_] | None:
    """Of the photos that both judged, in the order of ``shared``."""
    known = {photo.photo for photo in old.scores}
    named = [photo.source for photo in new.scores if photo.photo in known]
    return np.array(named, np.str_) if all(named) else None


def changed_calls(old: Measurement, new: Measurement) -> Change:
    """Photos called otherwise than before, as a share and a loss.

    Both judged the very same photos, so there is no chance in it, and no interval.
    """
    before, after = (judged.scores >= judged.threshold for judged in shared(old, new))
    share = 0.0 - float((before != after).mean())
    return Change(share, Interval(share, share), 0.0)


def shared(old: Measurement, new: Measurement) -> tuple[Judged, Judged]:
    """What both said about the photos that both judged, in the same order."""
    known = {photo.photo: photo for photo in old.scores}
    pairs = [(known[p.photo], p) for p in new.scores if p.photo in known]
    labels = np.array([int(first.malignant) for first, _ in pairs])
    # A lesion's photos are drawn together; the label keeps a mislabelled lesion apart.
    lesions = np.array([f"{first.malignant} {first.lesion}" for first, _ in pairs])
    before, after = (
        Judged(
            labels,
            np.array([pair[side].score for pair in pairs], np.float64),
            lesions,
            measurement.subject.threshold_score,
            measurement.subject.temperature,
        )
        for side, measurement in enumerate((old, new))
    )
    return before, after


def _blocks(
    samples: Sequence[float], generator: np.random.Generator, resamples: int
) -> NDArray[np.float64]:
    """Resamples made of blocks, shape ``(resamples, n)``; the end joins the start."""
    values = np.asarray(samples, np.float64)
    length = max(1, round(values.size**0.5))
    count = -(-values.size // length)
    starts = generator.integers(values.size, size=(resamples, count, 1))
    places = (starts + np.arange(length)).reshape(resamples, -1)[:, : values.size]
    return np.asarray(values[places % values.size])


def _median(runs: Runs) -> float:
    return float(np.median(np.concatenate([np.asarray(run) for run in runs])))
