"""What changes for people when one model file takes another's place.

Cards say how each does on its own test; here both judge the same photos, each at its
own threshold, and each photo whose decision changes is a flip.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_runtime.classifier import LesionClassifier
from edge_runtime.measuring.latency import measure_latency
from edge_runtime.photos.preprocessing import load_pixels

_WARM_UP, _RUNS = 20, 200


@dataclass(frozen=True)
class Flips:
    """Photos that one file calls malignant and the other does not.

    Attributes:
        photos: looked at.
        raised: called malignant by the second file only.
        dropped: called malignant by the first file only.
        malignant_lost: of the dropped, those labelled malignant; None without labels.
        malignant_gained: of the raised, those labelled malignant; None without labels.
    """

    photos: int
    raised: tuple[str, ...]
    dropped: tuple[str, ...]
    malignant_lost: int | None
    malignant_gained: int | None


def calls(path: Path, photos: Sequence[Path]) -> NDArray[np.bool_]:
    """Which photos a file calls malignant at its own card's threshold.

    Raises:
        ModelFileError: when the file cannot be used.
        PhotoError: when a photo cannot be read.
    """
    classifier = LesionClassifier.load(path, threads=1, site=False)
    card = classifier.card
    scores = (
        classifier.score(load_pixels(photo, card.input.size_px)) for photo in photos
    )
    return np.array([score >= card.threshold.score for score in scores], bool)


def flips(
    photos: Sequence[Path],
    first: NDArray[np.bool_],
    second: NDArray[np.bool_],
    malignant: NDArray[np.bool_] | None,
) -> Flips:
    """Compare two files' calls on the same photos.

    >>> calls = np.array([True, False]), np.array([False, False])
    >>> flips([Path("a"), Path("b")], *calls, np.array([True, True])).malignant_lost
    1
    """
    raised, dropped = second & ~first, first & ~second
    return Flips(
        len(photos),
        tuple(str(photos[int(place)]) for place in np.flatnonzero(raised)),
        tuple(str(photos[int(place)]) for place in np.flatnonzero(dropped)),
        None if malignant is None else int((dropped & malignant).sum()),
        None if malignant is None else int((raised & malignant).sum()),
    )


def median_ms(path: Path) -> float:
    """Of one inference here, on one thread.

    Raises:
        ModelFileError: when the file cannot be used.
    """
    classifier = LesionClassifier.load(path, threads=1, site=False)
    size_px = classifier.card.input.size_px
    pixels = np.zeros((size_px, size_px, 3), np.uint8)
    return measure_latency(
        lambda: classifier.score(pixels), warmup=_WARM_UP, runs=_RUNS
    ).median_ms
