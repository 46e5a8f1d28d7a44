"""From a tf_keras model to the bytes of a TFLite FlatBuffer."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import tensorflow as tf
import tf_keras
from numpy.typing import NDArray
from tensorflow.lite.python.convert import ConverterError  # has no public name

from convert.errors import ConversionError
from convert.mixed import partly_quantised
from convert.recipes import Recipe

_TYPES = {"float32": tf.float32, "uint8": tf.uint8, "int8": tf.int8}

_KERNELS = {
    "ptq_int8": tf.lite.OpsSet.TFLITE_BUILTINS_INT8,
    "int16x8": (
        tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
    ),
}

Representative = Callable[[], Iterator[NDArray[np.float32]]]


def flatbuffer(
    model: tf_keras.Model | tf.Module,
    recipe: Recipe,
    *,
    size_px: int,
    io: str,
    representative: Representative,
    keep_float: Sequence[str] = (),
) -> bytes:
    """Convert with a fixed batch of one.

    Args:
        model: float model, or the fake-quantised one where the recipe trains.
        recipe: how to store and compute.
        size_px: side of the square input.
        io: dtype of input and output: ``"uint8"``, ``"int8"`` or ``"float32"``.
        representative: gives batches of shape ``(1, size_px, size_px, 3)``; only
            asked for them where ranges are calibrated.
        keep_float: layers that ``ptq_int8`` leaves in floating point.

    Raises:
        ConversionError: when TensorFlow's converter refuses the model.
    """
    shape = tf.TensorSpec((1, size_px, size_px, 3), tf.float32, name="pixels")
    function = tf.function(
        lambda pixels: model(pixels, training=False), autograph=False
    )
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [function.get_concrete_function(shape)], model
    )
    if recipe.name != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if recipe.name == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if recipe.integer:
        converter.inference_input_type = _TYPES[io]
        converter.inference_output_type = _TYPES[io]
    if recipe.calibrated:
        converter.target_spec.supported_ops = [_KERNELS[recipe.name]]
        converter.representative_dataset = lambda: (
            [batch] for batch in representative()
        )
    try:
        if keep_float and recipe.calibrated:
            return partly_quantised(converter, keep_float, _TYPES[io])
        return bytes(converter.convert())
    except (ValueError, RuntimeError, tf.errors.OpError, ConverterError) as error:
        raise ConversionError(
            f"TensorFlow's converter refused the model: {error}"
        ) from error
