"""Which photos show the converter what range each tensor takes.

They come from the training split alone: a range found on validation or test photos
would leak them into the file that is then judged on them.
"""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.errors import ConversionError, GateError
from edge_runtime.photos.manifest import LabelledPhoto, read_manifest
from edge_runtime.photos.preprocessing import load_pixels

DEFAULT_COUNT = 200
"""Enough: the TFLite guide asks for a few hundred, and ranges settle sooner."""


def representative_photos(
    photos: Sequence[LabelledPhoto], *, count: int = DEFAULT_COUNT, seed: int = 0
) -> tuple[LabelledPhoto, ...]:
    """Draw training photos at random, half of them malignant.

    Left out are training photos whose lesion or whose file is also in the validation
    or the test split, which some published splits contain.

    Args:
        photos: the whole manifest.
        count: photos to draw; fewer where a class has less than half of it.
        seed: the same seed draws the same photos.

    Raises:
        ConversionError: when no training photo of a class is left.
        ValueError: when ``count`` is below 2.
    """
    if count < 2:
        raise ValueError(f"count must be at least 2, one per class; got {count}")
    shared = _overlaps(photos, photos)
    generator = np.random.default_rng(seed)
    chosen: list[LabelledPhoto] = []
    for malignant in (True, False):
        pool = [
            photo
            for photo in photos
            if photo.split == "train"
            and photo.malignant == malignant
            and photo.path not in shared
        ]
        if not pool:
            kind = "malignant" if malignant else "benign"
            raise ConversionError(
                f"no {kind} training photo is left to find value ranges with. Expected"
                " a manifest whose train split has both classes."
            )
        drawn = generator.permutation(len(pool))[: count // 2]
        chosen.extend(pool[position] for position in drawn)
    return tuple(chosen[position] for position in generator.permutation(len(chosen)))


def refuse_held_out(
    chosen: Sequence[LabelledPhoto], photos: Sequence[LabelledPhoto]
) -> None:
    """Stop before photos that judge the file also shape it.

    Args:
        chosen: photos meant for calibration, from any manifest.
        photos: the manifest whose validation and test splits judge the file.

    Raises:
        GateError: naming the first photo of ``chosen`` that is not a training
            photo, or that shares its lesion or its file with a held-out one.
    """
    for photo in chosen:
        if photo.split != "train":
            raise GateError(
                f"{photo.path} belongs to the {photo.split} split; value ranges may"
                " only come from training photos. Pass those of the train split."
            )
    overlaps = _overlaps(chosen, photos)
    for photo in chosen:
        held_out = overlaps.get(photo.path)
        if held_out is None:
            continue
        same = "lesion" if photo.lesion == held_out.lesion else "file"
        raise GateError(
            f"{photo.path} shows the same {same} as {held_out.path} of the"
            f" {held_out.split} split. Leave it out of the calibration photos."
        )


def representative_batches(
    chosen: Sequence[LabelledPhoto], *, size_px: int, mean: float, std: float
) -> Iterator[NDArray[np.float32]]:
    """Each photo as the network sees it: (pixel - mean) / std.

    Yields:
        Arrays of shape ``(1, size_px, size_px, 3)``, one photo at a time.

    Raises:
        PhotoError: when a photo cannot be read.
    """
    for photo in chosen:
        pixels = load_pixels(photo.path, size_px)
        yield ((pixels[np.newaxis] - np.float32(mean)) / np.float32(std)).astype(
            np.float32
        )


def _overlaps(
    chosen: Sequence[LabelledPhoto], photos: Sequence[LabelledPhoto]
) -> dict[Path, LabelledPhoto]:
    """Files of training photos among ``chosen`` -> the held-out photo each repeats."""
    held_out = [photo for photo in photos if photo.split != "train"]
    by_lesion = {photo.lesion: photo for photo in held_out}
    by_size: dict[int, list[LabelledPhoto]] = {}
    for photo in held_out:
        by_size.setdefault(photo.path.stat().st_size, []).append(photo)
    found = {}
    for photo in chosen:
        if photo.split == "train":
            # Only files of one size can be equal; so most are never read.
            rivals = by_size.get(photo.path.stat().st_size, [])
            twin = by_lesion.get(photo.lesion) or _same_file(photo, rivals)
            if twin:
                found[photo.path] = twin
    return found


def _same_file(
    photo: LabelledPhoto, rivals: Sequence[LabelledPhoto]
) -> LabelledPhoto | None:
    own = _sha256(photo) if rivals else ""
    return next((rival for rival in rivals if _sha256(rival) == own), None)


def _sha256(photo: LabelledPhoto) -> str:
    return hashlib.sha256(photo.path.read_bytes()).hexdigest()


def calibration_photos(
    photos: Sequence[LabelledPhoto], named: Path | None, *, seed: int
) -> tuple[LabelledPhoto, ...]:
    """Those of the manifest ``named``, or some of the training split.

    Raises:
        GateError: when one of them is a validation or test photo under any name.
        ConversionError: when the training split lacks a class.
    """
    if named is None:
        return representative_photos(photos, seed=seed)
    chosen = read_manifest(named)
    refuse_held_out(chosen, photos)
    return chosen
