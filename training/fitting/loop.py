"""The training loop: seeded, checkpointed, resumable, the same on every backend."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from edge_runtime.evaluation.metrics import roc_auc
from edge_runtime.terminal.progress import time_left
from training.errors import TrainingError
from training.fitting.batches import AugmentedPhotos, Batch, Inputs
from training.fitting.checkpoint import (
    Arrays,
    EpochResult,
    Progress,
    restore,
    save,
)
from training.fitting.diagnoses import UNKNOWN
from training.fitting.forecast import Forecast
from training.fitting.mutation import DONORS, Mutations
from training.fitting.sources import SourceScores, aucs_by_source

# Adam's usual extras, found good on the validation split (docs/decisions).
WEIGHT_DECAY = 1e-3
LABEL_SMOOTHING = 0.05
WARM_UP_EPOCHS = 1
# Steps between two moves of the averaged weights: copying them out of the backend takes
# a tenth of a small network's step.
AVERAGED_EVERY = 4


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
        diagnoses: weight of the second output's loss, of a model that has one.
        mutation: what ``mutation.Mutations`` adds to each batch; None: nothing.
    """

    epochs: int
    learning_rate: float
    patience: int
    averaging: float = 0.99
    recipe: str = "ours"
    diagnoses: float = 0.0
    mutation: Mutations | None = None


@dataclass(frozen=True)
class Fitted:
    """The averaged weights of the best epoch, and how training got there."""

    weights: Arrays
    history: tuple[EpochResult, ...]
    best_epoch: int


@dataclass(frozen=True)
class Validation:
    """Photos that choose the epoch; shapes ``(n, s, s, 3)`` and ``(n,)``.

    ``answers`` about the lesions have shape ``(n, slots)``; None: the photo alone.
    ``sources`` are indices by source; without them all photos are one source's.
    """

    pixels: NDArray[np.float32]
    labels: NDArray[np.int64]
    answers: NDArray[np.float32] | None = None
    sources: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)

    def by_source(self, scores: NDArray[np.float64]) -> dict[str, SourceScores]:
        """Scores of all photos, source by source."""
        return {
            name: SourceScores(self.labels[indices], scores[indices])
            for name, indices in self.sources.items()
        }

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
    forecast = Forecast(photos.steps, schedule.epochs - begun)
    for number in range(begun + 1, schedule.epochs + 1):
        stale = len(progress.history) - (progress.best_epoch if progress.history else 0)
        if stale >= schedule.patience:
            break
        name = f"epoch {number} of {schedule.epochs}"
        done, spent_s = number - 1 - begun, time.monotonic() - start_s
        if left := time_left(done, schedule.epochs - begun, spent_s):
            name = f"{name}, {left}"
        loss = _run_epoch(model, photos, progress, number, schedule, name, forecast)
        result = _validate(model, validation, progress.averaged, number, loss, name)
        if all(result.val_auc > old.val_auc for old in progress.history):
            progress.best = [array.copy() for array in progress.averaged]
        progress.history.append(result)
        save(model, checkpoint, progress)
    return Fitted(progress.best, tuple(progress.history), progress.best_epoch)


def scores_of(model: keras.Model, inputs: Inputs) -> NDArray[np.float64]:
    """Probabilities of malignancy; shape ``(n,)``; in batches that fit the cache."""
    given = list(inputs) if isinstance(inputs, list) else [inputs]
    if len(given) < len(model.inputs):
        # Of a network that learns with mutations; nothing is mutated here.
        given.append(np.zeros((len(given[0]), DONORS), np.float32))
    parts = []
    for start in range(0, len(given[0]), 32):
        batch = [each[start : start + 32] for each in given]
        outputs = model.predict_on_batch(batch if len(batch) > 1 else batch[0])
        first = outputs[0] if isinstance(outputs, list) else outputs
        parts.append(np.asarray(first)[:, -1])
    return np.concatenate(parts).astype(np.float64)


