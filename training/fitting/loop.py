"""The training loop: seeded, checkpointed, resumable, the same on every backend."""

import time
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from edge_runtime.evaluation.metrics import roc_auc
from edge_runtime.terminal.progress import time_left
from training.errors import TrainingError
from training.fitting.batches import AugmentedPhotos, Inputs
from training.fitting.checkpoint import (
    Arrays,
    EpochResult,
    Progress,
    restore,
    save,
)

# Adam's usual extras, found good on the validation split (docs/decisions.md).
WEIGHT_DECAY = 1e-3
LABEL_SMOOTHING = 0.05
WARM_UP_EPOCHS = 1


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to learn.

    Attributes:
        epochs: passes over the training photos.
        learning_rate: the peak, after a warm-up epoch; falls to 0 as a cosine.
        patience: epochs without a better validation AUC before stopping.
        averaging: share of the old value that the running average of the weights
            keeps at each step; validation and the result use the average.
        recipe: a key of ``settings.RECIPES``.
    """

    epochs: int
    learning_rate: float
    patience: int
    averaging: float = 0.99
    recipe: str = "ours"


@dataclass(frozen=True)
class Fitted:
    """The averaged weights of the best epoch, and how training got there."""

    weights: Arrays
    history: tuple[EpochResult, ...]
    best_epoch: int


@dataclass(frozen=True)
class Validation:
    """Photos that choose the epoch; shapes ``(n, s, s, 3)`` and ``(n,)``.

    ``answers`` about the lesions have shape ``(n, SLOTS)``; None: the photo alone.
    """

    pixels: NDArray[np.float32]
    labels: NDArray[np.int64]
    answers: NDArray[np.float32] | None = None

    @property
    def inputs(self) -> Inputs:
        """What a model is given."""
        return self.pixels if self.answers is None else [self.pixels, self.answers]


def fit(
    model: keras.Model,
    photos: AugmentedPhotos,
    validation: Validation,
    schedule: Schedule,
    checkpoint: Path,
) -> Fitted:
    """Train ``model``, resuming from ``checkpoint`` where it exists.

    The best epoch is the one whose averaged weights have the highest AUC on
    ``validation``. The checkpoint is written after every epoch and left in place.
    """
    _compile(model, photos.steps, schedule)
    progress = restore(model, checkpoint) or Progress(
        averaged=model.get_weights(), best=model.get_weights(), history=[]
    )
    begun, start_s = len(progress.history), time.monotonic()
    for number in range(begun + 1, schedule.epochs + 1):
        stale = len(progress.history) - (progress.best_epoch if progress.history else 0)
        if stale >= schedule.patience:
            break
        name = f"epoch {number} of {schedule.epochs}"
        done, spent_s = number - 1 - begun, time.monotonic() - start_s
        if left := time_left(done, schedule.epochs - begun, spent_s):
            name = f"{name}, {left}"
        loss = _run_epoch(model, photos, progress, number, schedule, name)
        result = _validate(model, validation, progress.averaged, number, loss, name)
        if all(result.val_auc > old.val_auc for old in progress.history):
            progress.best = [array.copy() for array in progress.averaged]
        progress.history.append(result)
        save(model, checkpoint, progress)
    return Fitted(progress.best, tuple(progress.history), progress.best_epoch)


def scores_of(model: keras.Model, inputs: Inputs) -> NDArray[np.float64]:
    """Probabilities of malignancy; shape ``(n,)``; in batches that fit the cache."""
    given = inputs if isinstance(inputs, list) else [inputs]
    parts = []
    for start in range(0, len(given[0]), 32):
        batch = [each[start : start + 32] for each in given]
        outputs = model.predict_on_batch(batch if len(batch) > 1 else batch[0])
        parts.append(np.asarray(outputs)[:, -1])
    return np.concatenate(parts).astype(np.float64)


def _compile(model: keras.Model, steps: int, schedule: Schedule) -> None:
    published = schedule.recipe == "published"
    smoothing = 0.0 if published else LABEL_SMOOTHING
    model.compile(
        optimizer=keras.optimizers.Adagrad(schedule.learning_rate)
        if published
        else _adam_along_a_cosine(steps, schedule),
        loss=keras.losses.BinaryCrossentropy(label_smoothing=smoothing),
    )
    model.optimizer.build(model.trainable_variables)


def _adam_along_a_cosine(steps: int, schedule: Schedule) -> keras.optimizers.Optimizer:
    warm_up = WARM_UP_EPOCHS * steps
    return keras.optimizers.AdamW(
        keras.optimizers.schedules.CosineDecay(
            0.0,
            max(1, schedule.epochs * steps - warm_up),
            warmup_target=schedule.learning_rate,
            warmup_steps=warm_up,
        ),
        weight_decay=WEIGHT_DECAY,
    )


def _run_epoch(
    model: keras.Model,
    photos: AugmentedPhotos,
    progress: Progress,
    number: int,
    schedule: Schedule,
    name: str,
) -> float:
    """One pass; returns the mean loss and moves the averaged weights along."""
    model.reset_metrics()
    loss = float("nan")
    # The average starts as a plain mean, so that it forgets the initial weights.
    done = (number - 1) * photos.steps
    averaging = 0.0 if schedule.recipe == "published" else schedule.averaging
    bar = tqdm(photos.epoch(number), total=photos.steps, desc=name, disable=None)
    for step, batch in enumerate(bar, start=done + 1):
        loss = float(
            np.ravel(
                model.train_on_batch(
                    batch.inputs,
                    _targets(model, batch.labels),
                    sample_weight=batch.weights,
                )
            )[0]
        )
        keep = min(averaging, step / (step + 10))
        for old, new in zip(progress.averaged, model.get_weights(), strict=True):
            old *= keep
            old += (1 - keep) * new
        bar.set_postfix(loss=f"{loss:.3f}")
    if not np.isfinite(loss):
        raise TrainingError(
            f"the loss became {loss} in epoch {number}; try a lower --learning-rate"
        )
    return loss


def _targets(model: keras.Model, labels: NDArray[np.float32]) -> NDArray[np.float32]:
    """What each output unit should say; two units share out a probability of 1."""
    if model.output_shape[-1] == 1:
        return labels
    return np.concatenate([1 - labels, labels], axis=1)


def _validate(
    model: keras.Model,
    validation: Validation,
    averaged: Arrays,
    number: int,
    loss: float,
    name: str,
) -> EpochResult:
    current = model.get_weights()
    model.set_weights(averaged)
    scores = scores_of(model, validation.inputs)
    model.set_weights(current)
    likely = np.where(validation.labels == 1, scores, 1 - scores).clip(1e-7, 1)
    result = EpochResult(
        epoch=number,
        loss=loss,
        val_loss=float(-np.log(likely).mean()),
        val_auc=roc_auc(validation.labels, scores),
    )
    tqdm.write(
        f"{name}: loss {loss:.4f}, validation loss {result.val_loss:.4f},"
        f" validation AUC {result.val_auc:.4f}"
    )
    return result
