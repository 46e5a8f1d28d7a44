"""From a model's score to a probability that means what it says.

Networks are overconfident; one number, the temperature, corrects that without
changing the order of the scores (Guo et al. 2017, https://arxiv.org/abs/1706.04599).
"""

from typing import overload

import numpy as np
from numpy.typing import NDArray

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
