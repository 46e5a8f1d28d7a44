"""How much a picture looks like the dermoscopic photos that the models learnt from.

A network gives a score to any picture: a page of text, a face, a wall. So thirteen
simple measures of colour and texture are compared with those of the training photos, as
one distance in standard deviations (Mahalanobis 1936). ``familiar.json`` holds their
mean and spread, fitted by ``training/familiar.py``. Exposure changes no measure.
"""

import functools
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_runtime.preprocessing import resize

# Small enough to be blind to a sensor's noise and to how a JPEG was made; photos for
# the smallest model are not much larger.
FAMILIAR_PX = 64
_FIELDS, _HALVES = 16, 32
# Gradient over mean luma, by which an edge is drawn rather than grown.
_EDGE = 0.15
# Laplacian over mean luma, below which a pixel differs from its neighbours by less than
# a level in 150.
_FLAT = 1 / 150
_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601

MEASURES = (
    "saturation", "spread of saturation", "spread of red", "spread of blue", "detail",
    "detail over structure", "middle detail", "roughness", "edges", "upright edges",
    "flat", "reddish", "structure",
)  # fmt: skip


def measures(look: NDArray[np.uint8], structure: float) -> NDArray[np.float64]:
    """The values of ``MEASURES``, in their order.

    Args:
        look: the picture's centre square; RGB; shape ``(n, n, 3)``; uint8.
        structure: of the same, see ``quality.structure``.
    """
    square = resize(look, FAMILIAR_PX).astype(np.float64)
    luma = square @ _LUMA
    mean = max(float(luma.mean()), 1.0)
    fields, halves = _blocks(luma, _FIELDS), _blocks(luma, _HALVES)
    detail = float((luma - _spread_out(fields, FAMILIAR_PX)).std())
    between = np.abs(np.diff(fields, axis=0)).mean() + np.abs(np.diff(fields)).mean()
    return np.array(
        [
            *_colour(square),
            _log(detail / mean),
            _log(detail / max(float(fields.std()), 1e-3)),
            _log(float((halves - _spread_out(fields, _HALVES)).std()) / mean),
            _log(float(between) / max(float(fields.std()), 1.0)),
            *_edges(luma, mean),
            _reddish(square),
            _log(structure),
        ]
    )


def distance(look: NDArray[np.uint8], structure: float) -> float:
    """From the training photos, in standard deviations; see ``measures``."""
    mean, whitening = _familiar()
    return float(np.linalg.norm(whitening @ (measures(look, structure) - mean)))


def fitted(
    values: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and whitening matrix of measured photos.

    Args:
        values: one photo's ``measures`` a row.

    Returns:
        The mean, and a lower triangular matrix that turns differences from it into
        uncorrelated ones of deviation 1.
    """
    spread = np.cov(values.T)
    whitening = np.linalg.inv(np.linalg.cholesky(spread))
    return values.mean(axis=0), whitening


def _colour(square: NDArray[np.float64]) -> tuple[float, float, float, float]:
    total = square.sum(axis=2) + 1.0
    top = np.maximum(square.max(axis=2), 1.0)
    saturation = (top - square.min(axis=2)) / top
    return (
        float(saturation.mean()),
        _log(float(saturation.std())),
        _log(float((square[..., 0] / total).std())),
        _log(float((square[..., 2] / total).std())),
    )


def _edges(luma: NDArray[np.float64], mean: float) -> tuple[float, float, float]:
    """Shares of pixels on sharp edges and without any change, and where edges point."""
    down = luma[2:, 1:-1] - luma[:-2, 1:-1]
    across = luma[1:-1, 2:] - luma[1:-1, :-2]
    power = (down**2 + across**2) / 4
    # The power times the cosine of four times its angle: 1 for upright and level edges,
    # -1 for diagonal ones.
    upright = power - (down * across) ** 2 / 2 / np.maximum(power, 1e-9)
    around = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:]
    laplacian = np.abs(around - 4 * luma[1:-1, 1:-1])
    return (
        float((np.sqrt(power) > _EDGE * mean).mean()),
        float(upright.sum() / max(float(power.sum()), 1e-9)),
        float((laplacian < _FLAT * mean).mean()),
    )


def _reddish(square: NDArray[np.float64]) -> float:
    red, green, blue = square[..., 0], square[..., 1], square[..., 2]
    return float(((red > green) & (red > blue)).mean())


def _blocks(luma: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    side = FAMILIAR_PX // count
    fields: NDArray[np.float64] = luma.reshape(count, side, count, side).mean((1, 3))
    return fields


def _spread_out(fields: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    times = side // len(fields)
    return fields.repeat(times, axis=0).repeat(times, axis=1)


def _log(value: float) -> float:
    return float(np.log(max(value, 1e-3)))


@functools.cache
def _familiar() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    values = json.loads(Path(__file__).with_name("familiar.json").read_text("utf-8"))
    return np.array(values["mean"]), np.array(values["whitening"])
