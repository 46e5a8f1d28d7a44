"""How much a picture looks like the dermoscopic photos that the models learnt from.

A network gives a score to any picture: a page of text, a face, a wall. So thirteen
simple measures of colour and texture are compared with those of the training photos, as
one distance in standard deviations (Mahalanobis 1936). ``familiar.json`` holds their
mean and spread, fitted by ``training/fit_familiarity.py``. Exposure changes no measure.
"""

import functools
import json
import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edge_runtime.photos.measures import laplacian, luma_of, reddish
from edge_runtime.photos.preprocessing import planes_of, scaled

# Small enough to be blind to a sensor's noise and to how a JPEG was made; photos for
# the smallest model are not much larger.
FAMILIAR_PX = 64
_FIELDS, _HALVES = 16, 32
# Gradient over mean luma, by which an edge is drawn rather than grown.
_EDGE = 0.15
# Laplacian over mean luma, below which a pixel differs from its neighbours by less than
# a level in 150.
_FLAT = 1 / 150

MEASURES = (
    "saturation", "spread of saturation", "spread of red", "spread of blue", "detail",
    "detail over structure", "middle detail", "roughness", "edges", "upright edges",
    "flat", "reddish", "structure",
)  # fmt: skip


def measures(look: Image.Image, structure: float) -> NDArray[np.float64]:
    """The values of ``MEASURES``, in their order.

    Args:
        look: the picture's centre square; RGB.
        structure: of the same, see ``photo_measures.structure``.
    """
    # Sums of squares in place of deviations: several times faster in numpy, and equal
    # but for the last digits.
    planes = planes_of(scaled(look, FAMILIAR_PX))
    red, green, blue = colours = planes.astype(np.float64)
    luma = luma_of(colours)
    mean = max(_mean(luma), 1.0)
    halves, fields = _blocks(luma, _HALVES), _blocks(luma, _FIELDS)
    detail = _deviation(luma - _spread_out(fields, FAMILIAR_PX))
    fields_deviation = _deviation(fields)
    between = _mean_size(fields[1:] - fields[:-1])
    between += _mean_size(fields[:, 1:] - fields[:, :-1])
    return np.array(
        [
            *_colour(red, green, blue),
            _log(detail / mean),
            _log(detail / max(fields_deviation, 1e-3)),
            _log(_deviation(halves - _spread_out(fields, _HALVES)) / mean),
            _log(between / max(fields_deviation, 1.0)),
            *_edges(luma, mean),
            reddish(planes),
            _log(structure),
        ]
    )


def distance(look: Image.Image, structure: float) -> float:
    """From the training photos, in standard deviations; see ``measures``."""
    mean, whitening = _familiar()
    white = whitening @ (measures(look, structure) - mean)
    return math.sqrt(float(white @ white))


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


def _colour(
    red: NDArray[np.float64], green: NDArray[np.float64], blue: NDArray[np.float64]
) -> tuple[float, float, float, float]:
    total = red + green
    total += blue
    total += 1.0
    top = np.maximum(np.maximum(red, green), blue)
    np.maximum(top, 1.0, out=top)
    saturation = np.minimum(np.minimum(red, green), blue)
    np.subtract(top, saturation, out=saturation)
    saturation /= top
    return (
        _mean(saturation),
        _log(_deviation(saturation)),
        _log(_deviation(red / total)),
        _log(_deviation(blue / total)),
    )


def _edges(luma: NDArray[np.float64], mean: float) -> tuple[float, float, float]:
    """Shares of pixels on sharp edges and without any change, and where edges point."""
    down = luma[2:, 1:-1] - luma[:-2, 1:-1]
    across = luma[1:-1, 2:] - luma[1:-1, :-2]
    power = (down * down + across * across) / 4
    # The power times the cosine of four times its angle: 1 for upright and level edges,
    # -1 for diagonal ones.
    twist = down * across
    twist *= twist
    twist /= np.maximum(power, 1e-9)
    total = float(power.sum())
    upright = total - float(twist.sum()) / 2
    sharp = int(np.count_nonzero(power > (_EDGE * mean) ** 2))
    flat = int(np.count_nonzero(np.abs(laplacian(luma)) < _FLAT * mean))
    return sharp / power.size, upright / max(total, 1e-9), flat / power.size


def _deviation(values: NDArray[np.float64]) -> float:
    """Standard deviation, several times faster than ``numpy.std`` on small arrays."""
    off = (values - _mean(values)).reshape(-1)
    return math.sqrt(float(off @ off) / off.size)


def _mean_size(values: NDArray[np.float64]) -> float:
    return _mean(np.abs(values))


def _mean(values: NDArray[np.float64]) -> float:
    """What ``numpy.mean`` gives, in half its time on small arrays."""
    return float(np.add.reduce(values, axis=None)) / values.size


def _blocks(luma: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    side = FAMILIAR_PX // count
    # Rows first: additions of whole rows are quick, those of two neighbours are not.
    rows = luma.reshape(count, side, FAMILIAR_PX).sum(axis=1)
    fields: NDArray[np.float64] = sum(rows[:, place::side] for place in range(side))
    return fields / side**2


def _spread_out(fields: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    times = side // len(fields)
    return fields.repeat(times, axis=0).repeat(times, axis=1)


def _log(value: float) -> float:
    return math.log(max(value, 1e-3))


@functools.cache
def _familiar() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    values = json.loads(Path(__file__).with_name("familiar.json").read_text("utf-8"))
    return np.array(values["mean"]), np.array(values["whitening"])
