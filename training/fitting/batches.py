"""Training photos, decoded once and served as augmented batches."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from edge_runtime.photos.decoding import read_photo
from edge_runtime.photos.manifest import LabelledPhoto
from edge_runtime.photos.preprocessing import centre_square, load_pixels, resize
from training.augmentation.covered_lesions import CANNOT_TELL, covered
from training.augmentation.pipelines import MILD, Augmentation
from training.datasets.questions import partly_hidden
from training.fitting.lessons import Course, Lessons

# Kept detail: enough for the closest zoom of any augmentation, and the bound that
# keeps 33,126 photos (SIIM-ISIC 2020) within 6.5 GB.
LARGEST_CACHED_PX = 256

# A random stream of its own, so that covering some photos changes no other.
_COVER_STREAM = 1

Inputs = NDArray[np.float32] | list[NDArray[np.float32]]
"""Pixels / 255; or these and answers, for a model of two inputs."""


@dataclass(frozen=True)
class Batch:
    """What one training step sees.

    Attributes:
        pixels: pixels / 255; shape ``(n, size, size, 3)``; float32.
        labels: 1 for malignant, or what teachers say; shape ``(n, 1)``; float32.
        weights: make both classes count the same; shape ``(n, 1)``; float32.
        answers: about the lesions; shape ``(n, SLOTS)``; None for the photo alone.
    """

    pixels: NDArray[np.float32]
    labels: NDArray[np.float32]
    weights: NDArray[np.float32]
    answers: NDArray[np.float32] | None = None

    @property
    def inputs(self) -> Inputs:
        """What a model is given."""
        return self.pixels if self.answers is None else [self.pixels, self.answers]


def decoded_squares(
    photos: Sequence[LabelledPhoto], size_px: int
) -> list[NDArray[np.uint8]]:
    """Centre squares at up to four times the model's size, for augmenting."""
    side_px = min(4 * size_px, LARGEST_CACHED_PX)
    squares = []
    for photo in tqdm(photos, desc="decode", unit="photo", disable=None):
        square = centre_square(read_photo(photo.path, for_size_px=size_px))
        squares.append(resize(square, side_px) if len(square) > side_px else square)
    return squares


def model_inputs(photos: Sequence[LabelledPhoto], size_px: int) -> NDArray[np.float32]:
    """Photos exactly as the runtime shows them to a model, divided by 255."""
    pixels = [load_pixels(photo.path, size_px) for photo in photos]
    return np.stack(pixels).astype(np.float32) / np.float32(255)


def labels_of(photos: Sequence[LabelledPhoto]) -> NDArray[np.int64]:
    """1 for malignant, 0 for benign; shape ``(n,)``."""
    return np.array([photo.malignant for photo in photos], dtype=np.int64)


@dataclass(frozen=True)
class AugmentedPhotos:
    """An endless supply of epochs, each a pure function of seed and epoch number.

    Epochs from number ``mild_from`` on are augmented mildly. With ``lessons`` they show
    the views that teachers judged, in right angles and mirror images of which a
    teacher's word is as true; ``views`` keeps those already made. ``answers`` about
    the lesions, shape ``(photos, SLOTS)``, come with some of them hidden. A share of
    ``covered`` photos has its lesion covered and says *cannot tell*.
    """

    squares: Sequence[NDArray[np.uint8]]
    labels: NDArray[np.int64]
    size_px: int
    augmentation: Augmentation
    batch_size: int
    seed: int
    mild_from: int = 1
    lessons: Lessons | None = None
    views: dict[tuple[int, int], NDArray[np.uint8]] = field(default_factory=dict)
    answers: NDArray[np.float32] | None = None
    covered: float = 0.0

    @property
    def steps(self) -> int:
        """Batches in one epoch; photos that fill no batch wait for another epoch."""
        return max(1, len(self.squares) // self.batch_size)

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of one epoch; the next one is made while one is used."""
        order = np.random.default_rng([self.seed, number]).permutation(
            len(self.squares)
        )
        parts = np.array_split(order[: self.steps * self.batch_size], self.steps)
        with ThreadPoolExecutor(max_workers=1) as worker:
            waiting = worker.submit(self._batch, parts[0], number)
            for part in parts[1:]:
                ready = waiting.result()
                waiting = worker.submit(self._batch, part, number)
                yield ready
            yield waiting.result()

    def _batch(self, part: NDArray[np.int64], number: int) -> Batch:
        labels = self.labels[part]
        share = np.bincount(self.labels, minlength=2) / len(self.labels)
        if self.lessons is None:
            targets = labels.astype(np.float32)
            pixels = [self._changed(index, number) for index in part.tolist()]
        else:
            course = self.lessons.course
            view = course.view_of_epoch(number, self.mild_from)
            targets = self.lessons.targets(self.labels, view, part)
            pixels = [
                self._turned(self._view(course, index, view), index, number)
                for index in part.tolist()
            ]
        if self.covered:
            self._cover(pixels, targets, part, number)
        return Batch(
            pixels=np.stack(pixels).astype(np.float32) / np.float32(255),
            labels=targets[:, None],
            weights=(0.5 / share[labels])[:, None].astype(np.float32),
            answers=self._told(part, number),
        )

    def _cover(
        self,
        pixels: list[NDArray[np.uint8]],
        targets: NDArray[np.float32],
        part: NDArray[np.int64],
        number: int,
    ) -> None:
        """Cover the lesion on some of a batch's photos, in place."""
        for place, index in enumerate(part.tolist()):
            rng = np.random.default_rng([self.seed, number, index, _COVER_STREAM])
            if rng.random() < self.covered:
                pixels[place], targets[place] = covered(pixels[place], rng), CANNOT_TELL

    def _told(self, part: NDArray[np.int64], number: int) -> NDArray[np.float32] | None:
        if self.answers is None:
            return None
        rng = np.random.default_rng([self.seed, number, *part.tolist()])
        return partly_hidden(self.answers[part], rng)

    def _changed(self, index: int, number: int) -> NDArray[np.uint8]:
        rng = np.random.default_rng([self.seed, number, index])
        strength = MILD if number >= self.mild_from else 1.0
        return self.augmentation(self.squares[index], self.size_px, rng, strength)

    def _view(self, course: Course, index: int, view: int) -> NDArray[np.uint8]:
        if (view, index) not in self.views:
            self.views[view, index] = course.pixels(
                self.squares[index], index, view, self.size_px
            )
        return self.views[view, index]

    def _turned(
        self, pixels: NDArray[np.uint8], index: int, number: int
    ) -> NDArray[np.uint8]:
        rng = np.random.default_rng([self.seed, number, index])
        turned = np.rot90(pixels, int(rng.integers(4)))
        return turned[:, ::-1] if rng.random() < 0.5 else turned
