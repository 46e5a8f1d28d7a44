"""Quantisation-aware fine-tuning: the weights learn to live with int8.

tfmot inserts fake quantisation behind every layer of the folded tf_keras model; the
fine-tuning then teaches it to give the float model's own scores on augmented training
photos. The float model is the target rather than the labels, because the aim is to
lose nothing on the way, not to train once more on too few photos. Ranges start where
calibration would put them; of the way from there to the end of fine-tuning as much is
gone as brings the scores of real photos nearest to the float model's.
"""

import sys
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf
import tensorflow_model_optimization as tfmot
import tf_keras
from numpy.typing import NDArray
from tensorflow_model_optimization.python.core.quantization.keras.default_8bit import (
    default_8bit_quantize_configs as configs,
)
from tensorflow_model_optimization.python.core.quantization.keras.default_8bit import (
    default_8bit_quantize_registry as registry,
)
from tqdm import tqdm

from convert.graph.custom_layers import (
    ONE_OPERATION,
    ChannelClamp,
    Elementwise,
    HardSwish,
    Kept,
    Normalised,
)
from convert.quantize.bias_correction import bias_corrected
from convert.quantize.qat_ranges import BATCH, set_ranges, stem_of
from convert.quantize.recipes import FineTuning
from convert.quantize.relative_adam import RelativeAdam
from training.fitting.batches import AugmentedPhotos, Batch

_quantize = tfmot.quantization.keras

# tfmot's table lacks these; their output alone needs a range.
_OUTPUT_ONLY = (
    ChannelClamp,
    Elementwise,
    HardSwish,
    tf_keras.layers.Multiply,
    tf_keras.layers.PReLU,
    tf_keras.layers.Subtract,
)
# Of the way from rounding alone to the end of fine-tuning.
_SHARES = (0.0, 0.125, 0.25, 0.5, 1.0)


def only_calibrated(model: tf_keras.Model) -> dict[str, str]:
    """Layers that fine-tuning leaves alone: name -> what they are.

    A range behind such a layer would say nothing of its inner values, so all ranges of
    a file that has one come from calibration, after fine-tuning.
    """
    found = {}
    for layer in model.layers:
        if isinstance(layer, Kept):
            found[layer.name] = layer.kind
        elif isinstance(layer, Normalised):
            found[layer.name] = "normalisation"
        elif isinstance(layer, Elementwise) and layer.function not in ONE_OPERATION:
            found[layer.name] = layer.function
    return found


def fine_tuned(
    model: tf_keras.Model,
    photos: AugmentedPhotos,
    shown: NDArray[np.float32],
    settings: FineTuning,
) -> tf_keras.Model:
    """A fake-quantised copy of ``model`` that learnt to give the same scores.

    Args:
        model: folded float model; stays as it is.
        photos: the training split, augmented.
        shown: real inputs of the photos that show value ranges.
        settings: how long and how fast.
    """
    quantised = _annotated(
        bias_corrected(model, shown, settings.keep_float), settings.keep_float
    )
    # Kernels take their ranges from what they hold, but only while training.
    quantised(shown[:BATCH], training=True)
    set_ranges(quantised, model, shown)
    start = quantised.get_weights()
    _teach(quantised, model, photos, settings)
    _go_part_of_the_way(quantised, start, shown, _scores(model, shown))
    return quantised


def _go_part_of_the_way(
    quantised: tf_keras.Model,
    start: Sequence[NDArray[np.float32]],
    shown: NDArray[np.float32],
    wanted: NDArray[np.float32],
) -> None:
    """Between rounding alone and the end of fine-tuning, stop where scores are best.

    Augmented photos are not those that will come, and steps are noisy: the end may be
    farther from the float model than the start was.
    """
    end = quantised.get_weights()
    distances = {}
    for share in _SHARES:
        quantised.set_weights(_between(start, end, share))
        distances[share] = float(np.abs(_scores(quantised, shown) - wanted).mean())
    # A distance that is no number is no reason to go there.
    numbers = {x: y for x, y in distances.items() if np.isfinite(y)} or {0.0: np.nan}
    best = min(numbers, key=lambda share: numbers[share])
    quantised.set_weights(_between(start, end, best))
    print(
        "fine-tuning: mean difference of scores from the Keras model"
        f" {distances[0.0]:.4f} before, {numbers[best]:.4f} after;"
        f" {best:.0%} of the change is kept",
        file=sys.stderr,
    )


