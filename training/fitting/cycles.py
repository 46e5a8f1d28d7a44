"""Train a network in learning-rate cycles and join the last ones as its branches."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from edge_runtime.photos.manifest import LabelledPhoto, photos_of
from training.augmentation.pipelines import AUGMENTATIONS, Augmentation
from training.datasets.questions import QUESTION_SETS, answer_vectors, slots_of_set
from training.errors import TrainingError
from training.fitting.batches import (
    LARGEST_CACHED_PX,
    AugmentedPhotos,
    decoded_squares,
    labels_of,
    model_inputs,
)
from training.fitting.diagnoses import diagnoses_of, with_diagnoses
from training.fitting.loop import Fitted, Schedule, Validation, fit, scores_of
from training.fitting.mutation import Mutations, with_mutations
from training.fitting.record import file_sha256
from training.fitting.settings import MUTATION, UNBALANCED, Settings
from training.fitting.soft_labels import mean_soft_labels
from training.fitting.sources import BalancedDraws, balanced_draws, indices_by_source
from training.networks.answers_fusion import NEW_LAYERS
from training.networks.branches import joined, trimmed
from training.networks.catalogue import trainable, whole
from training.networks.designs import DESIGNS

# Largest difference of a probability between the trained, pool-first form and the
# saved one: float32 rounding in another order of summation.
SAME_FUNCTION = 1e-4

# Later cycles start from a trained network and take a third of the first's epochs.
LATER_SHARE = 3


Squares = Callable[[Sequence[LabelledPhoto], int], list[NDArray[np.uint8]]]
"""Decodes photos for a network of that many pixels, see ``batches.decoded_squares``."""


@dataclass(frozen=True)
class _Snapshot:
    """The network at the end of one learning-rate cycle.

    Attributes:
        fitted: its best weights and history.
        weights: those of the network that is saved, by layer name.
        arrays: the same in order.
        logits: of the validation photos; shape ``(n,)``.
    """

    fitted: Fitted
    weights: Mapping[str, Sequence[NDArray[np.float32]]]
    arrays: Sequence[NDArray[np.float32]]
    logits: NDArray[np.float64]


def fit_branches(
    settings: Settings,
    photos: Sequence[LabelledPhoto],
    *,
    squares: Squares = decoded_squares,
    augmentation: Augmentation | None = None,
) -> tuple[list[Fitted], keras.Model]:
    """Train cycle by cycle and join the last ones to the network as it is published.

    Args:
        settings: what is asked for.
        photos: of the whole manifest.
        squares: decodes the training photos.
        augmentation: in place of the one that the settings name.

    Returns:
        What each cycle gave, and the whole network.
    """
    design = DESIGNS[settings.network]
    if settings.weights:
        _thin(settings, 0)  # wrong weights are told of before photos are decoded
    train_photos = photos_of(photos, "train")
    soft_labels = (
        mean_soft_labels(
            settings.soft_labels,
            manifest_sha256=file_sha256(settings.manifest),
            photos=len(train_photos),
            augmentation=settings.augmentation,
        )
        if settings.soft_labels
        else None
    )
    # Teachers judged the photos at the largest size.
    decoded_for_px = LARGEST_CACHED_PX if soft_labels else design.size_px
    supply = AugmentedPhotos(
        squares(train_photos, decoded_for_px),
        labels_of(train_photos),
        design.size_px,
        augmentation or AUGMENTATIONS[settings.augmentation],
        settings.batch_size,
        settings.seed,
        soft_labels=soft_labels,
        answers=_answers(settings, train_photos),
        all_hidden=settings.hide_answers,
        covered=settings.mask_lesion,
        draws=_draws(settings, train_photos),
        diagnoses=diagnoses_of(train_photos) if settings.diagnoses else None,
        weighted=settings.balance not in (UNBALANCED, MUTATION),
    )
    validation = validation_photos(settings, photos)
    snapshots: list[_Snapshot] = []
    for cycle in range(settings.cycles):
        before = snapshots[-1].arrays if snapshots else None
        print(f"cycle {cycle + 1} of {settings.cycles}", file=sys.stderr)
        snapshots.append(_run_cycle(settings, cycle, supply, validation, before))
    last = snapshots[-settings.branches :]
    model = whole(
        design,
        block_order=settings.block_order,
        answers=settings.answers,
        slots=slots_of_set(settings.questions),
    )
    branches = [snapshot.weights for snapshot in last]
    for name, arrays in (joined(branches) if len(last) > 1 else branches[0]).items():
        # Keras numbers layers without a name of their own through the process.
        if arrays:
            model.get_layer(name).set_weights(arrays)
    logits = np.mean([snapshot.logits for snapshot in last], axis=0)
    _check_same(model, validation, logits)
    return [snapshot.fitted for snapshot in snapshots], model


def _run_cycle(
    settings: Settings,
    cycle: int,
    supply: AugmentedPhotos,
    validation: Validation,
    before: Sequence[NDArray[np.float32]] | None,
) -> _Snapshot:
    """Train a thin network; the first from scratch, later ones from the one before."""
    seed = settings.seed + 1000 * cycle
    keras.utils.set_random_seed(seed)
    model = _thin(settings, max(0, cycle - (settings.cycles - settings.branches)))
    epochs, settling = settings.epochs, round(settings.epochs * settings.mild_phase)
    if before is not None:
        model.set_weights(trimmed(before, model.get_weights()))
        epochs = settling = max(1, settings.epochs // LATER_SHARE)
    elif settings.start is not None:
        _start_from(settings.start / "model.keras", model)
    schedule = Schedule(
        epochs,
        settings.learning_rate,
        settings.patience,
        recipe=settings.recipe,
        diagnoses=settings.diagnoses,
        mutation=Mutations.for_labels(supply.labels)
        if settings.balance == MUTATION
        else None,
    )
    trained = model
    if settings.diagnoses:
        trained = with_diagnoses(model)
    elif schedule.mutation is not None:
        trained = with_mutations(model)
    checkpoint = settings.out / f"checkpoint{cycle + 1}.npz"
    mild = replace(supply, seed=seed, mild_from=epochs - settling + 1)
    fitted = fit(trained, mild, validation, schedule, checkpoint)
    trained.set_weights(fitted.weights)
    return _Snapshot(
        fitted=fitted,
        weights={layer.name: layer.get_weights() for layer in model.layers},
        arrays=model.get_weights(),
        logits=_logit(scores_of(model, validation.inputs)),
    )


def _thin(settings: Settings, index: int) -> keras.Model:
    """The network of a branch, as it starts."""
    return trainable(
        DESIGNS[settings.network],
        block_order=settings.block_order,
        index=index,
        branches=settings.branches,
        weights=settings.weights,
        answers=settings.answers,
        slots=slots_of_set(settings.questions),
    )


def _start_from(path: Path, model: keras.Model) -> None:
    """Give a network the weights of a finished run of the same one.

    A network that takes answers may start from one of photos alone: what joins the
    answers to the image, and the last layer where its input is another one, start
    anew.

    Raises:
        TrainingError: when it is another network's.
    """
    finished = keras.models.load_model(path, compile=False)
    anew = set()
    if len(model.inputs) > len(finished.inputs):
        known = {layer.name for layer in finished.layers}
        anew = {
            layer.name
            for layer in model.layers
            if layer.name.startswith(NEW_LAYERS) or layer.name == "answers"
        } - known
        last = model.layers[-1]
        if last.input.shape != finished.layers[-1].input.shape:
            anew.add(last.name)
    try:
        for layer in model.layers:
            if layer.name not in anew:
                layer.set_weights(finished.get_layer(layer.name).get_weights())
    except ValueError as error:
        raise TrainingError(
            f"{path} is not a {model.name} and cannot be where it starts: {error}"
        ) from error


def _check_same(
    model: keras.Model, validation: Validation, logits: NDArray[np.float64]
) -> None:
    expected = 1 / (1 + np.exp(-logits))
    difference = np.abs(scores_of(model, validation.inputs) - expected).max()
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
    size_px = DESIGNS[settings.network].size_px
    return Validation(
        model_inputs(chosen, size_px),
        labels_of(chosen),
        _answers(settings, chosen),
        indices_by_source(chosen),
    )


def _answers(
    settings: Settings, photos: Sequence[LabelledPhoto]
) -> NDArray[np.float32] | None:
    """What the network is told of each; None where it judges photos alone."""
    if not settings.answers:
        return None
    return answer_vectors(photos, QUESTION_SETS[settings.questions])


def _draws(settings: Settings, photos: Sequence[LabelledPhoto]) -> BalancedDraws | None:
    """The photos of an epoch; None: each once."""
    branch, comma, _ = settings.balance.rpartition(",")
    if not comma:
        return None
    return balanced_draws(photos, branch, settings.draws or len(photos))
