"""What conversion changed, photo by photo.

Two models with the same area under the curve may still disagree about single lesions;
the malignant ones lost are what this toolkit exists to count.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_runtime.evaluation.metrics import Labels, Scores
from edge_runtime.evaluation.sources import (
    Names,
    mean_auc,
    threshold_at_recall_of_all,
)
from edge_runtime.model.evidence import Comparison


@dataclass(frozen=True)
class Flips:
    """Photos that two models call differently; positions in the arrays given.

    Attributes:
        malignant_lost: malignant lesions that only the first model calls.
        malignant_gained: malignant lesions that only the second model calls.
        benign_lost: benign lesions that only the second model calls.
        benign_gained: benign lesions that only the first model calls.
    """

    malignant_lost: tuple[int, ...]
    malignant_gained: tuple[int, ...]
    benign_lost: tuple[int, ...]
    benign_gained: tuple[int, ...]


def flips(labels: Labels, first: NDArray[np.bool_], second: NDArray[np.bool_]) -> Flips:
    """Photos that two models call differently, split by what they show.

    Args:
        labels: 1 for malignant, 0 for benign.
        first: whether the first model calls the photo malignant.
        second: the same of the second model.
    """
    malignant = np.asarray(labels) == 1
    only_first, only_second = first & ~second, second & ~first

    def where(photos: NDArray[np.bool_]) -> tuple[int, ...]:
        return tuple(int(position) for position in np.flatnonzero(photos))

    return Flips(
        malignant_lost=where(malignant & only_first),
        malignant_gained=where(malignant & only_second),
        benign_lost=where(~malignant & only_second),
        benign_gained=where(~malignant & only_first),
    )


def flips_at_recall(
    labels: Labels,
    keras_scores: Scores,
    file_scores: Scores,
    target_recall: float,
    sources: Names | None = None,
) -> Flips:
    """``flips`` from the Keras model to the file, each at its own threshold."""
    first, second = (
        scores >= threshold_at_recall_of_all(labels, scores, target_recall, sources)
        for scores in (keras_scores, file_scores)
    )
    return flips(labels, first, second)


def comparison(
    labels: Labels,
    keras_scores: Scores,
    file_scores: Scores,
    *,
    target_recall: float,
    split: str,
    sources: Names | None = None,
) -> Comparison:
    """What conversion changed; both models reach the same recall, each in its way.

    Where the photos are of several ``sources``, both reach it in every source, and the
    areas under the curve are means over sources.
    """
    changed = flips_at_recall(labels, keras_scores, file_scores, target_recall, sources)
    difference = np.abs(np.float64(file_scores) - np.float64(keras_scores))
    return Comparison(
        split=split,
        n=int(labels.size),
        auc_keras=mean_auc(labels, keras_scores, sources),
        auc_file=mean_auc(labels, file_scores, sources),
        malignant_lost=len(changed.malignant_lost),
        malignant_gained=len(changed.malignant_gained),
        benign_lost=len(changed.benign_lost),
        benign_gained=len(changed.benign_gained),
        largest_difference=float(difference.max()),
        mean_difference=float(difference.mean()),
        distinct_scores=int(np.unique(file_scores).size),
    )
