"""What a generator is told of a photo: its label and its source, as numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_runtime.photos.manifest import NO_SOURCE, SOURCE, LabelledPhoto
from training.errors import TrainingError

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Asked:
    """Label and source of photos that are to be drawn.

    Attributes:
        malignant: shape ``(n,)``; bool.
        source: index into ``Conditions.sources``; shape ``(n,)``; int64.
    """

    malignant: NDArray[np.bool_]
    source: NDArray[np.int64]


@dataclass(frozen=True)
class Conditions:
    """The sources that a generator knows, and how often each label occurs there.

    Attributes:
        sources: names, sorted.
        counts: training photos by source and label, benign first; shape
            ``(sources, 2)``; int64.
    """

    sources: tuple[str, ...]
    counts: NDArray[np.int64]

    @property
    def width(self) -> int:
        """Length of a vector: one number for the label, one for each source."""
        return 1 + len(self.sources)

    def vectors(self, asked: Asked) -> Vectors:
        """What the networks are given; shape ``(n, width)``; 0 or 1."""
        found = np.zeros((len(asked.source), self.width), np.float32)
        found[:, 0] = asked.malignant
        found[np.arange(len(found)), 1 + asked.source] = 1
        return found

    def of(self, photos: Sequence[LabelledPhoto]) -> Vectors:
        """The vectors of photos whose sources are all known; shape ``(n, width)``."""
        return self.vectors(
            Asked(
                np.array([photo.malignant for photo in photos]),
                np.array([self.sources.index(source_of(photo)) for photo in photos]),
            )
        )

    def drawn(self, count: int, seed: int, like_source: str | None = None) -> Asked:
        """Labels and sources as the training photos have them.

        Args:
            count: photos.
            seed: chooses them; the first ones are the same for any ``count``.
            like_source: where given, every photo is to look as of this source, and
                labels come in the proportion of all sources together.

        Raises:
            TrainingError: when the source is none that the generator knows.
        """
        counts = self.counts
        if like_source is not None:
            if like_source not in self.sources:
                raise TrainingError(
                    f"--like-source {like_source!r} is no source of the training"
                    f" photos; expected one of {', '.join(self.sources)}"
                )
            counts = np.zeros_like(self.counts)
            counts[self.sources.index(like_source)] = self.counts.sum(axis=0)
        cumulated = np.cumsum(counts.ravel()) / counts.sum()
        # One number a photo, so that the first photos do not depend on the count.
        places = np.searchsorted(
            cumulated, np.random.default_rng([seed, _STREAM]).random(count), "right"
        )
        return Asked(places % 2 == 1, places // 2)


_STREAM = 7
"""A random stream of its own, so that noise and conditions are independent."""


def conditions_of(photos: Sequence[LabelledPhoto]) -> Conditions:
    """The sources and labels of training photos."""
    names = [source_of(photo) for photo in photos]
    sources = tuple(sorted({*names}))
    counts = np.zeros((len(sources), 2), np.int64)
    for name, photo in zip(names, photos, strict=True):
        counts[sources.index(name), int(photo.malignant)] += 1
    return Conditions(sources, counts)


def source_of(photo: LabelledPhoto) -> str:
    """The photo's source, ``NO_SOURCE`` where its row names none."""
    return photo.columns.get(SOURCE, "").strip() or NO_SOURCE
