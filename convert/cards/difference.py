"""What changes for people when one model file takes another's place.

Cards say how each does on its own test; here both judge the same photos, each at its
own threshold, and each photo whose decision changes is a flip.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_runtime.classifier import LesionClassifier
from edge_runtime.measuring.latency import measure_latency
from edge_runtime.photos.preprocessing import load_pixels

_WARM_UP, _RUNS = 20, 200


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
