"""How well scores separate malignant from benign lesions, in plain numpy.

Names say which way is good: ``*_error`` and ``brier`` are better low, everything
else is better high. ``labels`` are 1 for malignant and 0 for benign; ``scores`` are
higher the more malignant; ``positive`` says which photos were called malignant.
All have shape ``(n,)``. Wrong shapes, other labels, scores that are not finite and
a class that a metric needs but does not get raise ``ValueError``.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.integer[Any] | np.bool_]
Scores = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Confusion:
    """How many photos were called what.

    Attributes:
        tp: malignant, called malignant.
        fn: malignant, missed.
        fp: benign, called malignant.
        tn: benign, left alone.
    """

    tp: int
    fn: int
    fp: int
    tn: int


def confusion(labels: Labels, positive: NDArray[np.bool_]) -> Confusion:
    """Count the four outcomes; both classes must be present.

    >>> confusion(np.array([1, 1, 0, 0]), np.array([True, False, False, False]))
    Confusion(tp=1, fn=1, fp=0, tn=2)
    """
    if np.asarray(positive).dtype != np.bool_:
        raise ValueError("positive must be booleans, such as scores >= threshold")
    called_malignant, called_benign = by_class(labels, np.asarray(positive, np.float64))
    tp, fp = int(called_malignant.sum()), int(called_benign.sum())
    return Confusion(tp, called_malignant.size - tp, fp, called_benign.size - fp)


def recall(labels: Labels, positive: NDArray[np.bool_]) -> float:
    """Share of the malignant lesions that were called malignant, from 0 to 1."""
    counts = confusion(labels, positive)
    return counts.tp / (counts.tp + counts.fn)


def specificity(labels: Labels, positive: NDArray[np.bool_]) -> float:
    """Share of the benign lesions that were left alone, from 0 to 1."""
    counts = confusion(labels, positive)
    return counts.tn / (counts.tn + counts.fp)


def precision(labels: Labels, positive: NDArray[np.bool_]) -> float:
    """Share of the calls that were right, from 0 to 1; 0 where nothing was called."""
    counts = confusion(labels, positive)
    return counts.tp / max(counts.tp + counts.fp, 1)


def roc_auc(labels: Labels, scores: Scores) -> float:
    """Chance that a random malignant lesion scores above a random benign one.

    Ties count one half, so the value equals the area under the ROC curve
    (Hanley & McNeil 1982, doi:10.1148/radiology.143.1.7063747).

    Returns:
        The area under the ROC curve, from 0 to 1; 0.5 is a coin toss.

    >>> roc_auc(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8]))
    0.75
    """
    malignant, benign = by_class(labels, scores)
    return float(share_below(malignant, benign).mean())


def pr_auc(labels: Labels, scores: Scores) -> float:
    """Average precision: precision at each score, weighted by the recall it adds.

    The step-wise area under the precision-recall curve, without interpolation
    (Davis & Goadrich 2006, doi:10.1145/1143844.1143874, on why not to). Unlike
    ``roc_auc`` it depends on the share of malignant photos, which is the value that
    scores without information reach.

    >>> pr_auc(np.array([0, 1, 1]), np.array([0.2, 0.1, 0.9]))
    0.8333333333333333
    """
    hits, false_alarms = _counts_at_scores(labels, scores)
    gained_recall = np.diff(hits, prepend=0) / hits[-1]
    return float((gained_recall * hits / (hits + false_alarms)).sum())


def pauc_tpr80(labels: Labels, scores: Scores) -> float:
    """Area between the ROC curve and the line of 80 % recall.

    The measure of the ISIC 2024 challenge: only thresholds that find at least four
    of five malignant lesions count.

    Returns:
        From 0 to 0.2, the value of a perfect ranking; 0.02 is a coin toss.

    >>> round(pauc_tpr80(np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.8, 0.9])), 3)
    0.2
    """
    hits, false_alarms = _counts_at_scores(labels, scores)
    found = np.concatenate(([0.0], hits / hits[-1]))
    alarmed = np.concatenate(([0.0], false_alarms / false_alarms[-1]))
    # Along the curve's segments, left to right: how much recall each adds above 80 %,
    # and its mean false-alarm rate over just that part.
    width = np.clip(found[1:] - np.maximum(found[:-1], 0.8), 0, None)
    rise, slip = np.diff(found), np.diff(alarmed)
    share_above = width / np.where(rise > 0, rise, 1)
    mean_alarmed = alarmed[1:] - slip * share_above / 2
    return float((width * (1 - mean_alarmed)).sum())


def threshold_at_recall(labels: Labels, scores: Scores, target_recall: float) -> float:
    """Largest score that exists at or above which the target recall is reached.

    Calling every photo malignant that scores at least this much finds at least
    ``target_recall`` of the malignant lesions at the highest specificity possible.

    Args:
        labels: 1 for malignant, 0 for benign.
        scores: higher is more malignant.
        target_recall: share of the malignant lesions to find, in (0, 1].

    >>> threshold_at_recall(np.array([0, 1, 1, 1]), np.array([0.1, 0.4, 0.6, 0.9]), 0.6)
    0.6
    """
    if not 0 < target_recall <= 1:
        raise ValueError(f"target_recall must lie in (0, 1]; got {target_recall}")
    malignant = np.sort(by_class(labels, scores)[0])[::-1]
    # Divide as recall() does, so that both agree to the last bit.
    reached = np.arange(1, malignant.size + 1) / malignant.size >= target_recall
    return float(malignant[reached.argmax()])


def expected_calibration_error(
    labels: Labels, probabilities: Scores, *, bins: int = 10
) -> float:
    """Mean distance between promised and observed share of malignant lesions.

    Photos are put into ``bins`` equal intervals ``(low, high]`` of probability (0 joins
    the first); each bin weighs as much as it has photos
    (Guo et al. 2017, https://arxiv.org/abs/1706.04599).

    Returns:
        From 0, promises kept, to 1.
    """
    labels, probabilities = _checked(labels, probabilities)
    _refuse_beyond_unit(probabilities)
    inner_edges = np.linspace(0, 1, bins + 1)[1:-1]
    bin_of = np.searchsorted(inner_edges, probabilities, side="left")
    surplus = np.bincount(bin_of, weights=labels - probabilities, minlength=bins)
    return float(np.abs(surplus).sum() / labels.size)


def brier(labels: Labels, probabilities: Scores) -> float:
    """Mean squared distance of the probability from the truth, from 0 (best) to 1."""
    labels, probabilities = _checked(labels, probabilities)
    _refuse_beyond_unit(probabilities)
    return float(np.square(labels - probabilities).mean())


def by_class(labels: Labels, scores: Scores) -> tuple[Scores, Scores]:
    """Scores of the malignant and of the benign photos; neither is empty."""
    labels, scores = _checked(labels, scores)
    malignant, benign = scores[labels == 1], scores[labels == 0]
    if not malignant.size or not benign.size:
        raise ValueError(
            f"both classes are needed; got {malignant.size} malignant and"
            f" {benign.size} benign. Check the split."
        )
    return malignant, benign


def share_below(ours: Scores, theirs: Scores) -> Scores:
    """For each of our scores, the share of theirs below it; ties count one half."""
    theirs = np.sort(theirs)
    below = np.searchsorted(theirs, ours, side="left")
    not_above = np.searchsorted(theirs, ours, side="right")
    return np.asarray((below + not_above) / (2 * theirs.size))


def _checked(labels: Labels, scores: Scores) -> tuple[NDArray[np.int64], Scores]:
    """Labels as integers and scores as float64, or ValueError."""
    labels, scores = np.asarray(labels), np.asarray(scores, np.float64)
    if labels.ndim != 1 or labels.shape != scores.shape or not labels.size:
        raise ValueError(
            "labels and scores must both have shape (n,), n > 0;"
            f" got {labels.shape} and {scores.shape}"
        )
    if not np.isin(labels, (0, 1)).all():
        raise ValueError(f"labels must be 0 or 1; got {np.unique(labels)[:5]}")
    if not np.isfinite(scores).all():
        raise ValueError("scores must be finite; got NaN or infinity")
    return labels.astype(np.int64), scores


def _refuse_beyond_unit(probabilities: Scores) -> None:
    """Raise ValueError unless all lie in [0, 1]."""
    low, high = probabilities.min(), probabilities.max()
    if low < 0 or high > 1:
        raise ValueError(f"probabilities must lie in [0, 1]; got {low} to {high}")


def _counts_at_scores(
    labels: Labels, scores: Scores
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Malignant and benign photos at or above each distinct score, highest first."""
    malignant, benign = by_class(labels, scores)
    thresholds = np.unique(np.concatenate((malignant, benign)))[::-1]
    hits = malignant.size - np.searchsorted(np.sort(malignant), thresholds)
    false_alarms = benign.size - np.searchsorted(np.sort(benign), thresholds)
    return hits, false_alarms
