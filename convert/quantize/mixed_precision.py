"""Files in int8 that keep chosen layers in floating point.

For a layer whose range int8 cannot carry: everything else stays integer, with a
DEQUANTIZE before it and a QUANTIZE behind.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import tensorflow as tf
from tensorflow.lite.python.convert import mlir_quantize  # has no public name

from convert.errors import ConversionError
from convert.tflite.operators import operators


def layers_of(model: Any) -> tuple[str, ...]:
    """Names that ``--keep-float`` takes; none of a model that is converted whole."""
    return tuple(layer.name for layer in getattr(model, "layers", ())[1:])


def refuse_unknown_layers(wanted: Iterable[str], known: Sequence[str]) -> None:
    """Stop before the slow part where a layer to keep is not there.

    Raises:
        ConversionError: naming it, and the layers that there are.
    """
    for name in wanted:
        if name not in known:
            raise ConversionError(
                f"--keep-float {name}: there is no such layer after folding. Layers:"
                f" {', '.join(known) or 'not known, as the model is converted whole'}"
            )


def partly_quantised(
    converter: tf.lite.TFLiteConverter, kept: Sequence[str], edges: Any
) -> bytes:
    """Convert as the recipe ``ptq_int8`` does, but for the layers in ``kept``.

    Args:
        converter: set up for ``ptq_int8``.
        kept: names of Keras layers.
        edges: dtype of input and output.
    """
    converter._experimental_calibrate_only = True
    calibrated = converter.convert()
    names = [
        tensor.name
        for operator in operators(calibrated)
        if operator.is_of(kept)
        for tensor in operator.outputs
    ]
    return bytes(
        mlir_quantize(
            calibrated,
            input_data_type=edges,
            output_data_type=edges,
            denylisted_nodes=names,
        )
    )
