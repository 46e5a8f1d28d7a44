"""What each layer of a Keras model becomes: which kinds are known, and as what.

A layer here is one of Keras 3 or of tf_keras, a Keras operation such as ``x + 3.0``, or
a TensorFlow function in a functional model (tf_keras' ``TFOpLambda``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import tf_keras
from numpy.typing import NDArray

from convert.errors import ConversionError
from convert.graph.functions import (
    ACTIVATIONS,
    activation_nodes,
    affine,
    from_function,
    function_name,
)
from convert.graph.nodes import Node

# Layers that mean the same in Keras 3 and tf_keras and convert to TFLite's kernels.
COPIED = (
    "Activation", "Add", "AveragePooling2D", "BatchNormalization", "Concatenate",
    "Conv2D", "Cropping2D", "Dense", "DepthwiseConv2D", "Dropout", "Flatten",
    "GlobalAveragePooling2D", "GlobalMaxPooling2D", "InputLayer", "LeakyReLU",
    "MaxPooling2D", "Multiply", "PReLU", "ReLU", "Reshape", "Softmax", "Subtract",
    "ZeroPadding2D",
)  # fmt: skip
# Layers that are written as others.
REWRITTEN = (
    "ELU", "GroupNormalization", "LayerNormalization", "Normalization", "Rescaling",
    "SeparableConv2D",
)  # fmt: skip
# Layers that do nothing at inference.
IDLE = (
    "ActivityRegularization", "AlphaDropout", "GaussianDropout", "GaussianNoise",
    "Identity", "RandomBrightness", "RandomContrast", "RandomFlip", "RandomHue",
    "RandomRotation", "RandomSaturation", "RandomTranslation", "RandomZoom",
    "SpatialDropout2D",
)  # fmt: skip

# Options that only matter to training, or that Keras 3 and tf_keras write differently.
_DROPPED = ("_initializer", "_regularizer", "_constraint")
_DROPPED_WHOLE = {
    "dtype", "quantization_config", "renorm", "synchronized", "seed", "optional",
    "sparse", "ragged", "batch_shape", "batch_input_shape", "negative_slope",
    "threshold", "groups_axis", "build_config",
}  # fmt: skip
# Activations that stay inside a weighted layer; others become a node of their own.
_INSIDE = {
    "Conv2D": ("linear", "relu"),
    "DepthwiseConv2D": ("linear", "relu"),
    "Dense": ("linear", "relu", "sigmoid", "softmax", "tanh"),
}


def is_layer(operation: Any) -> bool:
    """Whether it is a Keras layer, and not an operation or a TensorFlow function."""
    return hasattr(operation, "get_weights") and function_name(operation) is None


def is_known(operation: Any) -> bool:
    """Whether ``nodes_for`` knows this kind of layer."""
    kind = type(operation).__name__
    return not is_layer(operation) or kind in (*COPIED, *REWRITTEN, *IDLE)


def nodes_for(
    operation: Any,
    name: str,
    sources: tuple[str, ...],
    shape: Sequence[int | None],
    constants: Mapping[int, Any],
) -> tuple[Node, ...]:
    """The nodes that one layer becomes; none where it does nothing.

    Args:
        operation: the layer or operation.
        name: of the last node.
        sources: names of the nodes it reads.
        shape: of its output.
        constants: arguments of an operation that are numbers, by position.

    Raises:
        ConversionError: naming a layer that has no counterpart.
    """
    kind, rank = type(operation).__name__, len(shape)
    if not is_layer(operation):
        return from_function(operation, name, sources, shape, constants)
    if kind in IDLE:
        return ()
    if kind not in (*COPIED, *REWRITTEN):
        raise ConversionError(
            f"layer {name} is a {kind}, which cannot be copied to tf_keras."
            f" Known layers: {', '.join(sorted((*COPIED, *REWRITTEN)))}."
            " --recipe ptq_int8, dynamic_int8 or float16 may convert it as it is."
        )
    if rewritten := _rewritten(operation, kind, name, sources, shape):
        return rewritten
    config = _config(operation, name)
    weights = tuple(np.asarray(array) for array in operation.get_weights())
    if kind == "SeparableConv2D":
        return _separated(name, sources, config, weights, shape)
    if isinstance(operation, tf_keras.layers.Layer):
        config = _keras_2_words(config)
    return _split(Node(name, kind, sources, config, weights, rank), shape)


def _rewritten(
    operation: Any,
    kind: str,
    name: str,
    sources: tuple[str, ...],
    shape: Sequence[int | None],
) -> tuple[Node, ...]:
    """Layers that are written as another node; none where this is not one."""
    if leaky := _leaky(operation, kind, name, sources, len(shape)):
        return (leaky,)
    if kind in ("GroupNormalization", "LayerNormalization"):
        return (_normalised(operation, kind, name, sources, shape),)
    if kind == "ELU":
        options = {"function": "elu", "alpha": float(operation.get_config()["alpha"])}
        return (Node(name, "Elementwise", sources, options, rank=len(shape)),)
    if kind in ("Rescaling", "Normalization"):
        gain, shift = _rescaling(operation, kind)
        return (affine(name, sources, gain, shift, shape),)
    return ()


def _leaky(
    operation: Any, kind: str, name: str, sources: tuple[str, ...], rank: int
) -> Node | None:
    """A ReLU with a slope for negative values, under either of its names."""
    options = operation.get_config()
    if kind == "ReLU" and (options.get("max_value") or options.get("threshold")):
        return None
    slope = options.get("negative_slope", options.get("alpha"))
    if (kind == "ReLU" and not slope) or kind not in ("LeakyReLU", "ReLU"):
        return None
    config = {"name": name, "alpha": float(np.asarray(slope))}
    return Node(name, "LeakyReLU", sources, config, rank=rank)


def _normalised(
    operation: Any,
    kind: str,
    name: str,
    sources: tuple[str, ...],
    shape: Sequence[int | None],
) -> Node:
    """Layer or group normalisation of the last axis."""
    options, rank = operation.get_config(), len(shape)
    axes = np.ravel(options["axis"]) % rank
    if list(axes) != [rank - 1] or options.get("rms_scaling"):
        raise ConversionError(
            f"layer {name} is a {kind} of axis {options['axis']}; expected the last"
            " one. --recipe float16 or dynamic_int8 may convert it as it is."
        )
    channels = int(shape[-1] or 0)
    groups = options.get("groups", 1)
    config = {
        "groups": channels if groups == -1 else groups,
        "over_places": kind == "GroupNormalization",
        "epsilon": float(options["epsilon"]),
    }
    arrays = iter(operation.get_weights())
    gain = next(arrays) if options["scale"] else np.ones(channels, np.float32)
    shift = next(arrays) if options["center"] else np.zeros(channels, np.float32)
    return Node(name, "Normalised", sources, config, (gain, shift), rank)


def _keras_2_words(config: Mapping[str, Any]) -> dict[str, Any]:
    """Keras 2 means another function by ``hard_sigmoid``."""
    word = config.get("activation")
    return {
        **config,
        **({"activation": "hard_sigmoid_2"} if word == "hard_sigmoid" else {}),
    }


def _config(operation: Any, name: str) -> dict[str, Any]:
    full = operation.get_config()
    if full.get("negative_slope") or full.get("threshold"):
        raise ConversionError(
            f"layer {name} is a ReLU with a threshold, or one both leaky and limited;"
            " these are not known here. --recipe ptq_int8 may convert it as it is."
        )
    if full.get("data_format") == "channels_first":
        raise ConversionError(
            f"layer {name} has its channels first; TFLite expects them last"
        )
    axis = full.get("axis")
    if isinstance(axis, (list, tuple)) and len(axis) == 1:
        # As tf_keras writes a batch norm's.
        full["axis"] = axis[0]
    return {
        key: value
        for key, value in full.items()
        if not key.endswith(_DROPPED) and key not in _DROPPED_WHOLE
    }


def _split(node: Node, shape: Sequence[int | None]) -> tuple[Node, ...]:
    """A weighted layer, and its activation where that has to stand alone."""
    activation = node.config.get("activation")
    if not isinstance(activation, str):
        if activation is not None:
            raise ConversionError(
                f"layer {node.name} has an activation of its own; only those that Keras"
                " names are known here"
            )
        return (node,)
    word = ACTIVATIONS.get(activation, activation)
    if node.kind == "Activation":
        return activation_nodes(node.name, node.inputs, word, shape)
    config = {**node.config, "activation": word}
    if word in _INSIDE.get(node.kind, (word,)):
        return (replace(node, config=config),)
    inner, config["activation"] = f"{node.name}_linear", "linear"
    return (
        Node(inner, node.kind, node.inputs, config, node.weights, node.rank),
        *activation_nodes(node.name, (inner,), word, shape),
    )


def _rescaling(operation: Any, kind: str) -> tuple[Any, Any]:
    if kind == "Rescaling":
        return np.asarray(operation.scale), np.asarray(operation.offset)
    mean, variance = (
        np.asarray(values, np.float64).ravel()
        for values in (operation.mean, operation.variance)
    )
    if getattr(operation, "invert", False):
        return np.sqrt(variance), mean
    # Keras' own floor of the deviation, backend.epsilon().
    gain = 1 / np.maximum(np.sqrt(variance), 1e-7)
    return gain, -mean * gain


def _separated(
    name: str,
    sources: tuple[str, ...],
    config: Mapping[str, Any],
    weights: tuple[NDArray[np.float32], ...],
    shape: Sequence[int | None],
) -> tuple[Node, ...]:
    depthwise, pointwise, *bias = weights
    shared = ("kernel_size", "strides", "padding", "depth_multiplier", "dilation_rate")
    first = {key: config[key] for key in shared} | {
        "name": f"{name}_depthwise", "use_bias": False, "activation": "linear",
    }  # fmt: skip
    second = {
        "name": name, "filters": config["filters"], "kernel_size": 1,
        "use_bias": config["use_bias"], "activation": config["activation"],
    }  # fmt: skip
    inner = f"{name}_depthwise"
    return (
        Node(inner, "DepthwiseConv2D", sources, first, (depthwise,)),
        *_split(Node(name, "Conv2D", (inner,), second, (pointwise, *bias)), shape),
    )
