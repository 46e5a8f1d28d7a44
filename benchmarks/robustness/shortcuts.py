"""Photos without the lesion, or without its shape: what else does a model read?

Malignant and other photos of a data set often come from different cameras. What a
model can still tell when the lesion is gone, it reads off the skin around it, the
camera or the compression.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from benchmarks.robustness.changes import Floats, Pixels, Shift, to_bytes


def _centre_blanked(square: Pixels, amount: float, _rng: np.random.Generator) -> Pixels:
    """The middle, ``amount`` half-sides wide, in the mean colour of the rest."""
    return _blanked(square, np.abs(_axes(len(square))).max(axis=0) < amount)


def _border_blanked(square: Pixels, amount: float, _rng: np.random.Generator) -> Pixels:
    """All but the middle, in the middle's mean colour."""
    return _blanked(square, np.abs(_axes(len(square))).max(axis=0) >= amount)


def _axes(side: int) -> Floats:
    axis = (np.arange(side, dtype=np.float32) + 0.5) / side * 2 - 1
    return np.stack(np.meshgrid(axis, axis))


def _blanked(square: Pixels, where: NDArray[np.bool_]) -> Pixels:
    blank = square.copy()
    blank[where] = to_bytes(square[~where].mean(axis=0))
    return blank


def _shuffled(square: Pixels, amount: float, rng: np.random.Generator) -> Pixels:
    """Cut into ``amount`` x ``amount`` blocks and put together in another order."""
    count = int(amount)
    side = len(square) // count * count
    size = side // count
    blocks = square[:side, :side].reshape(count, size, count, size, 3).swapaxes(1, 2)
    mixed = rng.permutation(blocks.reshape(-1, size, size, 3))
    whole = square.copy()
    whole[:side, :side] = (
        mixed.reshape(count, count, size, size, 3).swapaxes(1, 2).reshape(side, side, 3)
    )
    return whole


SHORTCUTS: Mapping[str, Shift] = {
    shift.name: shift
    for shift in (
        Shift("lesion blanked out", _centre_blanked, (0.6, 0.75, 0.9), "half-sides"),
        Shift("border blanked out", _border_blanked, (0.9, 0.75, 0.6), "half-sides"),
        Shift("blocks shuffled", _shuffled, (3, 6, 12), "blocks a side"),
    )
}
