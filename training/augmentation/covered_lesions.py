"""Photos whose lesion is covered, which nobody can call.

Malignant and other photos of a data set come from different cameras and different skin,
and a network may learn those instead of the lesion. Shown photos without the lesion
whose target is *cannot tell*, it learns not to answer from what surrounds one.
``benchmarks/robustness/changes.py`` measures how far it still does, with its own
covers.
"""

import numpy as np
from numpy.typing import NDArray

CANNOT_TELL = 0.5
"""Target of a covered photo; both classes weigh the same."""


def covered(pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The photo with an ellipse or a rectangle over its middle, of one colour.

    The colour is the mean of what is left, made somewhat brighter or darker, so that
    nothing but the skin around the lesion is to be seen.

    Args:
        pixels: shape ``(side, side, 3)``.
        rng: decides on shape, place and colour.
    """
    side = len(pixels)
    axis = (np.arange(side) + 0.5) / side * 2 - 1
    across, down = rng.uniform(-0.1, 0.1, 2)
    wide, high = rng.uniform(0.6, 1.0, 2)
    x, y = np.abs(axis - across) / wide, np.abs(axis - down)[:, None] / high
    inside = np.hypot(x, y) < 1 if rng.random() < 0.5 else np.maximum(x, y) < 1
    changed = pixels.copy()
    left = (
        pixels[~inside].mean(axis=0) if not inside.all() else pixels.mean(axis=(0, 1))
    )
    changed[inside] = np.rint((left * rng.uniform(0.8, 1.2)).clip(0, 255))
    return changed
