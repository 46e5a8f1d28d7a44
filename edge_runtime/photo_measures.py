"""Sharpness and structure of a photo, both relative to its mean luma.

So dark skin, which the training photos do not show, is not called blurred.
"""

import numpy as np
from numpy.typing import NDArray

from edge_runtime.preprocessing import preprocess

STRUCTURE_FIELDS = 16


def sharpness(luma: NDArray[np.float32]) -> float:
    """Standard deviation of the Laplacian over the mean, both of the luma.

    After the variance of the Laplacian of Pech-Pacheco et al. 2000
    (doi:10.1109/ICPR.2000.903548); the division makes it independent of exposure.

    Args:
        luma: shape ``(n, n)``; 0 to 255. Below 3 pixels a side the result is 0.
    """
    centre = luma[1:-1, 1:-1]
    if not centre.size:
        return 0.0
    neighbours = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:]
    return float((neighbours - 4 * centre).std()) / at_least_one(luma)


def structure(look: NDArray[np.uint8]) -> float:
    """How much a photo varies from field to field, beyond an even slope of light.

    Standard deviation over ``STRUCTURE_FIELDS`` squared means of the most varied
    channel, without the best plane through them, over the mean of all.

    Args:
        look: RGB; shape ``(n, n, 3)``; uint8.
    """
    fields = preprocess(look, STRUCTURE_FIELDS).reshape(-1, 3).astype(np.float64)
    rows, columns = np.mgrid[:STRUCTURE_FIELDS, :STRUCTURE_FIELDS]
    plane = np.stack([np.ones(rows.size), rows.ravel(), columns.ravel()], axis=1)
    slope, *_ = np.linalg.lstsq(plane, fields, rcond=None)
    spread = (fields - plane @ slope).std(axis=0).max()
    return float(spread / max(fields.mean(), 1.0))


def at_least_one(luma: NDArray[np.float32]) -> float:
    """The mean, or one level for a black frame, which nothing can be divided by."""
    return max(float(luma.mean()), 1.0)
