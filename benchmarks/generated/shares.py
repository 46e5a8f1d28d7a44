"""A part of the real photos, as if a hospital had no more of them."""

import hashlib
from collections.abc import Iterable, Mapping

from edge_runtime.photos.manifest import COLUMNS, LabelledPhoto


def share_of_train(
    photos: Iterable[LabelledPhoto], share: float, seed: int
) -> tuple[LabelledPhoto, ...]:
    """All val and test photos, and the training photos of a share of the lesions.

    A smaller share of the same seed is part of a larger one.

    Args:
        photos: of a manifest.
        share: of the lesions in train, from 0 to 1.
        seed: chooses them.
    """
    return tuple(
        photo
        for photo in photos
        if photo.split != "train" or _place(photo.lesion, seed) < share
    )


def _place(lesion: str, seed: int) -> float:
    """A number in [0, 1) for each lesion, as good as random."""
    said = hashlib.sha256(f"{seed} {lesion}".encode("utf-8", "surrogateescape"))
    return int.from_bytes(said.digest()[:8], "big") / 2**64


def manifest_row(photo: LabelledPhoto) -> Mapping[str, str]:
    """The photo's row, with its absolute path."""
    values = (
        str(photo.path),
        "malignant" if photo.malignant else "benign",
        photo.split,
        photo.lesion,
        str(int(photo.lesion_in_train)),
    )
    return {**dict(zip(COLUMNS, values, strict=True)), **photo.columns}
