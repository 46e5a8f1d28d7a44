"""From a tf_keras model to the bytes of a TFLite FlatBuffer."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import tensorflow as tf
import tf_keras
from tensorflow.lite.python.convert import ConverterError  # has no public name
from tensorflow.python.framework.convert_to_constants import (  # nor has this
    convert_variables_to_constants_v2,
)

from convert.errors import ConversionError
from convert.quantize.mixed_precision import partly_quantised
from convert.quantize.recipes import Recipe
from training.fitting.batches import Inputs

_TYPES = {"float32": tf.float32, "uint8": tf.uint8, "int8": tf.int8}

_KERNELS = {
    "ptq_int8": tf.lite.OpsSet.TFLITE_BUILTINS_INT8,
    "int16x8": (
        tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
    ),
}

Representative = Callable[[], Iterator[Inputs]]


def flatbuffer(
    model: tf_keras.Model | tf.Module,
    recipe: Recipe,
    *,
    size_px: int,
    io: str,
    representative: Representative,
    keep_float: Sequence[str] = (),
    slots: int = 0,
) -> bytes:
    """Convert with a fixed batch of one.

    Args:
        model: float model, or the fake-quantised one where the recipe trains.
        recipe: how to store and compute.
        size_px: side of the square input.
        io: dtype of input and output: ``"uint8"``, ``"int8"`` or ``"float32"``.
        representative: gives batches of shape ``(1, size_px, size_px, 3)``, each with
            a row of answers where the model takes them; only asked for them where
            ranges are calibrated.
        keep_float: layers that ``ptq_int8`` leaves in floating point.
        slots: length of the row of answers; 0 for a model of the photo alone.

    Raises:
        ConversionError: when TensorFlow's converter refuses the model.
    """
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [_concrete(model, size_px, slots)], model
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
            given if isinstance(given, list) else [given] for given in representative()
        )
    try:
        if keep_float and recipe.calibrated:
            return partly_quantised(converter, keep_float, _TYPES[io])
        return bytes(converter.convert())
    except (ValueError, RuntimeError, tf.errors.OpError, ConverterError) as error:
        raise ConversionError(
            f"TensorFlow's converter refused the model: {error}"
        ) from error


def _concrete(model: tf_keras.Model | tf.Module, size_px: int, slots: int) -> Any:
    """One batch of one, with names for the inputs."""
    shapes = [tf.TensorSpec((1, size_px, size_px, 3), tf.float32, name="pixels")]
    if slots:
        shapes.append(tf.TensorSpec((1, slots), tf.float32, name="answers"))
    function = tf.function(
        lambda *given: model(given[0] if len(given) == 1 else given, training=False),
        autograph=False,
    )
    concrete = function.get_concrete_function(*shapes)
    if isinstance(model, tf_keras.Model):
        return concrete
    # Otherwise the converter leaves some of Keras 3's variables as such, which its own
    # calibration then cannot read.
    return convert_variables_to_constants_v2(concrete)
