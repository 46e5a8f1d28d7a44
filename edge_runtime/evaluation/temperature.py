"""The one number that makes a model's scores mean what they say.

``edge_runtime.evaluation.calibration`` applies it; here it is found.
"""

import math
from collections.abc import Callable

import numpy as np

from edge_runtime.evaluation.calibration import SMALLEST_SCORE
from edge_runtime.evaluation.metrics import Labels, Scores

COLDEST, HOTTEST = 0.05, 20.0
"""Temperatures searched. Beyond them every probability is 0, 1 or one half."""

DECIMALS = 4
"""Kept of a temperature; a split of hundreds of photos tells it to about 0.05."""


def fitted_temperature(labels: Labels, scores: Scores) -> float:
    """Temperature at which ``calibrated(scores)`` is most likely given the labels.

    Minimises the mean of log(1 + exp(-sign * logit / temperature)). That is convex
    in 1 / temperature, so one golden-section search finds the only minimum
    (Guo et al. 2017, https://arxiv.org/abs/1706.04599).

    Returns:
        From ``COLDEST`` (the scores separate the classes without a mistake) to
        ``HOTTEST`` (they say nothing, or the reverse).
    """
    clipped = np.clip(np.float64(scores), SMALLEST_SCORE, 1 - SMALLEST_SCORE)
    logits = np.log(clipped) - np.log1p(-clipped)
    agreement = np.where(np.asarray(labels) == 1, logits, -logits)

    def loss(inverse: float) -> float:
        return float(np.logaddexp(0, -agreement * inverse).mean())

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
