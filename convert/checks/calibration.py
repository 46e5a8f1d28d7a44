"""The photos that show value ranges: which, and whether they are fit to."""

from collections.abc import Sequence

import numpy as np
import tf_keras
from numpy.typing import NDArray

from convert.checks.gates import Finding, Limits
from convert.quantize.calibration_photos import (
    representative_batches,
)
from convert.source.scoring import MEAN, STD
from edge_runtime.photos.manifest import LabelledPhoto

_BATCH = 16


def calibration_findings(
    chosen: Sequence[LabelledPhoto],
    model: tf_keras.Model,
    size_px: int,
    limits: Limits,
) -> tuple[Finding, ...]:
    """What the gates say about them; nothing where no photo calibrated anything.

    Args:
        chosen: the calibration photos.
        model: float model of which the ranges are.
        size_px: side of its square input.
        limits: see ``Limits``.
    """
    if len(chosen) < 2:
        return ()
    balance = balance_finding(chosen, limits)
    if not isinstance(model, tf_keras.Model):  # left whole, its layers unseen
        return (balance,)
    batches = representative_batches(chosen, size_px=size_px, mean=MEAN, std=STD)
    return balance, drift_finding(model, np.concatenate(list(batches)), limits)


def balance_finding(chosen: Sequence[LabelledPhoto], limits: Limits) -> Finding:
    """Ranges seen on one class only would clip what the other shows."""
    malignant = sum(photo.malignant for photo in chosen)
    share = min(malignant, len(chosen) - malignant) / len(chosen)
    least = limits.calibration_balance
    return Finding(
        "calibration-balance",
        share,
        least,
        share >= least,
        f"{malignant} of {len(chosen)} calibration photos are malignant; the rarer"
        f" class should have at least {least:.0%}",
        "Add photos of that class, or let --calibration out: half of each is drawn.",
    )


def drift_finding(
    model: tf_keras.Model, images: NDArray[np.float32], limits: Limits
) -> Finding:
    """Two halves of a set that is large enough show the layers the same ranges.

    Args:
        model: float model.
        images: real inputs of the calibration photos, at least 2 of them.
        limits: how much the halves may differ.
    """
    drift = range_drift(model, images)
    most = limits.calibration_drift
    return Finding(
        "calibration-drift",
        drift,
        most,
        drift <= most,
        f"the value range of the median layer differs by {drift:.0%} between two halves"
        f" of the {len(images)} calibration photos; at most {most:.0%} is accepted",
        "Give more photos of more kinds.",
    )


def range_drift(model: tf_keras.Model, images: NDArray[np.float32]) -> float:
    """Relative difference of the median layer's range between two halves.

    A half's range is the width that nine of ten of its photos stay within: the widest
    of all would be a matter of one photo.
    """
    outputs = [layer.output for layer in model.layers[1:]]
    shown = tf_keras.Model(model.input, outputs)
    widths = _widths(shown, images)
    first, second = (
        np.quantile(half, 0.9, axis=0) for half in (widths[::2], widths[1::2])
    )
    widest = np.maximum(first, second)
    # A layer that gives the same to everything has no range to differ in.
    return float(np.median(np.abs(first - second) / np.where(widest > 0, widest, 1)))


def _widths(shown: tf_keras.Model, images: NDArray[np.float32]) -> NDArray[np.float64]:
    """Each photo's highest value, or 0, less its lowest, or 0; ``(photos, layers)``."""
    batches = []
    for start in range(0, len(images), _BATCH):
        given = shown(images[start : start + _BATCH], training=False)
        layers = given if isinstance(given, list) else [given]
        flat = [np.reshape(layer, (len(layer), -1)) for layer in layers]
        batches.append(
            [each.max(axis=1).clip(0) - each.min(axis=1).clip(None, 0) for each in flat]
        )
    return np.concatenate(batches, axis=1).T.astype(np.float64)