def _between(
    start: Sequence[NDArray[np.float32]],
    end: Sequence[NDArray[np.float32]],
    share: float,
) -> list[NDArray[np.float32]]:
    if share == 0:
        return list(start)
    pairs = zip(start, end, strict=True)
    # Counters among them stay what they are.
    return [np.asarray(a + share * (b - a), np.asarray(a).dtype) for a, b in pairs]


def _scores(model: tf_keras.Model, shown: NDArray[np.float32]) -> NDArray[np.float32]:
    parts = np.split(shown, range(BATCH, len(shown), BATCH))
    given = [np.asarray(model(part, training=False)) for part in parts]
    return np.concatenate(given)


def _teach(
    quantised: tf_keras.Model,
    model: tf_keras.Model,
    photos: AugmentedPhotos,
    settings: FineTuning,
) -> None:
    # Depthwise kernels are rounded already, and steps would take them off their grid.
    variables = [
        each
        for each in quantised.trainable_variables
        if stem_of(each) != "depthwise_kernel"
    ]
    optimizer = RelativeAdam(variables)
    decay = tf_keras.optimizers.schedules.CosineDecay(
        settings.learning_rate, settings.steps
    )

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def step(pixels: tf.Tensor, weights: tf.Tensor, rate: tf.Tensor) -> tf.Tensor:
        target = model(pixels, training=False)
        with tf.GradientTape() as tape:
            given = quantised(pixels, training=True)
            loss = tf.reduce_mean(
                weights[:, 0] * tf_keras.losses.binary_crossentropy(target, given)
            )
        optimizer.apply(tape.gradient(loss, variables), rate)
        return loss

    bar = tqdm(
        _endless(photos, settings.steps),
        total=settings.steps,
        desc="fine-tune",
        disable=None,
    )
    for number, batch in enumerate(bar):
        given = (batch.pixels, batch.weights)
        loss = step(*map(tf.constant, given), decay(number))
        bar.set_postfix(loss=f"{float(loss):.3f}")


def learnt(quantised: tf_keras.Model, model: tf_keras.Model) -> tf_keras.Model:
    """A float copy of ``model`` with the weights of its fake-quantised copy.

    For files that keep layers in float, or that hold layers without ranges: the
    converter carries a fake range backwards
    through every operation that keeps values as they are, a max pool say, and so makes
    integers of a layer that has no range of its own.
    """
    copy = tf_keras.models.clone_model(model)
    taught = {layer.name.removeprefix("quant_"): layer for layer in quantised.layers}
    for layer in copy.layers:
        weights = {stem_of(each): each for each in taught[layer.name].weights}
        layer.set_weights([weights[stem_of(each)].numpy() for each in layer.weights])
    return copy


def _annotated(model: tf_keras.Model, keep_float: Sequence[str] = ()) -> tf_keras.Model:
    """Fake quantisation behind every layer that can be fine-tuned with it."""
    without = {*keep_float, *only_calibrated(model)}

    def annotate(layer: tf_keras.layers.Layer) -> tf_keras.layers.Layer:
        if layer.name in without:
            return layer
        if isinstance(layer, _OUTPUT_ONLY):
            return _quantize.quantize_annotate_layer(
                layer, configs.Default8BitOutputQuantizeConfig()
            )
        if isinstance(layer, tf_keras.layers.DepthwiseConv2D):
            # tfmot takes one range for the whole kernel, as its last axis has length
            # 1; left alone, the converter finds one for each channel. It finds the
            # rounding of ``bias_corrected`` again, so nothing goes unseen here.
            return _quantize.quantize_annotate_layer(
                layer, registry.Default8BitQuantizeConfig([], ["activation"], False)
            )
        return _quantize.quantize_annotate_layer(layer)

    plain = tf_keras.models.clone_model(model, clone_function=annotate)
    plain.set_weights(model.get_weights())
    classes = (ChannelClamp, Elementwise, HardSwish, Kept, Normalised)
    own = {each.__name__: each for each in classes}
    with _quantize.quantize_scope(own):
        return _quantize.quantize_apply(plain)


def _endless(photos: AugmentedPhotos, steps: int) -> Iterator[Batch]:
    number = 0
    while steps > 0:
        number += 1
        for batch in photos.epoch(number):
            yield batch
            steps -= 1
            if steps == 0:
                return
