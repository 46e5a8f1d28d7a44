"""Where fake quantisation starts: at the ranges that real photos show."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
import tf_keras
from numpy.typing import NDArray

BATCH = 8
"""Photos whose activations fit into memory together, whatever the network."""


def set_ranges(
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
            stem, _, end = stem_of(variable).rpartition("_")
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
    for start in range(0, len(pixels), BATCH):
        given = dict(
            zip(
                layers,
                shown(pixels[start : start + BATCH], training=False),
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


def stem_of(variable: tf.Variable) -> str:
    """Its own name, without its layer's."""
    return str(variable.name).rpartition("/")[2].partition(":")[0]
