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
from training.datasets.questions import ALL_HIDDEN, partly_hidden
from training.fitting.soft_labels import Course, SoftLabels
from training.fitting.sources import BalancedDraws

# Kept detail: enough for the closest zoom of any augmentation, and the bound that
# keeps 33,126 photos (SIIM-ISIC 2020) within 6.5 GB.
LARGEST_CACHED_PX = 256
# Changed photos kept for later epochs; further ones are made again each time.
KEPT_VIEWS_BYTES = 4 << 30

# A random stream of its own, so that covering some photos changes no other.
_COVER_STREAM = 1
# Further streams for a photo that one epoch shows more than once.
_REPEAT_STREAM = 2

Inputs = NDArray[np.float32] | list[NDArray[np.float32]]
"""Pixels / 255; or these and answers, for a model of two inputs."""


@dataclass(frozen=True)
class Batch:
    """What one training step sees.

    Attributes:
        pixels: pixels / 255; shape ``(n, size, size, 3)``; float32.
        labels: 1 for malignant, or soft labels; shape ``(n, 1)``; float32.
        weights: make both classes count the same; shape ``(n, 1)``; float32.
        answers: about the lesions; shape ``(n, slots)``; None for the photo alone.
        diagnoses: classes; shape ``(n,)``; None where they are not learnt.
    """

    pixels: NDArray[np.float32]
    labels: NDArray[np.float32]
    weights: NDArray[np.float32]
    answers: NDArray[np.float32] | None = None
    diagnoses: NDArray[np.int64] | None = None

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

    Epochs from number ``mild_from`` on are augmented mildly. With ``soft_labels`` they
    show the views that teachers judged, in right angles and mirror images of which a
    teacher's word is as true; ``views`` keeps those already made. ``answers`` about the
    lesions, shape ``(photos, slots)``, come with some of them hidden, and of a share
    ``all_hidden`` of the photos all. A share of
    ``covered`` photos has its lesion covered and says *cannot tell*. ``draws`` choose
    the photos of an epoch, each changed anew as often as it is drawn; without them
    every photo is shown once, and weights make both classes count the same unless
    ``weighted`` is False.
    ``diagnoses`` are classes to be learnt beside the label; shape ``(photos,)``.
    """

    squares: Sequence[NDArray[np.uint8]]
    labels: NDArray[np.int64]
    size_px: int
    augmentation: Augmentation
    batch_size: int
    seed: int
    mild_from: int = 1
    soft_labels: SoftLabels | None = None
    views: dict[tuple[int, int], NDArray[np.uint8]] = field(default_factory=dict)
    answers: NDArray[np.float32] | None = None
    all_hidden: float = ALL_HIDDEN
    covered: float = 0.0
    draws: BalancedDraws | None = None
    diagnoses: NDArray[np.int64] | None = None
    weighted: bool = True

    @property
    def steps(self) -> int:
        """Batches in one epoch; photos that fill no batch wait for another epoch."""
        shown = len(self.squares if self.draws is None else self.draws)
        return max(1, shown // self.batch_size)

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of one epoch; the next one is made while one is used."""
        rng = np.random.default_rng([self.seed, number])
        if self.draws is None:
            indices = rng.permutation(len(self.squares))
            repeats = np.zeros_like(indices)
        else:
            indices, repeats = self.draws.order(rng)
        order = np.stack([indices, repeats], axis=1)
        parts = np.array_split(order[: self.steps * self.batch_size], self.steps)
        with ThreadPoolExecutor(max_workers=1) as worker:
            waiting = worker.submit(self._batch, parts[0], number)
            for part in parts[1:]:
                ready = waiting.result()
                waiting = worker.submit(self._batch, part, number)
                yield ready
            yield waiting.result()

    def _batch(self, part: NDArray[np.int64], number: int) -> Batch:
        indices = part[:, 0]
        labels = self.labels[indices]
        if self.soft_labels is None:
            targets = labels.astype(np.float32)
            pixels = [
                self._changed(index, repeat, number) for index, repeat in part.tolist()
            ]
        else:
            course = self.soft_labels.course
            views = [
                course.view_of_epoch(number, self.mild_from, repeat)
                for repeat in part[:, 1].tolist()
            ]
            targets = self.soft_labels.targets(self.labels, views, indices)
            pixels = [
                self._turned(self._view(course, index, view), index, repeat, number)
                for (index, repeat), view in zip(part.tolist(), views, strict=True)
            ]
        if self.covered:
            self._cover(pixels, targets, part, number)
        return Batch(
            pixels=np.stack(pixels).astype(np.float32) / np.float32(255),
            labels=targets[:, None],
            weights=self._weights(labels)[:, None],
            answers=self._told(indices, number),
            diagnoses=None if self.diagnoses is None else self.diagnoses[indices],
        )

    def _weights(self, labels: NDArray[np.int64]) -> NDArray[np.float32]:
        """Balanced draws need none."""
        if self.draws is not None or not self.weighted:
            return np.ones(len(labels), np.float32)
        share = np.bincount(self.labels, minlength=2) / len(self.labels)
        return (0.5 / share[labels]).astype(np.float32)

    def _rng(self, index: int, repeat: int, number: int) -> np.random.Generator:
        """Of one drawing of one photo in one epoch."""
        again = [_REPEAT_STREAM + repeat] if repeat else []
        return np.random.default_rng([self.seed, number, index, *again])

    def _cover(
        self,
        pixels: list[NDArray[np.uint8]],
        targets: NDArray[np.float32],
        part: NDArray[np.int64],
        number: int,
    ) -> None:
        """Cover the lesion on some of a batch's photos, in place."""
        for place, (index, repeat) in enumerate(part.tolist()):
            again = [repeat] if repeat else []
            rng = np.random.default_rng(
                [self.seed, number, index, _COVER_STREAM, *again]
            )
            if rng.random() < self.covered:
                pixels[place], targets[place] = covered(pixels[place], rng), CANNOT_TELL

    def _told(self, part: NDArray[np.int64], number: int) -> NDArray[np.float32] | None:
        if self.answers is None:
            return None
        rng = np.random.default_rng([self.seed, number, *part.tolist()])
        return partly_hidden(self.answers[part], rng, self.all_hidden)

    def _changed(self, index: int, repeat: int, number: int) -> NDArray[np.uint8]:
        rng = self._rng(index, repeat, number)
        strength = MILD if number >= self.mild_from else 1.0
        return self.augmentation(self.squares[index], self.size_px, rng, strength)

    def _view(self, course: Course, index: int, view: int) -> NDArray[np.uint8]:
        kept = self.views.get((view, index))
        if kept is not None:
            return kept
        pixels = course.pixels(self.squares[index], index, view, self.size_px)
        if len(self.views) * pixels.nbytes < KEPT_VIEWS_BYTES:
            self.views[view, index] = pixels
        return pixels

    def _turned(
        self, pixels: NDArray[np.uint8], index: int, repeat: int, number: int
    ) -> NDArray[np.uint8]:
        rng = self._rng(index, repeat, number)
        turned = np.rot90(pixels, int(rng.integers(4)))
        return turned[:, ::-1] if rng.random() < 0.5 else turned
