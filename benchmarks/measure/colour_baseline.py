"""How far colour alone gets: the row that a network has to beat.

Benign and malignant photos of a data set often come from different cameras. Six
numbers per photo, the mean and the deviation of each colour, and a logistic
regression find such differences without seeing a lesion's shape. A network earns its
place by what it reaches above this.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_runtime.errors import PhotoError
from edge_runtime.evaluation.sources import threshold_at_recall_of_all
from edge_runtime.photos.manifest import LabelledPhoto, sources_of
from edge_runtime.photos.preprocessing import load_pixels

NAME = "colour_baseline"
IMAGE_SIZE_PX = 64
TARGET_RECALL = 0.95
NEWTON_STEPS = 50
# Pull towards zero weights, in units of one photo's evidence. Too weak to move a fit
# to thousands of photos; it keeps the weights finite where colour separates perfectly.
RIDGE = 1e-3


@dataclass(frozen=True)
class ColourBaseline:
    """A fitted logistic regression on six colour numbers.

    Attributes:
        weights: one for each number of ``colour_features``.
        bias: added to the weighted sum.
        threshold: at or above it a score means malignant; chosen on the val split.
    """

    weights: tuple[float, ...]
    bias: float
    threshold: float

    def score(self, pixels: NDArray[np.uint8]) -> float:
        """Probability of malignancy in [0, 1] for pixels of shape ``(s, s, 3)``."""
        logit = float(colour_features(pixels) @ np.array(self.weights)) + self.bias
        return float(_sigmoid(np.array(logit)))


def colour_features(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Mean of each colour, then standard deviation of each, in [0, 1]; shape (6,)."""
    colours = pixels.reshape(-1, 3) / 255.0
    return np.concatenate((colours.mean(axis=0), colours.std(axis=0)))


def fit_colour_baseline(
    train: Sequence[LabelledPhoto],
    val: Sequence[LabelledPhoto],
    *,
    watch: Callable[[LabelledPhoto], object] = lambda photo: None,
) -> ColourBaseline:
    """Fit on ``train``, choose the threshold for 95 % recall on ``val``.

    Of several sources, for that recall in every source that counts.

    Args:
        train: labelled photos; unreadable ones are left out.
        val: others, of both classes.
        watch: called with each photo read, to show progress.

    Raises:
        ValueError: when one of the two lacks a class.
    """
    features, labels, _ = _read(train, watch)
    weights, bias = fit_logistic_regression(features, labels)
    val_features, val_labels, kept = _read(val, watch)
    scores = _sigmoid(val_features @ weights + bias)
    threshold = threshold_at_recall_of_all(
        val_labels, scores, TARGET_RECALL, sources_of(kept)
    )
    return ColourBaseline(tuple(map(float, weights)), bias, threshold)


def fit_logistic_regression(
    features: NDArray[np.float64], labels: NDArray[np.int64]
) -> tuple[NDArray[np.float64], float]:
    """Weights and bias that make the labels most likely, by Newton's method.

    Iteratively reweighted least squares (Hastie, Tibshirani & Friedman 2009, section
    4.4.1) on standardised features, until the gradient vanishes.

    Args:
        features: shape ``(n, k)``.
        labels: 0 or 1, both present; shape ``(n,)``.

    Raises:
        ValueError: when only one class is present.
    """
    if np.unique(labels).size < 2:
        raise ValueError("a logistic regression needs photos of both classes")
    mean, spread = features.mean(axis=0), features.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    design = np.column_stack(((features - mean) / spread, np.ones(len(features))))
    solution = np.zeros(design.shape[1])
    for _ in range(NEWTON_STEPS):
        probability = _sigmoid(design @ solution)
        gradient = design.T @ (labels - probability) - RIDGE * solution
        curvature = (design.T * (probability * (1 - probability))) @ design
        curvature += RIDGE * np.eye(solution.size)
        step = np.linalg.solve(curvature, gradient)
        solution = solution + step
        if np.abs(step).max() < 1e-10:
            break
    weights = solution[:-1] / spread
    return weights, float(solution[-1] - mean @ weights)


def _read(
    photos: Sequence[LabelledPhoto], watch: Callable[[LabelledPhoto], object]
) -> tuple[NDArray[np.float64], NDArray[np.int64], list[LabelledPhoto]]:
    """Features ``(n, 6)``, labels ``(n,)`` and the photos that can be read."""
    features, kept = [], []
    for photo in photos:
        watch(photo)
        try:
            features.append(colour_features(load_pixels(photo.path, IMAGE_SIZE_PX)))
        except PhotoError:
            continue
        kept.append(photo)
    labels = np.array([int(photo.malignant) for photo in kept], np.int64)
    return np.array(features).reshape(-1, 6), labels, kept


def _sigmoid(logit: NDArray[np.float64]) -> NDArray[np.float64]:
    # tanh does not overflow, whatever the logit.
    return np.asarray((1 + np.tanh(logit / 2)) / 2)
