"""Train a network column by column and join the columns."""

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from edge_runtime.manifest import LabelledPhoto, photos_of
from training.augmentation import AUGMENTATIONS
from training.columns import column, joined, trimmed
from training.loop import Fitted, Schedule, TrainingError, Validation, fit, scores_of
from training.networks import NETWORKS, build
from training.squares import AugmentedPhotos, decoded_squares, labels_of, model_inputs

# Largest difference of a probability between the trained, pool-first form and the
# saved one: float32 rounding in another order of summation.
SAME_FUNCTION = 1e-4

# Later columns start from a trained one and take a third of its epochs.
LATER_SHARE = 3

# The first column settles under mild augmentation for this share of its epochs; the
# later ones do so from their start.
SETTLING_SHARE = 1 / 3


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option."""

    manifest: Path
    network: str
    augmentation: str
    block_order: str
    columns: int
    epochs: int
    batch_size: int
    learning_rate: float
    patience: int
    seed: int
    out: Path

    def as_json(self) -> dict[str, str | int | float]:
        """The settings by name, paths as text."""
        return {
            name: str(value) if isinstance(value, Path) else value
            for name, value in asdict(self).items()
        }


def fit_columns(
    settings: Settings, photos: Sequence[LabelledPhoto]
) -> tuple[list[Fitted], keras.Model]:
    """Train each column and join them into the network as it is published."""
    network = NETWORKS[settings.network]
    train_photos = photos_of(photos, "train")
    squares = decoded_squares(train_photos, network.size_px)
    validation = validation_photos(settings, photos)
    fits: list[Fitted] = []
    weights, logits = [], []
    for index in range(settings.columns):
        seed = settings.seed + 1000 * index
        keras.utils.set_random_seed(seed)
        thin, dense_units = column(network, index, settings.columns)
        model = build(
            thin,
            block_order=settings.block_order,
            pool_first=True,
            dense_units=dense_units,
        )
        if fits:  # a snapshot ensemble: go on from the column before
            model.set_weights(trimmed(fits[-1].weights, model.get_weights()))
        schedule = Schedule(
            epochs=settings.epochs
            if not fits
            else max(1, settings.epochs // LATER_SHARE),
            learning_rate=settings.learning_rate,
            patience=settings.patience,
        )
        settling = round(schedule.epochs * (1 if fits else SETTLING_SHARE))
        supply = AugmentedPhotos(
            squares,
            labels_of(train_photos),
            network.size_px,
            AUGMENTATIONS[settings.augmentation],
            settings.batch_size,
            seed,
            mild_from=schedule.epochs - settling + 1,
        )
        print(f"column {index + 1} of {settings.columns}", file=sys.stderr)
        checkpoint = settings.out / f"checkpoint{index + 1}.npz"
        fitted = fit(model, supply, validation, schedule, checkpoint)
        model.set_weights(fitted.weights)
        fits.append(fitted)
        weights.append({layer.name: layer.get_weights() for layer in model.layers})
        logits.append(_logit(scores_of(model, validation.pixels)))
    whole = build(network, block_order=settings.block_order)
    for name, arrays in joined(weights).items():
        whole.get_layer(name).set_weights(arrays)
    _check_same(whole, validation, np.mean(logits, axis=0))
    return fits, whole


def _check_same(
    whole: keras.Model, validation: Validation, logits: NDArray[np.float64]
) -> None:
    expected = 1 / (1 + np.exp(-logits))
    difference = np.abs(scores_of(whole, validation.pixels) - expected).max()
    if not difference < SAME_FUNCTION:
        raise TrainingError(
            f"the saved form of the network differs from the trained one by"
            f" {difference:.2g} (at most {SAME_FUNCTION}); please report this"
        )


def _logit(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    clipped = scores.clip(1e-7, 1 - 1e-7)
    return np.asarray(np.log(clipped / (1 - clipped)))


def validation_photos(
    settings: Settings, photos: Sequence[LabelledPhoto]
) -> Validation:
    """The photos that choose the epoch, as the runtime shows them to a model."""
    chosen = photos_of(photos, "val")
    size_px = NETWORKS[settings.network].size_px
    return Validation(model_inputs(chosen, size_px), labels_of(chosen))
