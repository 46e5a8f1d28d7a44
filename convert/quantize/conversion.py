"""From a Keras model and a manifest to a checked FlatBuffer with its scores."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import tf_keras
from numpy.typing import NDArray

from convert.errors import ConversionError
from convert.graph.fold_batch_norm import folded
from convert.graph.nodes import built
from convert.messages import in_short
from convert.quantize.bias_correction import bias_corrected
from convert.quantize.calibration_photos import representative_batches
from convert.quantize.export import flatbuffer
from convert.quantize.mixed_precision import layers_of, refuse_unknown_layers
from convert.quantize.qat import fine_tuned, learnt, only_calibrated
from convert.quantize.recipes import RECIPES, FineTuning, Recipe
from convert.source.answers import answers_of, together
from convert.source.model import Source
from convert.source.opaque_model import Whole
from convert.source.scoring import MEAN, STD, Photos, keras_scores
from convert.tflite.audit import audit
from edge_runtime.photos.manifest import LabelledPhoto, photos_of
from training.augmentation.pipelines import AUGMENTATIONS
from training.fitting.batches import AugmentedPhotos, decoded_squares, labels_of

# Largest difference of a probability between the Keras 3 model and its folded tf_keras
# rebuild: float32 rounding in another order of summation.
SAME_FUNCTION = 1e-5
# The same for deep networks, whose rounding adds up (0.00006 was seen after 53
# convolutions): a tenth of half a step of an 8-bit score.
SAME_DEEP_FUNCTION = 2e-4
DEEP = 20
"""Layers with weights beyond which a network is deep."""

BATCH_SIZE = 16


def rebuilt(
    source: Source, photos: Photos, recipe: Recipe | None = None
) -> tf_keras.Model | Whole:
    """The folded tf_keras form of the model, proved to be the same function.

    Layers without a counterpart stay as they are for recipes that compute integers;
    for others, where they are found, the model is left whole.

    Raises:
        ConversionError: when a probability differs by more than ``SAME_FUNCTION``, or
            the model cannot be taken apart but has to be.
    """
    if source.slots:
        return Whole(source)
    try:
        nodes = folded(source.nodes if _may_be_whole(recipe) else source.nodes_or_kept)
    except ConversionError:
        if recipe is None or recipe.trains:
            raise
        return Whole(source)
    model = built(nodes, source.size_px)
    given = np.asarray(model.predict(photos.real, batch_size=32, verbose=0))[:, 0]
    difference = float(np.abs(given - keras_scores(source, photos)).max())
    deep = sum(bool(node.weights) or node.kind == "Kept" for node in nodes) > DEEP
    most = SAME_DEEP_FUNCTION if deep else SAME_FUNCTION
    if not difference <= most:
        raise ConversionError(
            f"the tf_keras rebuild of {source.network} differs from the Keras model by"
            f" {difference:.2g} (at most {most}); please report this"
        )
    return model


def _may_be_whole(recipe: Recipe | None) -> bool:
    return recipe is not None and not recipe.computes_integers


def converted(
    source: Source,
    model: tf_keras.Model | Whole,
    recipe: Recipe,
    photos: Sequence[LabelledPhoto],
    chosen: Sequence[LabelledPhoto],
    *,
    io: str,
    tuning: FineTuning,
) -> bytes:
    """Fine-tune or calibrate as the recipe asks, and convert.

    Args:
        source: what the model was rebuilt from.
        model: ``rebuilt(source, ...)``.
        recipe: how to convert.
        photos: the whole manifest; only its training split is used.
        chosen: photos that show value ranges, for recipes that calibrate.
        io: dtype of input and output.
        tuning: for recipes that train; and the layers that int8 recipes leave in
            floating point.
    """
    if tuning.keep_float:
        refuse_unknown_layers(tuning.keep_float, layers_of(model))

    def shown() -> Iterator[NDArray[np.float32]]:
        return representative_batches(
            chosen, size_px=source.size_px, mean=MEAN, std=STD
        )

    if recipe.trains:
        train = photos_of(photos, "train")
        augmentation = str(source.settings.get("augmentation", "strong"))
        supply = AugmentedPhotos(
            decoded_squares(train, source.size_px),
            labels_of(train),
            source.size_px,
            AUGMENTATIONS[augmentation],
            BATCH_SIZE,
            tuning.seed,
        )
        tuned = fine_tuned(model, supply, np.concatenate(list(shown())), tuning)
        if tuning.keep_float or only_calibrated(model):
            model, recipe = learnt(tuned, model), RECIPES["ptq_int8"]
        else:
            model = tuned
    elif recipe.calibrated and isinstance(model, tf_keras.Model):
        model = bias_corrected(model, np.concatenate(list(shown())), tuning.keep_float)
    return flatbuffer(
        model,
        recipe,
        size_px=source.size_px,
        io=io,
        keep_float=tuning.keep_float,
        representative=lambda: together(
            _over_whole_range(shown()), answers_of(chosen, source.slots)
        ),
        slots=source.slots,
    )


def refuse_unquantisable(source: Source, keep_float: Sequence[str]) -> None:
    """Find out before photos are read whether all layers have int8 kernels.

    Only models with layers that fine-tuning leaves alone are tried.

    Args:
        source: whose head and input need not be settled.
        keep_float: layers that may stay in floating point.

    Raises:
        ConversionError: when the converter refuses or crashes, naming those layers.
        AuditError: naming what computes in floating point.
    """
    model = built(folded(source.nodes_or_kept), source.size_px)
    calibrated = only_calibrated(model)
    if not calibrated:
        return
    side = source.size_px
    noise = np.random.default_rng(0).random((2, 1, side, side, 3), np.float32)
    try:
        tried = flatbuffer(
            model,
            RECIPES["ptq_int8"],
            size_px=side,
            io="uint8",
            keep_float=keep_float,
            representative=lambda: iter(noise),
        )
    except ConversionError as error:
        raise ConversionError(
            f"{error} Layers that int8 fine-tuning has no form for:"
            f" {_named(calibrated)}."
        ) from error
    audit(tried, int8=True, kept=keep_float)
    print(
        f"fine-tuning will leave {len(calibrated)} layers alone, as quantisation-aware"
        f" training has no form for them: {_named(calibrated)}. All value ranges are"
        " calibrated after it.",
        file=sys.stderr,
    )


def _named(calibrated: Mapping[str, str]) -> str:
    return in_short(", ".join(f"{name} ({kind})" for name, kind in calibrated.items()))


def _over_whole_range(
    batches: Iterable[NDArray[np.float32]],
) -> Iterator[NDArray[np.float32]]:
    """The batches, with pure black and pure white in the first.

    Calibration takes the input's range from what it is shown, and a stored input is the
    pixel itself only where that is the whole range. The darkest and the brightest value
    are moved there, which changes what the layers show the least.
    """
    for number, batch in enumerate(batches):
        if number == 0:
            batch.flat[batch.argmin()] = (0 - MEAN) / STD
            batch.flat[batch.argmax()] = (255 - MEAN) / STD
        yield batch
