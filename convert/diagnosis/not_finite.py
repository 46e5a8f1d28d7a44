"""Where a score that is no number comes from: the first layer that gives none."""

import numpy as np
import tf_keras
from numpy.typing import NDArray

from convert.errors import ConversionError
from convert.graph.fold_batch_norm import folded
from convert.graph.nodes import built
from convert.source.model import Source
from convert.tflite.all_tensors import AllTensors


def origin_in_model(source: Source, real: NDArray[np.float32]) -> str:
    """For a message: the layer that gives NaN or infinity first.

    Args:
        source: the Keras model.
        real: a picture for which the model gave no number; ``(1, size, size, 3)``.

    Returns:
        A sentence; empty where the model cannot be taken apart.
    """
    try:
        nodes = source.nodes
    except ConversionError:
        return ""
    for node in nodes:
        if not all(np.isfinite(array).all() for array in node.weights):
            return f"The weights of layer {node.name} hold it already. "
    layers = built(folded(nodes), source.size_px).layers[1:]
    shown = tf_keras.Model(layers[0].input, [layer.output for layer in layers])
    for layer, values in zip(layers, shown(real, training=False), strict=True):
        if not np.isfinite(values).all():
            return f"Layer {layer.name} is the first to give it. "
    return ""


def origin_in_file(model: bytes, pixels: NDArray[np.uint8]) -> str:
    """The same of a converted file, for one photo at its size."""
    opened = AllTensors(model)
    opened.run(pixels)
    for number, operator in enumerate(opened.operators):
        if not np.isfinite(opened.value(number)).all():
            return f"Layer {operator.layer} is the first to give it. "
    return ""
