"""Biases that undo what rounding a kernel does to the mean of each channel.

A rounded kernel moves the mean of its output by the rounding times the mean of its
input. Batch norms make that matter: where a channel hardly changes from photo to photo
they enlarge it, and folded into the kernel they enlarge the rounding error with it,
depthwise kernels before all. The bias takes the shift back (bias correction: Nagel et
al. 2019, arXiv 1906.04721, section 4.2, with means from photos rather than from the
batch norms).
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
import tf_keras
from numpy.typing import NDArray

from convert.quantize.qat_ranges import BATCH

INT8_STEPS = 127
"""The converter keeps kernels symmetric: -127 to 127 steps for each channel."""

_CONVOLUTIONS = (tf_keras.layers.Conv2D, tf_keras.layers.DepthwiseConv2D)


def bias_corrected(
    model: tf_keras.Model,
    shown: NDArray[np.float32],
    keep_float: Sequence[str] = (),
) -> tf_keras.Model:
    """A copy whose convolutions keep the mean of each channel once they are rounded.

    Depthwise kernels are rounded already, which changes nothing for the converter:
    fine-tuning holds no fake quantisation for them and would not see it otherwise.

    Args:
        model: folded float model; stays as it is.
        shown: real inputs of the photos that means are taken from;
            shape ``(n, s, s, 3)``.
        keep_float: names of layers that are not rounded.
    """
    copy = tf_keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    names = [
        layer.name
        for layer in model.layers
        if isinstance(layer, _CONVOLUTIONS)
        and layer.use_bias
        and layer.name not in keep_float
    ]
    for name, mean in _mean_inputs(model, names, shown).items():
        layer = copy.get_layer(name)
        kernel, bias = layer.get_weights()
        rounded = round_kernel(layer, kernel)
        shift = _mean_output(layer, rounded - kernel, mean)
        depthwise = isinstance(layer, tf_keras.layers.DepthwiseConv2D)
        layer.set_weights([rounded if depthwise else kernel, bias - shift])
    return copy


def round_kernel(
    layer: tf_keras.layers.Layer, kernel: NDArray[np.float32]
) -> NDArray[np.float32]:
    """A convolution's kernel as int8 holds it, with one scale for each channel."""
    depthwise = isinstance(layer, tf_keras.layers.DepthwiseConv2D)
    others = (0, 1) if depthwise else (0, 1, 2)
    largest = np.abs(kernel).max(axis=others, keepdims=True)
    # A kernel of zeros needs no scale.
    scale = np.where(largest > 0, largest, 1.0) / INT8_STEPS
    return np.asarray(np.round(kernel / scale) * scale, np.float32)


def _mean_inputs(
    model: tf_keras.Model, names: Sequence[str], shown: NDArray[np.float32]
) -> dict[str, NDArray[np.float64]]:
    """What each layer is given, averaged over the photos; by name."""
    if not names:
        return {}
    given = tf_keras.Model(model.input, [model.get_layer(name).input for name in names])
    sums = [np.float64(0)] * len(names)
    for start in range(0, len(shown), BATCH):
        parts = given(shown[start : start + BATCH], training=False)
        parts = [parts] if len(names) == 1 else parts
        sums = [
            total + np.asarray(part, np.float64).sum(axis=0)
            for total, part in zip(sums, parts, strict=True)
        ]
    return {
        name: np.asarray(total / len(shown))
        for name, total in zip(names, sums, strict=True)
    }


def _mean_output(
    layer: tf_keras.layers.Layer,
    kernel: NDArray[np.float32],
    given: NDArray[np.float64],
) -> NDArray[np.float32]:
    """The mean of each channel that ``kernel`` alone gives, without the activation."""
    single = type(layer).from_config(
        {**layer.get_config(), "use_bias": False, "activation": "linear"}
    )
    pixels = tf.constant(given[None], tf.float32)
    single.build(pixels.shape)
    single.set_weights([kernel])
    return np.asarray(tf.reduce_mean(single(pixels), axis=(0, 1, 2)))
