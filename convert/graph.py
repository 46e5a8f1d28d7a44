"""A Keras 3 model as a list of nodes that can be rewritten and built in tf_keras.

tfmot's quantisation-aware training takes tf_keras models only, and tf_keras cannot read
Keras 3 files. So a model is taken apart into nodes (what each layer is, its weights,
whose output it reads), rewritten (``folding.py``) and put together again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import tf_keras
from numpy.typing import NDArray

from convert.channel_clamp import ChannelClamp
from convert.errors import ConversionError

# Layers that mean the same in Keras 3 and tf_keras and convert to TFLite's kernels.
COPIED = (
    "Activation",
    "Add",
    "AveragePooling2D",
    "BatchNormalization",
    "Concatenate",
    "Conv2D",
    "Dense",
    "DepthwiseConv2D",
    "Dropout",
    "Flatten",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling2D",
    "InputLayer",
    "MaxPooling2D",
    "ReLU",
    "Reshape",
    "ZeroPadding2D",
)

# Options that only matter to training, or that Keras 3 and tf_keras write differently.
_DROPPED = ("_initializer", "_regularizer", "_constraint")
_DROPPED_WHOLE = {
    "dtype", "quantization_config", "renorm", "synchronized", "seed", "optional",
    "sparse", "ragged", "batch_shape", "negative_slope", "threshold",
}  # fmt: skip


@dataclass(frozen=True)
class Node:
    """One layer.

    Attributes:
        name: of the layer, unique in the model.
        kind: class of the layer, such as ``"Conv2D"``; or ``"ChannelClamp"``.
        inputs: names of the nodes it reads.
        config: options of the layer, those of ``_DROPPED`` left out.
        weights: as Keras lists them.
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    config: Mapping[str, Any] = field(default_factory=dict)
    weights: tuple[NDArray[np.float32], ...] = ()


def nodes_of(model: keras.Model) -> tuple[Node, ...]:
    """Take a Keras 3 model apart, inputs first.

    Raises:
        ConversionError: naming a layer that has no counterpart, or is used twice.
    """
    if isinstance(model, keras.Sequential):
        model = keras.Model(model.inputs, model.outputs, name=model.name)
    if not isinstance(model, keras.Model) or not hasattr(model, "operations"):
        raise ConversionError(
            f"{model.name} is a subclassed model, which cannot be taken apart."
            " Rebuild it with the functional API, or as keras.Sequential."
        )
    names = {}
    for operation in model.operations:
        names[id(_single(operation.output, operation.name))] = operation.name
    for tensor in model.outputs:
        _name_of(tensor, names)
    return tuple(_node(operation, names) for operation in model.operations)


def built(nodes: Sequence[Node], size_px: int) -> tf_keras.Model:
    """Put nodes together as a functional tf_keras model.

    Args:
        nodes: inputs first; the last one is the output.
        size_px: side of the square RGB input.
    """
    outputs: dict[str, Any] = {}
    inputs = None
    for node in nodes:
        if node.kind == "InputLayer":
            inputs = tf_keras.Input((size_px, size_px, 3), name=node.name)
            outputs[node.name] = inputs
            continue
        layer = _layer(node)
        sources = [outputs[name] for name in node.inputs]
        outputs[node.name] = layer(sources[0] if len(sources) == 1 else sources)
        layer.set_weights(list(node.weights))
    return tf_keras.Model(inputs, outputs[nodes[-1].name])


def consumers_of(nodes: Sequence[Node]) -> dict[str, list[Node]]:
    """For each node's name, the nodes that read it."""
    readers: dict[str, list[Node]] = {node.name: [] for node in nodes}
    for node in nodes:
        for name in node.inputs:
            readers[name].append(node)
    return readers


def _single(tensor: Any, name: str) -> Any:
    if isinstance(tensor, (list, tuple)):
        if len(tensor) != 1:
            raise ConversionError(
                f"layer {name} has {len(tensor)} outputs; expected one"
            )
        return tensor[0]
    return tensor


def _name_of(tensor: Any, names: Mapping[int, str]) -> str:
    """Name of the layer that gives ``tensor``."""
    if id(tensor) not in names:
        # Only the output of a layer's first call is known.
        raise ConversionError(
            f"layer {tensor._keras_history.operation.name} is used more than once;"
            " give each use a layer of its own"
        )
    return names[id(tensor)]


def _node(operation: Any, names: Mapping[int, str]) -> Node:
    kind = type(operation).__name__
    if kind not in COPIED:
        raise ConversionError(
            f"layer {operation.name} is a {kind}, which cannot be copied to tf_keras."
            f" Known layers: {', '.join(COPIED)}."
        )
    inputs: tuple[str, ...] = ()
    if kind != "InputLayer":
        given = operation.input
        tensors = given if isinstance(given, (list, tuple)) else [given]
        inputs = tuple(_name_of(tensor, names) for tensor in tensors)
    full = operation.get_config()
    if full.get("negative_slope") or full.get("threshold"):
        raise ConversionError(
            f"layer {operation.name} is a leaky or thresholded ReLU; only the plain"
            " one is known here"
        )
    config = {
        name: value
        for name, value in full.items()
        if not name.endswith(_DROPPED) and name not in _DROPPED_WHOLE
    }
    weights = tuple(np.asarray(array) for array in operation.get_weights())
    return Node(operation.name, kind, inputs, config, weights)


def _layer(node: Node) -> tf_keras.layers.Layer:
    if node.kind == "ChannelClamp":
        return ChannelClamp(name=node.name, **node.config)
    try:
        return getattr(tf_keras.layers, node.kind).from_config(dict(node.config))
    except (TypeError, ValueError) as error:
        raise ConversionError(
            f"layer {node.name}, a {node.kind}, has options that tf_keras does not"
            f" know: {error}"
        ) from error
