"""How far a measured number may be off, and whether two models really differ.

Everything here comes from the sample of photos alone; a test set that is unlike the
photos to come is a larger error than any of these intervals shows. Wrong arguments
raise ``ValueError``.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_runtime.evaluation.metrics import Labels, Scores, by_class, share_below


@dataclass(frozen=True)
class Interval:
    """A range that holds the true value with a stated confidence.

    Attributes:
        low: lower end, in the unit of what was measured.
        high: upper end.
    """

    low: float
    high: float


def wilson(successes: int, n: int, *, confidence: float = 0.95) -> Interval:
    """Score interval of a share, sound for small n and for shares near 0 and 1.

    Wilson 1927, doi:10.1080/01621459.1927.10502953.

    Args:
        successes: how often it happened.
        n: out of how many; at least 1.
        confidence: chance that the interval holds the true share.

    >>> interval = wilson(9, 10)
    >>> round(interval.low, 3), round(interval.high, 3)
    (0.596, 0.982)
    """
    if not 0 <= successes <= n or n < 1:
        raise ValueError(f"0 <= successes <= n and n >= 1; got {successes} of {n}")
    z = _quantile(confidence)
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    spread = math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    half = z * spread / (1 + z * z / n)
    # At 0 and at n the ends are exactly 0 and 1; rounding must not move them.
    low = 0.0 if successes == 0 else centre - half
    high = 1.0 if successes == n else centre + half
    return Interval(low, high)


def bootstrap(
    metric: Callable[[Labels, Scores], float],
    labels: Labels,
    scores: Scores,
    *,
    groups: NDArray[Any] | None = None,
    seed: int = 0,
    resamples: int = 2000,
    confidence: float = 0.95,
) -> Interval:
    """Percentile interval of any metric, resampling malignant and benign apart.

    Photos of one lesion are not independent: with ``groups``, whole lesions are drawn,
    and all their photos come along (the cluster bootstrap,
    Field & Welsh 2007, doi:10.1111/j.1467-9868.2007.00593.x).

    Args:
        metric: maps labels and scores to a number.
        labels: 1 for malignant, 0 for benign; shape ``(n,)``.
        scores: higher is more malignant; shape ``(n,)``.
        groups: which lesion a photo shows; shape ``(n,)``. A lesion has one label.
        seed: the same seed gives the same interval.
        resamples: how often to draw; below some 1,000 the ends wobble.
        confidence: share of the resamples that the interval holds.
    """
    by_class(labels, scores)
    _quantile(confidence)
    if resamples < 1:
        raise ValueError(f"resamples must be at least 1; got {resamples}")
    labels, scores = np.asarray(labels), np.asarray(scores)
    strata = [_Stratum.of(np.flatnonzero(labels == label), groups) for label in (0, 1)]
    if groups is not None and np.intersect1d(strata[0].names, strata[1].names).size:
        raise ValueError("a group holds both labels; one lesion has one label")
    generator = np.random.default_rng(seed)
    values = np.empty(resamples)
    for turn in range(resamples):
        drawn = np.concatenate([stratum.draw(generator) for stratum in strata])
        values[turn] = metric(labels[drawn], scores[drawn])
    tail = (1 - confidence) / 2
    low, high = np.quantile(values, (tail, 1 - tail))
    return Interval(float(low), float(high))


@dataclass(frozen=True)
class _Stratum:
    """The photos of one class, sorted by lesion.

    Attributes:
        photos: indices of the photos, those of one lesion side by side.
        names: of the lesions.
        starts: where each lesion begins in ``photos``.
        sizes: how many photos each lesion has.
    """

    photos: NDArray[np.intp]
    names: NDArray[Any]
    starts: NDArray[np.intp]
    sizes: NDArray[np.intp]

    @classmethod
    def of(cls, photos: NDArray[np.intp], groups: NDArray[Any] | None) -> "_Stratum":
        """Sort ``photos`` by lesion; without groups each photo is its own."""
        lesions = photos if groups is None else np.asarray(groups)[photos]
        order = np.argsort(lesions, kind="stable")
        names, starts, sizes = np.unique(
            lesions[order], return_index=True, return_counts=True
        )
        return cls(photos[order], names, starts, sizes)

    def draw(self, generator: np.random.Generator) -> NDArray[np.intp]:
        """Photos of as many lesions as there are, drawn with replacement."""
        lesions = generator.integers(self.sizes.size, size=self.sizes.size)
        sizes = self.sizes[lesions]
        ends = np.cumsum(sizes)
        place_within_lesion = np.arange(ends[-1]) - np.repeat(ends - sizes, sizes)
        places = np.repeat(self.starts[lesions], sizes) + place_within_lesion
        return np.asarray(self.photos[places])


def mcnemar_exact(only_first: int, only_second: int) -> float:
    """P-value that two classifiers err equally often, from the photos they disagree on.

    The exact two-sided binomial test (McNemar 1947, doi:10.1007/BF02295996).

    Args:
        only_first: photos that only the first classifier got right.
        only_second: photos that only the second got right.

    >>> mcnemar_exact(1, 8)
    0.0390625
    """
    if min(only_first, only_second) < 0:
        raise ValueError(f"counts must be >= 0; got {only_first} and {only_second}")
    n = only_first + only_second
    rarer = min(only_first, only_second)
    ways = sum(math.comb(n, k) for k in range(rarer + 1))
    # Integers up to the last division: 2.0 ** n overflows beyond 1,023 photos.
    return min(1.0, float(2 * ways / 2**n))


def delong_interval(
    labels: Labels, scores: Scores, *, confidence: float = 0.95
) -> Interval:
    """Interval of ``roc_auc`` from the variance of DeLong et al., cut to [0, 1].

    DeLong, DeLong & Clarke-Pearson 1988, doi:10.2307/2531595. A perfect ranking has no
    variance by this formula: its interval is the point 1 and says nothing.
    """
    malignant, benign = _placements(labels, scores)
    auc = float(malignant.mean())
    half = _quantile(confidence) * math.sqrt(_variance(malignant, benign))
    return Interval(max(0.0, auc - half), min(1.0, auc + half))


def delong_test(labels: Labels, scores_a: Scores, scores_b: Scores) -> float:
    """P-value that two models have the same ``roc_auc`` on the same photos.

    The paired two-sided test of DeLong et al. 1988 (``delong_interval``).

    Args:
        labels: 1 for malignant, 0 for benign; shape ``(n,)``.
        scores_a: of the first model; shape ``(n,)``.
        scores_b: of the second, for the same photos in the same order.
    """
    malignant_a, benign_a = _placements(labels, scores_a)
    malignant_b, benign_b = _placements(labels, scores_b)
    difference = float(malignant_a.mean() - malignant_b.mean())
    variance = _variance(malignant_a - malignant_b, benign_a - benign_b)
    if variance == 0:
        return 1.0 if difference == 0 else 0.0
    return math.erfc(abs(difference) / math.sqrt(2 * variance))


def _placements(labels: Labels, scores: Scores) -> tuple[Scores, Scores]:
    """Each photo's share of won comparisons with the other class, per class."""
    malignant, benign = by_class(labels, scores)
    if min(malignant.size, benign.size) < 2:
        raise ValueError(
            "a variance needs two photos of each class;"
            f" got {malignant.size} malignant and {benign.size} benign"
        )
    return share_below(malignant, benign), 1 - share_below(benign, malignant)


def _variance(malignant: Scores, benign: Scores) -> float:
    """Of the mean placement: both classes are samples."""
    return float(
        malignant.var(ddof=1) / malignant.size + benign.var(ddof=1) / benign.size
    )


def _quantile(confidence: float) -> float:
    """How many standard deviations hold ``confidence`` of a normal distribution."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie in (0, 1); got {confidence}")
    return NormalDist().inv_cdf((1 + confidence) / 2)
