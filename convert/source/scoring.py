"""Photos of a manifest, and the scores that Keras and the file give them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from convert.source.answers import answers_of
from convert.source.model import Source
from edge_runtime.model.interpreter import TfliteModel
from edge_runtime.photos.manifest import LabelledPhoto, sources_of
from edge_runtime.photos.preprocessing import load_pixels, preprocess
from training.fitting.batches import labels_of

# Normalisation of all networks trained here: real input = pixel / 255.
MEAN, STD = 0.0, 255.0


@dataclass(frozen=True)
class Photos:
    """Preprocessed photos of one split, read once and scored by both models.

    Attributes:
        pixels: shape ``(n, size, size, 3)``; uint8.
        labels: 1 for malignant; shape ``(n,)``.
        answers: about the lesions; shape ``(n, slots)``; None for the photo alone.
        sources: see ``manifest.sources_of``.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    answers: NDArray[np.float32] | None = None
    sources: NDArray[Any] | None = None

    def resized(self, size_px: int) -> "Photos":
        """The same photos as smaller squares; themselves where they have that size."""
        if self.pixels.shape[1] == size_px:
            return self
        return replace(
            self, pixels=np.stack([preprocess(each, size_px) for each in self.pixels])
        )

    def at(self, places: Sequence[int]) -> "Photos":
        """Some of them, by their positions."""
        answers = None if self.answers is None else self.answers[places]
        return Photos(self.pixels[places], self.labels[places], answers)

    @property
    def size_px(self) -> int:
        """Side of the squares."""
        return int(self.pixels.shape[1])

    @property
    def real(self) -> NDArray[np.float32]:
        """The model's real input, as far as it is the picture."""
        return (self.pixels.astype(np.float32) - MEAN) / STD


def read_photos(
    photos: Sequence[LabelledPhoto], size_px: int, what: str, slots: int = 0
) -> Photos:
    """Preprocess photos as the runtime does, with a progress bar named ``what``.

    Args:
        photos: rows of the manifest.
        size_px: side of the squares.
        what: they are.
        slots: of the model's answers; see ``Source``.
    """
    bar = tqdm(photos, desc=what, unit="photo", disable=None)
    pixels = [load_pixels(photo.path, size_px) for photo in bar]
    return Photos(
        np.stack(pixels),
        labels_of(photos),
        answers_of(photos, slots),
        sources_of(photos),
    )


def keras_scores(source: Source, photos: Photos) -> NDArray[np.float64]:
    """Probabilities of the Keras model."""
    if photos.answers is not None:
        return source.scores([photos.real, photos.answers])
    return source.scores(photos.real)


def file_scores(model: TfliteModel, photos: Photos) -> NDArray[np.float64]:
    """Probabilities of the converted file, through its own interpreter."""
    table = model.input.store_pixels(MEAN, STD)
    outputs = (
        [model.infer(table[pixels][None]) for pixels in photos.pixels]
        if photos.answers is None or model.answers is None
        else [
            model.infer(table[pixels][None], told[None])
            for pixels, told in zip(
                photos.pixels, model.answers.store(photos.answers), strict=True
            )
        ]
    )
    return np.array([float(model.output.restore(output)[0]) for output in outputs])
