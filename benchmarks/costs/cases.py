"""What can grow, by how much, and what a fresh process is asked to measure of it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from edge_runtime.measuring.latency import Protocol
from edge_runtime.model.file import read_model_file

SIDE, BATCH, THREADS = "side of the input", "batch", "threads"
MEGAPIXELS, PHOTOS = "megapixels of the photo", "photos in a row"
INTERPRETER, VERDICT = "interpreter", "photo to verdict"

BATCHES = (1, 2, 4, 8, 16, 32)
# A phone of 2005, cameras of a Raspberry Pi (5, 12), phones of today (12, 24, 48).
PHOTO_MEGAPIXELS = (0.1, 0.5, 1.2, 5.0, 12.0, 24.0, 48.0)
PHOTO_COUNTS = (30, 100, 300, 1000, 3000)
AXES = {
    SIDE: "px",
    BATCH: "photos at once",
    THREADS: "threads",
    MEGAPIXELS: "megapixels",
    PHOTOS: "photos",
}
"""Their unit."""


# A network's size ends its name.
_SIZE = re.compile(r"_?\d+(?=\.)")


def curve_name(axis: str, model: str) -> str:
    """The file, or the network where one at several sizes is one curve.

    >>> curve_name(SIDE, "cnn64.qat_int8"), curve_name(BATCH, "cnn64.qat_int8")
    ('cnn.qat_int8', 'cnn64.qat_int8')
    """
    return _SIZE.sub("", model) if axis == SIDE else model


@dataclass(frozen=True)
class CostCase:
    """One point of a curve.

    Attributes:
        axis: what grows.
        measure: what is timed.
        amount: how far it has grown.
        model: path of the file.
        photos: paths, taken in turn.
        threads: of the interpreter.
        protocol: how often; ``PHOTOS`` judges ``amount`` photos once instead.
    """

    axis: str
    measure: str
    amount: float
    model: str
    photos: tuple[str, ...]
    threads: int
    protocol: Protocol


@dataclass(frozen=True)
class Cost:
    """What the process measured.

    Attributes:
        median_ms: of one photo.
        p90_ms: 90 % quantile.
        total_s: from the classifier's opening to the last answer.
        start_mib: resident memory before the model was opened.
        peak_mib: largest resident memory of the whole process.
    """

    median_ms: float
    p90_ms: float
    total_s: float
    start_mib: float | None
    peak_mib: float | None


def planned(
    models: Iterable[Path],
    axes: Iterable[str],
    photos: tuple[str, ...],
    large: dict[float, str],
    cores: int,
    protocol: Protocol,
) -> Iterator[CostCase]:
    """All points, axis by axis.

    Args:
        models: files.
        axes: of ``AXES``.
        photos: as they are.
        large: enlarged ones by their megapixels.
        cores: of the machine; threads go up to so many.
        protocol: how often.
    """
    paths = tuple(models)
    for axis in axes:
        for path in paths:
            for measure, amount in _points(axis, path, large, cores):
                yield CostCase(
                    axis,
                    measure,
                    amount,
                    str(path.resolve()),
                    (large[amount],) if axis == MEGAPIXELS else photos,
                    int(amount) if axis == THREADS else 1,
                    protocol,
                )


def _points(
    axis: str, path: Path, large: Iterable[float], cores: int
) -> Iterator[tuple[str, float]]:
    if axis == SIDE:
        side = float(read_model_file(path).card.input.size_px)
        yield from ((INTERPRETER, side), (VERDICT, side))
    elif axis == BATCH:
        yield from ((INTERPRETER, float(batch)) for batch in BATCHES)
    elif axis == THREADS:
        powers = (2**power for power in range(cores.bit_length()))
        yield from ((INTERPRETER, float(threads)) for threads in powers)
    elif axis == MEGAPIXELS:
        yield from ((VERDICT, megapixels) for megapixels in large)
    else:
        yield from ((VERDICT, float(count)) for count in PHOTO_COUNTS)
