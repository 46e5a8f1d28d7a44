"""From labels and scores to what the card claims, and nothing that was not measured.

Everything here is arithmetic on arrays: ``labels`` (1 malignant, 0 benign) and raw
``scores`` of the same photos in the same order, both of shape ``(n,)``. Where photos
are of several sources, threshold, temperature and uncertainty band are found over
sources, each of the same weight, never over photos pooled. The threshold
is found on the scores of the converted file itself, so it is one of the few hundred
values that an int8 output can take; a threshold of the Keras model would fall between.
"""

from dataclasses import dataclass

import numpy as np

from convert.checks.flips import comparison
from convert.errors import ConversionError, GateError
from edge_runtime.evaluation.metrics import Labels, Scores
from edge_runtime.evaluation.sources import Names, balanced_weights, judged_sources
from edge_runtime.evaluation.temperature import fitted_temperature
from edge_runtime.model.evidence import Comparison, Threshold, Uncertainty
from edge_runtime.model.operating_point import (
    SplitAccuracy,
    accuracy_by_source,
    chosen_threshold,
    uncertainty_band,
)
from edge_runtime.model.quantization import Quantization


@dataclass(frozen=True)
class Evidence:
    """What one split tells about a file.

    Attributes:
        temperature: probability = sigmoid(logit(score) / temperature).
        threshold: at or above it, investigate.
        uncertainty: the band below the threshold.
        comparison: with the Keras model.
        measured: on this split.
    """

    temperature: float
    threshold: Threshold
    uncertainty: Uncertainty
    comparison: Comparison
    measured: SplitAccuracy


def gather_evidence(
    labels: Labels,
    keras_scores: Scores,
    file_scores: Scores,
    *,
    output: Quantization,
    target_recall: float,
    split: str = "val",
    at: float | None = None,
    sources: Names | None = None,
) -> Evidence:
    """Everything that the card says about one split, never the test split.

    Args:
        labels: 1 for malignant, 0 for benign.
        keras_scores: of the Keras model, in [0, 1].
        file_scores: of the converted file, as its own output restores them.
        output: of the file.
        target_recall: share of the malignant lesions to find, in (0, 1].
        split: name of the split, for the card.
        at: score of a threshold that was fixed before; found here if None.
        sources: of the photos; None where they are of one.

    Raises:
        GateError: when a score is not a number, or the file gives all photos the same.
        ConversionError: when the split lacks a class.
        ValueError: when the arrays do not fit each other.
    """
    refuse_one_class(labels, split)
    refuse_unusable(keras_scores, "the Keras model")
    refuse_unusable(file_scores, "the converted file")
    weights = balanced_weights(labels, sources)
    temperature = fitted_temperature(labels, file_scores, weights)
    groups = judged_sources(labels, sources)
    threshold = chosen_threshold(
        labels,
        file_scores,
        target_recall=target_recall,
        temperature=temperature,
        output=output,
        split=split,
        sources=sources,
        at=at,
    )
    return Evidence(
        temperature,
        threshold,
        uncertainty_band(
            file_scores,
            threshold.score,
            temperature=temperature,
            groups=None if "" in groups else tuple(groups.values()),
        ),
        comparison(
            labels,
            keras_scores,
            file_scores,
            target_recall=target_recall,
            split=split,
            sources=sources,
        ),
        accuracy_by_source(
            labels,
            file_scores,
            threshold.score,
            temperature=temperature,
            split=split,
            sources=sources,
        ),
    )


def refuse_unusable(scores: Scores, whose: str, origin: str = "") -> None:
    """Stop before a threshold is put on scores that separate nothing.

    Args:
        scores: of all photos.
        whose: for the message.
        origin: a sentence on where a score that is no number comes from.

    Raises:
        GateError: when a score is not a number, or all are the same.
    """
    bad = int((~np.isfinite(scores)).sum())
    if bad:
        raise GateError(
            f"{whose} gave no number for {bad} of {len(scores)} photos (NaN or"
            f" infinity). {origin}Check its weights; train it again with a lower"
            " learning rate."
        )
    if np.unique(scores).size < 2:
        raise GateError(
            f"{whose} gave all {len(scores)} photos the score {float(scores[0]):.4g}."
            " Its range collapsed: check that the photos used for calibration are"
            " normalised as in training, or choose another recipe."
        )


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
