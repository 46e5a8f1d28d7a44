"""Answers alone, without a photo: the baseline that a network has to beat."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge_runtime.photos.manifest import LabelledPhoto

AGES = ("age", "age_approx")


def table_of(
    photos: Sequence[LabelledPhoto], columns: Sequence[str], *, absence_only: bool
) -> NDArray[np.float64]:
    """Answers as numbers; shape ``(n, k)``.

    Ages in units of 100 years, and every other answer as a place for each word. A
    missing one is a word of its own.

    Args:
        photos: of the whole manifest, so that all parts of it share the places.
        columns: of the manifest.
        absence_only: one number for each column, 1 where it is empty.
    """
    parts = []
    for name in columns:
        cells = [photo.columns.get(name, "").strip() for photo in photos]
        empty = np.array([not cell for cell in cells], np.float64)
        if absence_only:
            parts.append(empty[:, None])
        elif name in AGES:
            ages = [float(cell) / 100 if cell else 0.0 for cell in cells]
            parts.append(np.stack([np.array(ages), empty], axis=1))
        else:
            words = sorted(set(cells))
            parts.append(np.array([[cell == w for w in words] for cell in cells]) * 1.0)
    return np.concatenate(parts, axis=1)


def regressed(
    table: NDArray[np.float64], labels: NDArray[np.int64], learnt: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Probabilities of malignancy of all rows, by those learnt from; shape ``(n,)``."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1.0, max_iter=5000, class_weight="balanced")
    model.fit(table[learnt], labels[learnt])
    return np.asarray(model.predict_proba(table)[:, 1])
