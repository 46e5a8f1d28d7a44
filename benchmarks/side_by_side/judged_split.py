"""The photos of one split, as several model files judge them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import BenchmarkError
from benchmarks.text.formatting import estimate
from edge_runtime.classifier import LesionClassifier
from edge_runtime.evaluation.intervals import delong_interval
from edge_runtime.evaluation.metrics import roc_auc
from edge_runtime.photos.manifest import LabelledPhoto, photos_of, sources_of
from edge_runtime.photos.preprocessing import load_pixels
from edge_runtime.terminal.progress import ProgressLine


@dataclass(frozen=True)
class JudgedSplit:
    """Labels and scores of the same photos, in one order.

    Attributes:
        labels: 1 for malignant; shape ``(n,)``.
        clean: photos whose lesion is not in train; shape ``(n,)``.
        scores: of each file, between 0 and 1; shape ``(n, files)``.
    """

    labels: NDArray[np.int64]
    clean: NDArray[np.bool_]
    scores: NDArray[np.float64]


def judged_split(
    files: Mapping[str, LesionClassifier],
    photos: Sequence[LabelledPhoto],
    split: str,
    line: ProgressLine,
) -> JudgedSplit:
    """Show every photo of ``split`` to every file.

    Raises:
        BenchmarkError: when the photos are of several sources; pooled, their figures
            would tell how often each source is malignant.
        PhotoError: when a photo cannot be read.
    """
    chosen = photos_of(photos, split)
    if (names := sources_of(chosen)) is not None:
        raise BenchmarkError(
            f"the {split} split has photos of {', '.join(map(str, np.unique(names)))};"
            " expected one source. Give the manifest of one source; benchmarks/run.py"
            " judges several, each by itself."
        )
    scores = np.empty((len(chosen), len(files)))
    for place, photo in enumerate(chosen):
        if place % 20 == 0:
            line.show(split, place, len(chosen))
        for column, file in enumerate(files.values()):
            pixels = load_pixels(photo.path, file.card.input.size_px)
            scores[place, column] = file.score(pixels)
    return JudgedSplit(
        np.array([int(photo.malignant) for photo in chosen]),
        np.array([not photo.lesion_in_train for photo in chosen]),
        scores,
    )


def aucs_in_words(judged: JudgedSplit, scores: NDArray[np.float64]) -> tuple[str, str]:
    """AUC with DeLong's interval, on all photos and on the clean ones.

    Args:
        judged: whose photos.
        scores: one file's, or those of several together; shape ``(n,)``.
    """
    all_photos = np.ones(len(judged.labels), np.bool_)
    every, clean = (
        estimate(
            roc_auc(judged.labels[chosen], scores[chosen]),
            delong_interval(judged.labels[chosen], scores[chosen]),
        )
        for chosen in (all_photos, judged.clean)
    )
    return every, clean
