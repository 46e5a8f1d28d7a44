"""Sets of photos of the same make-up: as many of each source and label in every set.

Sources and labels differ more than photos within them do. Two sets of different make-up
are far apart though each photo is perfect, so real photos are drawn for the make-up of
the generated ones.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import BenchmarkError
from edge_runtime.photos.manifest import NO_SOURCE, SOURCE, LabelledPhoto
from edge_runtime.photos.preprocessing import load_pixels

SIZE_PX = 64


@dataclass(frozen=True)
class PhotoSet:
    """Photos as a network sees them.

    Attributes:
        name: of the set.
        pixels: RGB; shape ``(n, SIZE_PX, SIZE_PX, 3)``; uint8.
        malignant: 1 or 0, for generated photos what was asked for; shape ``(n,)``.
        sources: likewise; shape ``(n,)``.
    """

    name: str
    pixels: NDArray[np.uint8]
    malignant: NDArray[np.int64]
    sources: NDArray[Any]


def photo_set(name: str, photos: Sequence[LabelledPhoto]) -> PhotoSet:
    """Read photos.

    Raises:
        PhotoError: when one cannot be read.
    """
    return PhotoSet(
        name,
        np.stack([load_pixels(photo.path, SIZE_PX) for photo in photos]),
        np.array([int(photo.malignant) for photo in photos]),
        np.array([group(photo)[0] for photo in photos]),
    )


def group(photo: LabelledPhoto) -> tuple[str, bool]:
    """Source and label."""
    return photo.columns.get(SOURCE, "").strip() or NO_SOURCE, photo.malignant


def of_make_up(
    photos: Sequence[LabelledPhoto], wanted: Counter[tuple[str, bool]], seed: int
) -> tuple[LabelledPhoto, ...]:
    """Photos drawn so that each source and label comes as often as wanted.

    A group that has fewer gives all that it has.

    Raises:
        BenchmarkError: when a wanted group has no photo at all.
    """
    drawn: list[LabelledPhoto] = []
    for (source, malignant), count in sorted(wanted.items()):
        members = [each for each in photos if group(each) == (source, malignant)]
        if not members:
            label = "malignant" if malignant else "benign"
            raise BenchmarkError(
                f"--manifest has no {label} photo of {source} to compare with; expected"
                " the manifest that the generators learnt from"
            )
        order = np.random.default_rng([seed, len(drawn)]).permutation(len(members))
        drawn += [members[place] for place in order[:count]]
    return tuple(drawn)
