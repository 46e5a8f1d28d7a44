"""Quantisation-aware fine-tuning: the weights learn to live with int8.

tfmot inserts fake quantisation behind every layer of the folded tf_keras model; the
fine-tuning then teaches it to give the float model's own scores on augmented training
photos. The float model is the target rather than the labels, because the aim is to
lose nothing on the way, not to train once more on too few photos.
"""

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

from convert.own_layers import ChannelClamp, HardSwish
from convert.recipes import FineTuning
from training.squares import AugmentedPhotos, Batch

_quantize = tfmot.quantization.keras

# tfmot's table lacks these; their output alone needs a range.
_OUTPUT_ONLY = (
    ChannelClamp,
    HardSwish,
    tf_keras.layers.Multiply,
    tf_keras.layers.Subtract,
)
# Photos whose activations fit into memory together, whatever the network.
_RANGE_BATCH = 8


def fine_tuned(
    model: tf_keras.Model, photos: AugmentedPhotos, settings: FineTuning
) -> tf_keras.Model:
    """A fake-quantised copy of ``model`` that learnt to give the same scores.

    Args:
        model: folded float model; stays as it is.
        photos: the training split, augmented.
        settings: how long and how fast.
    """
    quantised = _annotated(model, settings.keep_float)
    _set_ranges(quantised, model, _first_photos(photos))
    optimizer = tf_keras.optimizers.Adam(
        tf_keras.optimizers.schedules.CosineDecay(
            settings.learning_rate, settings.steps
        )
    )

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def step(pixels: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        target = model(pixels, training=False)
        with tf.GradientTape() as tape:
            given = quantised(pixels, training=True)
            loss = tf.reduce_mean(
                weights[:, 0] * tf_keras.losses.binary_crossentropy(target, given)
            )
        variables = quantised.trainable_variables
        optimizer.apply_gradients(
            zip(tape.gradient(loss, variables), variables, strict=True)
        )
        return loss

    bar = tqdm(_endless(photos, settings.steps), total=settings.steps, desc="fine-tune")
    for batch in bar:
        loss = step(tf.constant(batch.pixels), tf.constant(batch.weights))
        bar.set_postfix(loss=f"{float(loss):.3f}")
    return quantised


def _annotated(model: tf_keras.Model, keep_float: Sequence[str] = ()) -> tf_keras.Model:
    """Fake quantisation behind every layer; dropout is left out of fine-tuning."""

    def annotate(layer: tf_keras.layers.Layer) -> tf_keras.layers.Layer:
        if layer.name in keep_float:
            return layer
        if isinstance(layer, _OUTPUT_ONLY):
            return _quantize.quantize_annotate_layer(
                layer, configs.Default8BitOutputQuantizeConfig()
            )
        if isinstance(layer, tf_keras.layers.DepthwiseConv2D):
            # tfmot takes one range for the whole kernel, as its last axis has length
            # 1; left alone, the converter finds one for each channel.
            return _quantize.quantize_annotate_layer(
                layer, registry.Default8BitQuantizeConfig([], ["activation"], False)
            )
        return _quantize.quantize_annotate_layer(layer)

    plain = tf_keras.models.clone_model(model, clone_function=annotate)
    plain.set_weights(model.get_weights())
    own = {"ChannelClamp": ChannelClamp, "HardSwish": HardSwish}
    with _quantize.quantize_scope(own):
        return _quantize.quantize_apply(plain)


def _set_ranges(
    quantised: tf_keras.Model, model: tf_keras.Model, pixels: NDArray[np.float32]
) -> None:
    """Start every range at what the float model shows on real photos.

    tfmot starts at -6..6 and moves by a thousandth a step, which would take longer
    than the whole fine-tuning; the input has to be 0..1 to the bit, so that a stored
    input is the pixel itself.
    """
    wanted: dict[tuple[str, str], list[tuple[tf.Variable, str]]] = {}
    for wrapper in quantised.layers:
        name = wrapper.name.removeprefix("quant_")
        for variable in wrapper.weights:
            stem, _, end = (
                variable.name.rpartition("/")[2].partition(":")[0].rpartition("_")
            )
            if end in ("min", "max") and stem != "kernel":
                wanted.setdefault((name, stem), []).append((variable, end))
    ranges = _ranges(model, pixels, tuple(wanted))
    for key, variables in wanted.items():
        low, high = ranges.get(key, (0.0, 1.0))
        for variable, end in variables:
            variable.assign(tf.fill(variable.shape, low if end == "min" else high))


def _ranges(
    model: tf_keras.Model,
    pixels: NDArray[np.float32],
    wanted: Sequence[tuple[str, str]],
) -> dict[tuple[str, str], tuple[float, float]]:
    """Lowest and highest value of each layer's output, by layer and stem."""
    layers = {layer.name: layer for layer in model.layers[1:]}
    shown = tf_keras.Model(model.input, [layer.input for layer in layers.values()])
    # A range without 0 would be moved until it holds 0, away from the values.
    found = {key: (0.0, 0.0) for key in wanted if key[0] in layers}
    for start in range(0, len(pixels), _RANGE_BATCH):
        given = dict(
            zip(
                layers,
                shown(pixels[start : start + _RANGE_BATCH], training=False),
                strict=True,
            )
        )
        for (name, stem), (low, high) in found.items():
            values = _values_of(layers[name], given[name], stem)
            found[name, stem] = (
                min(low, float(tf.reduce_min(values))),
                max(high, float(tf.reduce_max(values))),
            )
    return found


def _values_of(layer: tf_keras.layers.Layer, given: tf.Tensor, stem: str) -> tf.Tensor:
    """What a layer gives; before its activation if asked for."""
    if stem != "pre_activation":
        return layer(given)
    activation, layer.activation = layer.activation, tf_keras.activations.linear
    values = layer(given)
    layer.activation = activation
    return values


def _first_photos(photos: AugmentedPhotos) -> NDArray[np.float32]:
    batches = photos.epoch(0)
    count = min(photos.steps, max(1, 128 // photos.batch_size))
    return np.concatenate([next(batches).pixels for _ in range(count)])


def _endless(photos: AugmentedPhotos, steps: int) -> Iterator[Batch]:
    number = 0
    while steps > 0:
        number += 1
        for batch in photos.epoch(number):
            yield batch
            steps -= 1
            if steps == 0:
                return
