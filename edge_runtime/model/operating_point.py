"""Threshold, uncertainty band and accuracy of a file, from labels and its own scores.

Arithmetic on arrays: ``labels`` (1 malignant, 0 benign) and raw ``scores`` of the same
photos in the same order, both of shape ``(n,)``. A conversion derives a card this way,
and a site its own threshold.
"""

import numpy as np

from edge_runtime.evaluation.intervals import delong_interval, wilson
from edge_runtime.evaluation.metrics import (
    Labels,
    Scores,
    confusion,
    expected_calibration_error,
    roc_auc,
    threshold_at_recall,
)
from edge_runtime.evaluation.temperature import calibrated
from edge_runtime.model.evidence import Accuracy, Share, Threshold, Uncertainty
from edge_runtime.model.quantization import Quantization

UNCERTAIN_SHARE = 0.10
"""At most this share of the photos is called uncertain: more, and nobody looks."""


def chosen_threshold(
    labels: Labels,
    scores: Scores,
    *,
    target_recall: float,
    temperature: float,
    output: Quantization,
    split: str,
) -> Threshold:
    """The highest score of the file that still reaches the target recall."""
    score = threshold_at_recall(labels, scores, target_recall)
    recall, specificity = recall_and_specificity(labels, scores, score)
    stored = None if output.is_identity else int(output.store(np.array([score]))[0])
    return Threshold(
        score=score,
        stored=stored,
        probability=calibrated(score, temperature),
        target_recall=target_recall,
        split=split,
        recall=recall,
        specificity=specificity,
    )


def uncertainty_band(
    scores: Scores,
    threshold_score: float,
    *,
    temperature: float,
    share: float = UNCERTAIN_SHARE,
) -> Uncertainty:
    """The widest band below the threshold that holds at most ``share`` of the photos.

    Photos of one score stay together, so an int8 file may have a narrower band, and
    an empty one where very many photos score just below the threshold.
    """
    values, counts = np.unique(scores[scores < threshold_score], return_counts=True)
    # From the threshold downwards: how many photos a band reaching this far holds.
    held = counts[::-1].cumsum()
    steps = int((held <= share * scores.size).sum())
    low_score = float(values[::-1][steps - 1]) if steps else threshold_score
    held_photos = int(held[steps - 1]) if steps else 0
    return Uncertainty(
        low_score=low_score,
        low_probability=calibrated(low_score, temperature),
        rule=f"the widest band below the threshold with at most {share:.0%} of photos",
        share=share_of(held_photos, scores.size),
    )


def accuracy(
    labels: Labels,
    scores: Scores,
    threshold_score: float,
    *,
    temperature: float,
    split: str,
) -> Accuracy:
    """How the file does on one set of photos at its own threshold.

    Args:
        labels: 1 for malignant, 0 for benign; both occur at least twice.
        scores: of the file.
        threshold_score: the card's, never one found on these photos unless they are
            those it was chosen on.
        temperature: the card's.
        split: name of the set, such as ``"val"``.
    """
    recall, specificity = recall_and_specificity(labels, scores, threshold_score)
    interval = delong_interval(labels, scores)
    return Accuracy(
        split=split,
        auc=roc_auc(labels, scores),
        auc_low=interval.low,
        auc_high=interval.high,
        recall=recall,
        specificity=specificity,
        expected_calibration_error=expected_calibration_error(
            labels, calibrated(scores, temperature)
        ),
    )


def share_of(successes: int, n: int) -> Share:
    """A proportion with its 95 % Wilson interval; ``n`` is at least 1."""
    interval = wilson(successes, n)
    return Share(successes / n, interval.low, interval.high, successes, n)


def recall_and_specificity(
    labels: Labels, scores: Scores, threshold: float
) -> tuple[Share, Share]:
    """Recall and specificity of calling scores at or above the threshold."""
    counts = confusion(labels, scores >= threshold)
    return (
        share_of(counts.tp, counts.tp + counts.fn),
        share_of(counts.tn, counts.tn + counts.fp),
    )
