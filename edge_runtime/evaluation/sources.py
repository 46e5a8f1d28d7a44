"""Scores judged source by source: hospitals, cameras, collections.

Sources differ in the share of malignant photos. Over photos pooled, a model that knows
the camera looks better than it is, and one threshold misses lesions in one source while
another source pays for it. So thresholds and metrics are found within each source.

``labels`` are 1 for malignant; ``scores`` are raw; ``sources`` names each photo's
source, or is None for photos that are of one. All arrays have shape ``(n,)``.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_runtime.evaluation.metrics import (
    Labels,
    Scores,
    roc_auc,
    threshold_at_recall,
)

LEAST_MALIGNANT = 20
"""Malignant photos from which on a source's recall and AUC are stated and count. Of 20,
19 found leave the recall's 95 % interval at 0.76 to 0.99; fewer say next to nothing."""

LEAST_OTHER = 2
"""Other photos that a variance of an AUC needs."""

Names = NDArray[Any]
Masks = Mapping[str, NDArray[np.bool_]]


def photos_by_source(sources: Names) -> dict[str, NDArray[np.bool_]]:
    """Which photos are of each source, as masks, by name in alphabetical order."""
    return {str(name): sources == name for name in np.unique(sources)}


def is_judged(labels: Labels) -> bool:
    """Whether these photos of one source are enough to state recall and AUC."""
    malignant = int((np.asarray(labels) == 1).sum())
    return malignant >= LEAST_MALIGNANT and len(labels) - malignant >= LEAST_OTHER


def judged_sources(labels: Labels, sources: Names | None) -> dict[str, NDArray[Any]]:
    """Masks of the sources that count, by name.

    Where none has enough photos, or nothing is known of sources, all photos count as
    one group, which has no name.

    >>> labels = np.arange(120) % 3 == 0
    >>> names = np.repeat(["a", "b"], [100, 20])
    >>> list(judged_sources(labels, names)), list(judged_sources(labels, None))
    (['a'], [''])
    """
    if sources is not None:
        found = {
            name: mask
            for name, mask in photos_by_source(sources).items()
            if is_judged(labels[mask])
        }
        if found:
            return found
    return {"": np.ones(len(labels), np.bool_)}


def threshold_at_recall_of_all(
    labels: Labels, scores: Scores, target_recall: float, sources: Names | None
) -> float:
    """The highest score at which every source that counts reaches the target recall.

    For photos of one source this is ``metrics.threshold_at_recall``.

    Args:
        labels: 1 for malignant.
        scores: higher is more malignant.
        target_recall: share of each source's malignant lesions to find, in (0, 1].
        sources: of the photos.
    """
    return min(
        threshold_at_recall(labels[mask], scores[mask], target_recall)
        for mask in judged_sources(labels, sources).values()
    )


def mean_auc(labels: Labels, scores: Scores, sources: Names | None) -> float:
    """Mean over the sources that count of the AUC within each."""
    groups = judged_sources(labels, sources).values()
    return float(np.mean([roc_auc(labels[mask], scores[mask]) for mask in groups]))


def balanced_weights(
    labels: Labels, sources: Names | None
) -> NDArray[np.float64] | None:
    """Weights that give each label of each source that counts the same sum.

    Returns:
        Of sum 1; 0 for photos of sources that do not count. None for photos of one
        source, where each weighs the same.
    """
    groups = judged_sources(labels, sources)
    if "" in groups:
        return None
    weights = np.zeros(len(labels))
    for mask in groups.values():
        for label in (0, 1):
            members = mask & (np.asarray(labels) == label)
            weights[members] = 1 / (2 * len(groups) * members.sum())
    return weights