def _compile(model: keras.Model, steps: int, schedule: Schedule) -> None:
    published = schedule.recipe == "published"
    smoothing = 0.0 if published else LABEL_SMOOTHING
    losses = [keras.losses.BinaryCrossentropy(label_smoothing=smoothing)]
    weights = [1.0]
    if schedule.mutation is not None:
        losses.append(keras.losses.BinaryCrossentropy(label_smoothing=smoothing))
        weights.append(1.0)
    elif len(model.outputs) > 1:
        losses.append(keras.losses.SparseCategoricalCrossentropy())
        weights.append(schedule.diagnoses)
    model.compile(
        optimizer=keras.optimizers.Adagrad(schedule.learning_rate)
        if published
        else _adam_along_a_cosine(steps, schedule),
        loss=losses if len(losses) > 1 else losses[0],
        loss_weights=weights if len(losses) > 1 else None,
        # XLA is what Keras chooses by itself. On a processor it runs depthwise
        # convolutions ten times slower than TensorFlow's own kernels.
        jit_compile=keras.backend.backend() == "jax",
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
    forecast: Forecast,
) -> float:
    """One pass; returns the mean loss and moves the averaged weights along."""
    model.reset_metrics()
    loss = float("nan")
    # The average starts as a plain mean, so that it forgets the initial weights.
    done = (number - 1) * photos.steps
    averaging = 0.0 if schedule.recipe == "published" else schedule.averaging
    bar = tqdm(photos.epoch(number), total=photos.steps, desc=name, disable=None)
    for step, batch in enumerate(bar, start=done + 1):
        targets, weights = _taught(model, batch)
        inputs = batch.inputs
        if schedule.mutation is not None:
            rng = np.random.default_rng([photos.seed, number, step])
            added = schedule.mutation.of_batch(batch.labels, rng)
            inputs = [*(inputs if isinstance(inputs, list) else [inputs]), added.donors]
            targets, weights = [targets, targets], [weights, added.weights]
        losses = model.train_on_batch(inputs, targets, sample_weight=weights)
        loss = float(np.ravel(losses)[0])
        forecast.batch_done()
        if (step - done) % AVERAGED_EVERY and step - done < photos.steps:
            continue
        keep = min(averaging**AVERAGED_EVERY, step / (step + 10 * AVERAGED_EVERY))
        for old, new in zip(progress.averaged, model.get_weights(), strict=True):
            old *= keep
            old += (1 - keep) * new
        bar.set_postfix(loss=f"{loss:.3f}")
    if not np.isfinite(loss):
        raise TrainingError(
            f"the loss became {loss} in epoch {number}; try a lower --learning-rate"
        )
    return loss


def _taught(model: keras.Model, batch: Batch) -> tuple[Any, Any]:
    """What each output should say, and how much each photo counts.

    Two units share out a probability of 1. A photo of unknown diagnosis counts nothing
    for the second output.
    """
    labels = batch.labels
    if model.outputs[0].shape[-1] == 2:
        labels = np.concatenate([1 - labels, labels], axis=1)
    if batch.diagnoses is None:
        return labels, batch.weights
    known = batch.diagnoses != UNKNOWN
    classes = np.where(known, batch.diagnoses, 0)
    return [labels, classes], [batch.weights, batch.weights * known[:, None]]


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
    sources = aucs_by_source(validation.by_source(scores))
    result = EpochResult(
        epoch=number,
        loss=loss,
        val_loss=float(-np.log(likely).mean()),
        val_auc=float(np.mean(list(sources.values())))
        if sources
        else roc_auc(validation.labels, scores),
        sources=sources,
    )
    told = ", ".join(f"{name} {auc:.4f}" for name, auc in sources.items() if name)
    tqdm.write(
        f"{name}: loss {loss:.4f}, validation loss {result.val_loss:.4f},"
        f" validation AUC {result.val_auc:.4f}" + (f" ({told})" if told else "")
    )
    return result
