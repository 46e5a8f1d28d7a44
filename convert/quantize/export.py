"""From a tf_keras model to the bytes of a TFLite FlatBuffer."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf
import tf_keras
from tensorflow.lite.python.convert import ConverterError  # has no public name
from tensorflow.python.framework.convert_to_constants import (  # nor has this
    convert_variables_to_constants_v2,
)

from convert.errors import ConversionError
from convert.graph.custom_layers import Kept
from convert.messages import in_short
from convert.quantize.ai_edge import quantised
from convert.quantize.converter_process import (
    TYPES,
    Representative,
    converted_apart,
    prepare,
)
from convert.quantize.mixed_precision import partly_quantised
from convert.quantize.recipes import AI_EDGE, RECIPES, Recipe


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
    if recipe.name == AI_EDGE:
        floating = flatbuffer(
            model,
            RECIPES["float32"],
            size_px=size_px,
            io="float32",
            representative=representative,
            slots=slots,
        )
        return quantised(floating, representative, io=io, keep_float=keep_float)
    concrete = _concrete(model, size_px, slots)
    if _is_foreign(model) and not keep_float:
        # Operations that nobody has looked at can end the process.
        return converted_apart(concrete, recipe, io=io, representative=representative)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], model)
    prepare(converter, recipe, io, representative)
    try:
        if keep_float and recipe.calibrated:
            return partly_quantised(converter, keep_float, TYPES[io])
        return bytes(converter.convert())
    except (ValueError, RuntimeError, tf.errors.OpError, ConverterError) as error:
        raise ConversionError(
            f"TensorFlow's converter refused the model: {in_short(str(error))}"
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
    if not _is_foreign(model):
        return concrete
    # Otherwise the converter leaves some of Keras 3's variables as such, which its own
    # calibration then cannot read.
    return convert_variables_to_constants_v2(concrete)


def _is_foreign(model: tf_keras.Model | tf.Module) -> bool:
    """Whether layers of others run inside it, with their own code and variables."""
    return not isinstance(model, tf_keras.Model) or any(
        isinstance(layer, Kept) for layer in model.layers
    )
