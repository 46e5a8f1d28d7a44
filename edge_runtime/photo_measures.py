"""Sharpness, structure and redness of a photo.

The first two are relative to its mean luma, so that dark skin, which the training
photos do not show, is not called blurred.
"""

import functools
import math
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from edge_runtime.preprocessing import preprocess

STRUCTURE_FIELDS = 16

Real = TypeVar("Real", np.float32, np.float64)


def sharpness(luma: NDArray[np.float32]) -> float:
    """Standard deviation of the Laplacian over the mean, both of the luma.

    After the variance of the Laplacian of Pech-Pacheco et al. 2000
    (doi:10.1109/ICPR.2000.903548); the division makes it independent of exposure.

    Args:
        luma: shape ``(n, n)``; 0 to 255. Below 3 pixels a side the result is 0.
    """
    found = laplacian(luma)
    if not found.size:
        return 0.0
    return float(found.std()) / at_least_one(float(luma.mean()))


def laplacian(luma: NDArray[Real]) -> NDArray[Real]:
    """Sum of the four neighbours less four times the pixel; without the borders.

    Args:
        luma: shape ``(n, n)``.

    Returns:
        Shape ``(n - 2, n - 2)``.
    """
    found = luma[:-2, 1:-1] + luma[2:, 1:-1]
    found += luma[1:-1, :-2]
    found += luma[1:-1, 2:]
    found -= 4 * luma[1:-1, 1:-1]
    return found


def structure(look: NDArray[np.uint8]) -> float:
    """How much a photo varies from field to field, beyond an even slope of light.

    Standard deviation over ``STRUCTURE_FIELDS`` squared means of the most varied
    channel, without the best plane through them, over the mean of all.

    Args:
        look: RGB; shape ``(n, n, 3)``; uint8.
    """
    fields = preprocess(look, STRUCTURE_FIELDS).reshape(-1, 3).astype(np.float64)
    plane = _plane()
    # What is left has no mean: a plane can have any.
    left = fields - plane @ (plane.T @ fields)
    largest = float(np.einsum("ij,ij->j", left, left).max())
    return math.sqrt(largest / len(left)) / max(float(fields.mean()), 1.0)


def reddish(planes: NDArray[np.uint8]) -> float:
    """Share of pixels whose largest channel is red.

    Args:
        planes: shape ``(3, n, n)``; red, green, blue.
    """
    red, green, blue = planes
    return int(np.count_nonzero(red > np.maximum(green, blue))) / int(red.size)


def at_least_one(mean: float) -> float:
    """A mean, or one level for a black frame, which nothing can be divided by."""
    return max(mean, 1.0)


@functools.cache
def _plane() -> NDArray[np.float64]:
    """Level, slope down and slope across as orthonormal columns, one row a field."""
    rows, columns = np.mgrid[:STRUCTURE_FIELDS, :STRUCTURE_FIELDS]
    plane = np.stack([np.ones(rows.size), rows.ravel(), columns.ravel()], axis=1)
    return np.asarray(np.linalg.qr(plane)[0], np.float64)
