"""The one number that makes a model's scores mean what they say.

``edge_runtime.evaluation.temperature`` applies it; here it is found.
"""

import math
from collections.abc import Callable
from typing import overload

import numpy as np
from numpy.typing import NDArray

from edge_runtime.evaluation.metrics import Labels, Scores

# Half of one step of an int8 sigmoid (scale 1/256). The logits of 0 and 1 are
# infinite; clipping here keeps them finite and all 256 scores apart.
SMALLEST_SCORE = 1 / 512


@overload
def calibrated(scores: float, temperature: float) -> float: ...
@overload
def calibrated(
    scores: NDArray[np.floating], temperature: float
) -> NDArray[np.float64]: ...
def calibrated(
    scores: float | NDArray[np.floating], temperature: float
) -> float | NDArray[np.float64]:
    """sigmoid(logit(clip(score, 1/512, 1 - 1/512)) / temperature).

    Args:
        scores: raw outputs of the model in [0, 1]; one number or any shape.
        temperature: above 1 pulls towards one half, below 1 pushes away from it.

    Returns:
        Probabilities of malignancy in (0, 1), of the same shape; they rise with the
        score.

    Raises:
        ValueError: when the temperature is not positive or a score not in [0, 1].

    >>> calibrated(0.5, 3.0)
    0.5
    >>> calibrated(np.array([0.2, 0.8]), 2.0).round(3)
    array([0.333, 0.667])
    """
    if not 0 < temperature < np.inf:
        raise ValueError(f"temperature must be positive and finite; got {temperature}")
    real = np.asarray(scores, np.float64)
    if not ((real >= 0) & (real <= 1)).all():
        raise ValueError(
            "expected scores in [0, 1], such as a sigmoid gives, got"
            f" {real.min()} to {real.max()}. Were they restored with their scale?"
        )
    clipped = np.clip(real, SMALLEST_SCORE, 1 - SMALLEST_SCORE)
    logits = np.log(clipped) - np.log1p(-clipped)
    probabilities = 1 / (1 + np.exp(-logits / temperature))
    return probabilities if np.ndim(scores) else float(probabilities)


COLDEST, HOTTEST = 0.05, 20.0
"""Temperatures searched. Beyond them every probability is 0, 1 or one half."""

DECIMALS = 4
"""Kept of a temperature; a split of hundreds of photos tells it to about 0.05."""


def fitted_temperature(
    labels: Labels, scores: Scores, weights: NDArray[np.float64] | None = None
) -> float:
    """Temperature at which ``calibrated(scores)`` is most likely given the labels.

    Minimises the mean of log(1 + exp(-sign * logit / temperature)). That is convex
    in 1 / temperature, so one golden-section search finds the only minimum
    (Guo et al. 2017, https://arxiv.org/abs/1706.04599).

    Args:
        labels: 1 for malignant; shape ``(n,)``.
        scores: raw ones in [0, 1]; shape ``(n,)``.
        weights: of the photos in that mean, 0 or more; each the same if None.

    Returns:
        From ``COLDEST`` (the scores separate the classes without a mistake) to
        ``HOTTEST`` (they say nothing, or the reverse).
    """
    clipped = np.clip(np.float64(scores), SMALLEST_SCORE, 1 - SMALLEST_SCORE)
    logits = np.log(clipped) - np.log1p(-clipped)
    agreement = np.where(np.asarray(labels) == 1, logits, -logits)

    def loss(inverse: float) -> float:
        return float(np.average(np.logaddexp(0, -agreement * inverse), weights=weights))

    return round(1 / _minimum(loss, 1 / HOTTEST, 1 / COLDEST), DECIMALS)


def _minimum(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function with one minimum in [low, high] has it; golden section."""
    golden = (math.sqrt(5) - 1) / 2
    # 60 cuts shrink the interval by 3e-13: below what the digits of a loss resolve.
    for _ in range(60):
        inner_low, inner_high = (
            high - golden * (high - low),
            low + golden * (high - low),
        )
        if function(inner_low) <= function(inner_high):
            high = inner_high
        else:
            low = inner_low
    return (low + high) / 2
