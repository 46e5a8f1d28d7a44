"""Whether a generated photo is a copy of a training photo.

Photos are compared as squares of 16 px, in all eight right angles and mirror images, as
a generator learns photos turned. A generated photo counts as a copy when it is nearer
to a training photo than nearly every real photo of another lesion is.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_runtime.photos.preprocessing import resize

COMPARED_PX = 16
COPY_QUANTILE = 0.01
"""Of real photos' distances to the nearest training photo; below it lie copies."""

_AT_ONCE = 256

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Nearest:
    """The nearest training photo of each of ``n`` photos.

    Attributes:
        distance: root of the mean squared difference, in levels of 255; shape ``(n,)``.
        index: of the training photo; shape ``(n,)``.
    """

    distance: NDArray[np.float64]
    index: NDArray[np.int64]


def small(photos: Pixels) -> Floats:
    """Photos ``(n, side, side, 3)`` as rows of small squares, ``(n, 768)``."""
    rows = [resize(photo, COMPARED_PX).ravel() for photo in photos]
    return np.stack(rows).astype(np.float32)


def nearest(photos: Floats, training: Floats) -> Nearest:
    """Find the training photo that looks most like each photo, however it is turned.

    Args:
        photos: ``small`` of them; shape ``(n, 768)``.
        training: likewise; shape ``(m, 768)``.
    """
    lengths = (training**2).sum(axis=1)
    distances, indices = [], []
    for start in range(0, len(photos), _AT_ONCE):
        part = photos[start : start + _AT_ONCE]
        square = part.reshape(-1, COMPARED_PX, COMPARED_PX, 3)
        best = np.full(len(part), np.inf, np.float32)
        where = np.zeros(len(part), np.int64)
        for mirrored in (square, square[:, :, ::-1]):
            for quarter in range(4):
                turned = np.rot90(mirrored, quarter, (1, 2)).reshape(len(part), -1)
                # |a - b|^2 without a, whose length is the same however it is turned.
                found = lengths - 2 * (turned @ training.T)
                place = found.argmin(axis=1)
                value = found[np.arange(len(part)), place]
                nearer = value < best
                best[nearer], where[nearer] = value[nearer], place[nearer]
        squared = np.maximum(0, best + (part**2).sum(axis=1))
        distances.append(np.sqrt(squared / part.shape[1]))
        indices.append(where)
    return Nearest(
        np.concatenate(distances).astype(np.float64), np.concatenate(indices)
    )


def quantiles(distances: NDArray[np.float64]) -> Mapping[str, float]:
    """What a table tells of distances; in levels of 255."""
    shares = (0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 1)
    return {f"{share:g}": float(np.quantile(distances, share)) for share in shares}
