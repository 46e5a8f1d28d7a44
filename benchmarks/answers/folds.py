"""Patients in folds: each photo is judged by a network that never saw its patient.

All photos of a patient lie in one fold. Each fold is judged by a network that learnt
from the others, but for a tenth of the patients, which chose its epoch and threshold.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.errors import BenchmarkError
from edge_runtime.photos.manifest import COLUMNS, LabelledPhoto

PATIENT = "patient"
"""The manifest's column; photos without one belong to their lesion's name."""

PARTS_OF_A_FOLD = 2
"""Tenths of the patients that five folds judge at a time; one more tenth validates."""


def patient_of(photo: LabelledPhoto) -> str:
    """Whose photo it is."""
    return photo.columns.get(PATIENT, "").strip() or photo.lesion


def fold_rows(
    photos: Sequence[LabelledPhoto], fold: int, folds: int, seed: int
) -> list[Mapping[str, str]]:
    """Rows of the manifest in which one fold is the test split.

    Args:
        photos: of the whole manifest, in its order.
        fold: which, from 0.
        folds: how many there are.
        seed: deals the patients out; those with a malignant lesion apart from the
            others, so that each part has its share.

    Raises:
        BenchmarkError: when there are too few patients.
    """
    parts = _parts(photos, PARTS_OF_A_FOLD * folds, seed)
    first = PARTS_OF_A_FOLD * fold
    test = range(first, first + PARTS_OF_A_FOLD)
    val = (first + PARTS_OF_A_FOLD) % (PARTS_OF_A_FOLD * folds)
    rows: list[Mapping[str, str]] = []
    for photo in photos:
        part = parts[patient_of(photo)]
        split = "test" if part in test else "val" if part == val else "train"
        values = (
            str(photo.path),
            "malignant" if photo.malignant else "benign",
            split,
            photo.lesion,
            "0",
        )
        rows.append({**dict(zip(COLUMNS, values, strict=True)), **photo.columns})
    return rows


def _parts(photos: Sequence[LabelledPhoto], count: int, seed: int) -> dict[str, int]:
    """The part of each patient."""
    malignant = {patient_of(photo) for photo in photos if photo.malignant}
    others = {patient_of(photo) for photo in photos} - malignant
    if min(len(malignant), len(others)) < count:
        raise BenchmarkError(
            f"{len(malignant)} patients have a malignant lesion and {len(others)} have"
            f" none; expected at least {count} of each for {count // PARTS_OF_A_FOLD}"
            " folds. Give fewer --folds"
        )
    rng = np.random.default_rng(seed)
    parts = {}
    for group in (malignant, others):
        names = sorted(group)
        for place, index in enumerate(rng.permutation(len(names)).tolist()):
            parts[names[index]] = place % count
    return parts
