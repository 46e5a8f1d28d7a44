"""Sharpness, structure, redness and glare of a photo.

The first two are relative to its mean luma, so that dark skin, which the training
photos do not show, is not called blurred.
"""

import functools
import math
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edge_runtime.photos.preprocessing import scaled

STRUCTURE_FIELDS = 16

# ITU-R BT.601, as in Pillow's conversion to grey.
_LUMA = (0.299, 0.587, 0.114)

# Two levels from the end: JPEG moves a clipped area by that much.
_WHITE = 253

Real = TypeVar("Real", np.float32, np.float64)


def luma_of(levels: NDArray[Real]) -> NDArray[Real]:
    """The weighted sum of the three colours.

    Added up by hand: numpy would hand a product to a BLAS, which from some 10,000
    numbers on wakes a thread on every core and waits for the last of them. On a busy
    machine that was most of a verdict.

    Args:
        levels: red, green and blue; shape ``(3, n, n)``; 0 to 255.

    Returns:
        Shape ``(n, n)``.
    """
    red, green, blue = np.array(_LUMA, levels.dtype)
    luma: NDArray[Real] = levels[0] * red
    luma += levels[1] * green
    luma += levels[2] * blue
    return luma


def largest_deviation(levels: NDArray[np.float32]) -> float:
    """Standard deviation of the most varied colour.

    From sums of whole numbers, which are exact: below 2^24 they fit into a float32.

    Args:
        levels: shape ``(3, n, n)``; whole numbers from 0 to 255; n at most 256.
    """
    count = int(levels[0].size)
    sums = levels.sum(axis=(1, 2))
    # By rows: 256 squares still fit; and without a BLAS, see luma_of.
    squares = np.einsum("crp,crp->cr", levels, levels).sum(axis=1, dtype=np.float64)
    largest = max(
        float(square) * count - float(total) ** 2
        for square, total in zip(squares, sums, strict=True)
    )
    return math.sqrt(largest) / count


def sharpness(luma: NDArray[np.float32], mean: float) -> float:
    """Standard deviation of the Laplacian over the mean, both of the luma.

    After the variance of the Laplacian of Pech-Pacheco et al. 2000
    (doi:10.1109/ICPR.2000.903548); the division makes it independent of exposure.

    Args:
        luma: shape ``(n, n)``; 0 to 255. Below 3 pixels a side the result is 0.
        mean: of the luma.
    """
    found = laplacian(luma)
    if not found.size:
        return 0.0
    return float(found.std()) / at_least_one(mean)


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


def structure(look: Image.Image) -> float:
    """How much a photo varies from field to field, beyond an even slope of light.

    Standard deviation over ``STRUCTURE_FIELDS`` squared means of the most varied
    channel, without the best plane through them, over the mean of all.

    Args:
        look: RGB; square.
    """
    pixels = np.asarray(scaled(look, STRUCTURE_FIELDS))
    fields = pixels.reshape(-1, 3).astype(np.float64)
    plane = _plane()
    # What is left has no mean: a plane can have any.
    left = fields - plane @ (plane.T @ fields)
    largest = float(np.einsum("ij,ij->j", left, left).max())
    return math.sqrt(largest / len(left)) / max(float(fields.mean()), 1.0)


def white_share(planes: NDArray[np.uint8]) -> float:
    """Share of pixels that are white in all channels.

    Black ones do not count: the contact plate of a dermatoscope leaves black corners,
    which fill more than half of some good photos.

    Args:
        planes: red, green and blue; shape ``(3, n, n)``.
    """
    darkest = planes.min(axis=0)
    return float(np.count_nonzero(darkest >= _WHITE) / darkest.size)


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
