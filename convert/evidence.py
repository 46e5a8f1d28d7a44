"""From labels and scores to what the card claims, and nothing that was not measured.

Everything here is arithmetic on arrays: ``labels`` (1 malignant, 0 benign) and raw
``scores`` of the same photos in the same order, both of shape ``(n,)``. The threshold
is found on the scores of the converted file itself, so it is one of the few hundred
values that an int8 output can take; a threshold of the Keras model would fall between.
"""

from dataclasses import dataclass

import numpy as np

from convert.comparison import comparison
from convert.errors import ConversionError
from convert.temperature import fitted_temperature
from edge_runtime.calibration import calibrated
from edge_runtime.evidence import Accuracy, Comparison, Share, Threshold, Uncertainty
from edge_runtime.intervals import delong_interval, wilson
from edge_runtime.metrics import (
    Labels,
    Scores,
    confusion,
    expected_calibration_error,
    roc_auc,
    threshold_at_recall,
)
from edge_runtime.quantization import Quantization

UNCERTAIN_SHARE = 0.10
"""At most this share of the photos is called uncertain: more, and nobody looks."""


@dataclass(frozen=True)
class Evidence:
    """What one split tells about a file.

    Attributes:
        temperature: probability = sigmoid(logit(score) / temperature).
        threshold: at or above it, investigate.
        uncertainty: the band below the threshold.
        comparison: with the Keras model.
        accuracy: on this split.
    """

    temperature: float
    threshold: Threshold
    uncertainty: Uncertainty
    comparison: Comparison
    accuracy: Accuracy


def gather_evidence(
    labels: Labels,
    keras_scores: Scores,
    file_scores: Scores,
    *,
    output: Quantization,
    target_recall: float,
    split: str = "val",
) -> Evidence:
    """Everything that the card says about one split, never the test split.

    Args:
        labels: 1 for malignant, 0 for benign.
        keras_scores: of the Keras model, in [0, 1].
        file_scores: of the converted file, as its own output restores them.
        output: of the file.
        target_recall: share of the malignant lesions to find, in (0, 1].
        split: name of the split, for the card.

    Raises:
        ConversionError: when a score is not a number, or the file gives all photos
            the same score, or the split lacks a class.
        ValueError: when the arrays do not fit each other.
    """
    refuse_one_class(labels, split)
    refuse_unusable(keras_scores, "the Keras model")
    refuse_unusable(file_scores, "the converted file")
    temperature = fitted_temperature(labels, file_scores)
    threshold = chosen_threshold(
        labels,
        file_scores,
        target_recall=target_recall,
        temperature=temperature,
        output=output,
        split=split,
    )
    return Evidence(
        temperature,
        threshold,
        uncertainty_band(file_scores, threshold.score, temperature=temperature),
        comparison(
            labels,
            keras_scores,
            file_scores,
            target_recall=target_recall,
            split=split,
        ),
        accuracy(
            labels,
            file_scores,
            threshold.score,
            temperature=temperature,
            split=split,
        ),
    )


def refuse_unusable(scores: Scores, whose: str) -> None:
    """Stop before a threshold is put on scores that separate nothing.

    Raises:
        ConversionError: when a score is not a number, or all are the same.
    """
    bad = int((~np.isfinite(scores)).sum())
    if bad:
        raise ConversionError(
            f"{whose} gave no number for {bad} of {len(scores)} photos (NaN or"
            " infinity). Check its weights; train it again with a lower learning rate."
        )
    if np.unique(scores).size < 2:
        raise ConversionError(
            f"{whose} gave all {len(scores)} photos the score {float(scores[0]):.4g}."
            " Its range collapsed: check that the photos used for calibration are"
            " normalised as in training, or choose another recipe."
        )


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
    recall, specificity = _shares(labels, scores, score)
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
        split: ``"val"``, ``"test"`` or ``"test_clean"``.
    """
    recall, specificity = _shares(labels, scores, threshold_score)
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


def refuse_one_class(labels: Labels, split: str) -> None:
    """Stop before a split is measured that cannot be.

    Raises:
        ConversionError: when it has fewer than two photos of a class.
    """
    malignant = int((np.asarray(labels) == 1).sum())
    other = len(labels) - malignant
    # A variance, and so an interval, needs two.
    if min(malignant, other) < 2:
        raise ConversionError(
            f"the {split} split has {malignant} malignant and {other} benign photos;"
            " at least 2 of each are needed to measure the file. Check the manifest."
        )


def _shares(labels: Labels, scores: Scores, threshold: float) -> tuple[Share, Share]:
    """Recall and specificity of calling scores at or above the threshold."""
    counts = confusion(labels, scores >= threshold)
    return (
        share_of(counts.tp, counts.tp + counts.fn),
        share_of(counts.tn, counts.tn + counts.fp),
    )
