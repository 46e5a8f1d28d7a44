"""From a site's labels and scores to its own operating point, with its evidence.

Arithmetic on arrays: ``labels`` (1 malignant), raw ``scores`` and ``lesions`` (which
lesion a photo shows) of the same photos in the same order, all of shape ``(n,)``.
"""

import dataclasses
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_runtime.errors import SiteFileError
from edge_runtime.evaluation.intervals import delong_interval
from edge_runtime.evaluation.metrics import (
    Labels,
    Scores,
    confusion,
    roc_auc,
    threshold_at_recall,
)
from edge_runtime.model.evidence import Accuracy
from edge_runtime.model.operating_point import accuracy, share_of
from edge_runtime.site_calibration.file import SITE_SPLIT

FOLDS = 5

# The 95 % Wilson interval of the recall must reach down no further than this below the
# target, and that of the specificity be no wider than plus or minus 0.15. Less, and the
# card's own threshold is as good a guess.
WIDEST_BELOW_TARGET = 0.10
LEAST_OTHER = 40

_CHANCE = 0.5
_LEAST_FOR_AUC = 2
_Z = 1.959963984540054  # 97.5 % quantile of the normal distribution


def needed_malignant(target_recall: float) -> int:
    """How many malignant lesions a threshold at this recall needs.

    The smallest n at which Wilson's lower end for a share of ``target_recall`` is at
    most ``WIDEST_BELOW_TARGET`` below it.

    >>> needed_malignant(0.95), needed_malignant(0.9), needed_malignant(1.0)
    (49, 62, 35)
    """

    def low(n: int) -> float:
        centre = target_recall + _Z**2 / (2 * n)
        spread = target_recall * (1 - target_recall) / n + _Z**2 / (4 * n * n)
        return (centre - _Z * math.sqrt(spread)) / (1 + _Z**2 / n)

    n = 1
    while low(n) < target_recall - WIDEST_BELOW_TARGET:
        n += 1
    return n


def aimed_recall(target_recall: float, n: int) -> float:
    """Recall to reach on n malignant photos, so that other ones reach the target.

    A threshold that just reaches the target on the photos it was chosen on misses more
    of others. With k of n malignant scores below it, a new one falls below with
    probability (k + 1) / (n + 1) at most, as all n + 1 are alike (the quantile of
    conformal prediction; Vovk 2005); k is the largest number that keeps this at
    ``1 - target_recall``.

    >>> aimed_recall(0.95, 100), aimed_recall(0.95, 49), aimed_recall(0.95, 10)
    (0.96, 0.9795918367346939, 1.0)
    """
    # The rounding of a product must not cost one photo.
    missed = math.floor((1 - target_recall) * (n + 1) + 1e-9) - 1
    return 1 - max(0, missed) / n


def refuse_too_few(
    labels: Labels, lesions: NDArray[Any], target_recall: float
) -> tuple[int, int]:
    """Numbers of malignant and other lesions, if there are enough.

    Raises:
        SiteFileError: saying how many are needed.
    """
    malignant = np.unique(lesions[labels == 1]).size
    other = np.unique(lesions[labels == 0]).size
    needed = needed_malignant(target_recall)
    if malignant < needed or other < LEAST_OTHER:
        raise SiteFileError(
            f"too few usable photos: {malignant} malignant and {other} other lesions;"
            f" a threshold at recall {target_recall:g} needs at least {needed} and"
            f" {LEAST_OTHER}. Collect more, or keep the threshold of the card."
        )
    return malignant, other


def refuse_contradiction(labels: Labels, scores: Scores) -> None:
    """Refuse labels that the scores contradict, or tell nothing about.

    No threshold helps there: it would call nearly everything or miss at random.

    Raises:
        SiteFileError: with the likely reason.
    """
    if min((labels == 0).sum(), (labels == 1).sum()) < _LEAST_FOR_AUC:
        return  # refuse_too_few says so.
    auc, interval = roc_auc(labels, scores), delong_interval(labels, scores)
    told = f"AUC {auc:.3f} ({interval.low:.3f} to {interval.high:.3f})"
    if interval.high < _CHANCE:
        raise SiteFileError(
            f"the labels contradict the model's scores: {told}. Are malignant and"
            " benign exchanged? Look at the folders' names, or the column of labels."
        )
    if interval.low <= _CHANCE:
        raise SiteFileError(
            f"the scores tell nothing about the labels: {told}, where 0.5 is chance."
            " Are the labels those of these photos, and are the photos dermoscopic ones"
            " such as the model learnt from? No threshold helps here."
        )


def held_out_calls(
    labels: Labels, scores: Scores, lesions: NDArray[Any], target_recall: float
) -> NDArray[np.bool_]:
    """Which photos are called malignant at a threshold they had no part in.

    Lesions are dealt to ``FOLDS`` parts, malignant and other apart; each part is judged
    at the threshold that the others give.
    """
    fold_of = np.zeros(labels.size, np.int64)
    generator = np.random.default_rng(0)
    for label in (0, 1):
        names = np.unique(lesions[labels == label])
        generator.shuffle(names)
        for place, name in enumerate(names):
            fold_of[(lesions == name) & (labels == label)] = place % FOLDS
    called = np.zeros(labels.size, np.bool_)
    for fold in range(FOLDS):
        rest = fold_of != fold
        aimed = aimed_recall(target_recall, int(labels[rest].sum()))
        threshold = threshold_at_recall(labels[rest], scores[rest], aimed)
        called[~rest] = scores[~rest] >= threshold
    return called


def held_out_accuracy(
    labels: Labels,
    scores: Scores,
    lesions: NDArray[Any],
    *,
    target_recall: float,
    threshold_score: float,
    temperature: float,
) -> Accuracy:
    """Accuracy on the site's photos, recall and specificity cross-validated."""
    counts = confusion(labels, held_out_calls(labels, scores, lesions, target_recall))
    seen = accuracy(
        labels, scores, threshold_score, temperature=temperature, split=SITE_SPLIT
    )
    return dataclasses.replace(
        seen,
        recall=share_of(counts.tp, counts.tp + counts.fn),
        specificity=share_of(counts.tn, counts.tn + counts.fp),
    )
