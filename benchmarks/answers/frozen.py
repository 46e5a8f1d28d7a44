"""What a finished network sees of photos that it did not learn, and regressions.

Cheaper than training by hours: what a network of another kind of photo already sees is
read once, and a logistic regression joins it with the answers. Imbalance can be met in
the same space, before the regression.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.robustness.run_scores import run_scores
from edge_runtime.evaluation.metrics import roc_auc
from edge_runtime.photos.manifest import SPLITS, LabelledPhoto

PLAIN, WEIGHTS, MUTATION = "plain", "weights", "mutation"
FACTOR = 0.5
"""F of a + F (b - c), as ``training/fitting/mutation.py`` has it."""

STRENGTHS = (0.001, 0.01, 0.1)
"""Of the regression, inverse; the one best on the validation photos is kept."""


@dataclass(frozen=True)
class Probe:
    """A regression on frozen features.

    Attributes:
        name: of its row in the JSON file.
        title: of its row.
        columns: answers beside the features; none for the image alone.
        balance: ``"plain"``, ``"weights"`` or ``"mutation"``.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    balance: str = WEIGHTS


def features_of(
    run: Path, manifest: Path, photos: Sequence[LabelledPhoto]
) -> NDArray[np.float64]:
    """What the run's last layer is given of each photo; shape ``(n, k)``.

    Raises:
        BenchmarkError: when the run cannot judge the photos.
    """
    splits = np.array([photo.split for photo in photos])
    found: dict[str, NDArray[np.float64]] = {}
    for split in SPLITS:
        if (splits == split).any():
            found[split] = run_scores(run, manifest, split).features
    width = next(iter(found.values())).shape[1]
    features = np.zeros((len(photos), width))
    for split, values in found.items():
        features[splits == split] = values
    return features


def probed(
    table: NDArray[np.float64],
    labels: NDArray[np.int64],
    splits: NDArray[np.str_],
    balance: str,
    seed: int,
) -> NDArray[np.float64]:
    """Probabilities of malignancy of all rows; shape ``(n,)``."""
    from sklearn.linear_model import LogisticRegression

    learnt, val = splits == "train", splits == "val"
    middle, spread = table[learnt].mean(axis=0), table[learnt].std(axis=0)
    values = (table - middle) / np.where(spread > 0, spread, 1.0)
    rows, targets = values[learnt], labels[learnt]
    if balance == MUTATION:
        rows, targets = filled_up(rows, targets, np.random.default_rng(seed))
    best, scores = -1.0, np.zeros(len(labels))
    for strength in STRENGTHS:
        model = LogisticRegression(
            C=strength,
            max_iter=2000,
            class_weight="balanced" if balance == WEIGHTS else None,
        )
        model.fit(rows, targets)
        given = model.predict_proba(values)[:, 1]
        if (auc := roc_auc(labels[val], given[val])) > best:
            best, scores = auc, np.asarray(given)
    return scores


def filled_up(
    rows: NDArray[np.float64], labels: NDArray[np.int64], rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Both labels as often: the rarer one with mutated vectors a + F (b - c)."""
    counts = np.bincount(labels, minlength=2)
    rarer = int(counts.argmin())
    own = np.flatnonzero(labels == rarer)
    added = [
        rows[a] + FACTOR * (rows[b] - rows[c])
        for a, b, c in (
            rng.choice(own, 3, replace=False) for _ in range(abs(counts[0] - counts[1]))
        )
    ]
    if not added:
        return rows, labels
    return (
        np.concatenate([rows, np.stack(added)]),
        np.concatenate([labels, np.full(len(added), rarer)]),
    )
