"""Functions in a functional model, such as ``x + 3.0`` or ``tf.nn.relu(x)``, as nodes.

Keras 3 keeps them as operations, tf_keras as layers called ``TFOpLambda``, and
``tensorflow_calls.py`` keeps TensorFlow's own.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from convert.errors import ConversionError
from convert.graph.nodes import Node

# What Keras 3, tf_keras and TensorFlow call it -> what tf_keras calls it.
ACTIVATIONS = {
    "relu": "relu", "relu6": "relu6", "sigmoid": "sigmoid", "silu": "swish",
    "swish": "swish", "tanh": "tanh", "hard_silu": "hard_swish",
    "hard_swish": "hard_swish", "softmax": "softmax",
}  # fmt: skip
# Activations that tf_keras has under another name, or tfmot does not know.
_STANDING = {
    "elu": "elu", "exponential": "exponential", "exp": "exponential", "gelu": "gelu",
    "mish": "mish", "selu": "selu", "softplus": "softplus", "softsign": "softsign",
}  # fmt: skip
# relu6(slope * x + 3) / 6: of Keras 3, and of Keras 2, clip(x / 5 + 1 / 2, 0, 1).
_HARD_SIGMOIDS = {"hard_sigmoid": 1.0, "hard_sigmoid_2": 1.2}
_ARITHMETIC = {
    "add": "Add", "subtract": "Subtract", "multiply": "Multiply",
    "truediv": "Divide", "divide": "Divide", "truedivide": "Divide",
}  # fmt: skip


def affine(
    name: str,
    sources: tuple[str, ...],
    gain: Any,
    shift: Any,
    shape: Sequence[int | None],
) -> Node:
    """``gain * x + shift``, each a number or one for every channel."""
    channels = (int(shape[-1] or 0),)
    try:
        weights = tuple(
            np.broadcast_to(np.asarray(values, np.float32).ravel(), channels)
            for values in (gain, shift)
        )
    except ValueError as error:
        raise ConversionError(
            f"layer {name} multiplies or adds numbers that differ along another axis"
            " than the channels; that cannot be copied"
        ) from error
    return Node(name, "Affine", sources, {}, weights, len(shape))


def activation_nodes(
    name: str, sources: tuple[str, ...], word: str, shape: Sequence[int | None]
) -> tuple[Node, ...]:
    """An activation that stands alone.

    Args:
        name: of the last node.
        sources: names of the nodes it reads.
        word: what Keras or TensorFlow calls it; ``hard_sigmoid_2`` is that of Keras 2.
        shape: of its output.

    Raises:
        ConversionError: when there is no such activation here.
    """
    word, rank = ACTIVATIONS.get(word, word), len(shape)
    if word in _HARD_SIGMOIDS:
        added, limited = f"{name}_added", f"{name}_limited"
        limits = {"name": limited, "max_value": 6.0}
        return (
            affine(added, sources, _HARD_SIGMOIDS[word], 3.0, shape),
            Node(limited, "ReLU", (added,), limits, rank=rank),
            affine(name, (limited,), 1 / 6, 0.0, shape),
        )
    if word == "hard_swish":
        return (Node(name, "HardSwish", sources, rank=rank),)
    if word == "leaky_relu":
        # The default of both Keras' activation; their layers have another.
        config: dict[str, Any] = {"name": name, "alpha": 0.2}
        return (Node(name, "LeakyReLU", sources, config, rank=rank),)
    if word in _STANDING:
        config = {"function": _STANDING[word]}
        return (Node(name, "Elementwise", sources, config, rank=rank),)
    if word not in (*ACTIVATIONS.values(), "linear"):
        raise ConversionError(
            f"layer {name} has the activation {word}, which is not known here."
            " --recipe ptq_int8, dynamic_int8 or float16 may convert it as it is."
        )
    if word == "relu6":
        config = {"name": name, "max_value": 6.0}
        return (Node(name, "ReLU", sources, config, rank=rank),)
    config = {"name": name, "activation": word}
    return (Node(name, "Activation", sources, config, rank=rank),)


def function_name(operation: Any) -> str | None:
    """Of an operation such as ``x + 3.0``, in lower case; None for a layer."""
    if type(operation).__name__ in ("TFOpLambda", "SlicingOpLambda"):
        return str(operation.get_config()["function"]).rpartition(".")[2].lower()
    if function := getattr(operation, "tensorflow_function", None):
        return str(function).rpartition(".")[2].lower()
    if ".ops." in type(operation).__module__:
        return type(operation).__name__.lower()
    return None


def from_function(
    operation: Any,
    name: str,
    sources: tuple[str, ...],
    shape: Sequence[int | None],
    constants: Mapping[int, Any],
) -> tuple[Node, ...]:
    """The nodes for one call; arguments as for ``known_layers.nodes_for``.

    Raises:
        ConversionError: naming a function that has no counterpart.
    """
    word = str(function_name(operation))
    if len(sources) == 1 and (found := _single(operation, word, name, sources, shape)):
        if not constants or word in ("leakyrelu", "leaky_relu", "elu", "mean"):
            return found
    if word in ("concatenate", "concat") and len(sources) > 1:
        config = {"name": name, "axis": int(getattr(operation, "axis", -1))}
        return (Node(name, "Concatenate", sources, config, rank=len(shape)),)
    kind = _ARITHMETIC.get(word)
    if kind in ("Add", "Subtract", "Multiply") and len(sources) == 2:
        return (Node(name, str(kind), sources, {"name": name}, rank=len(shape)),)
    if kind and len(sources) == 1 and len(constants) == 1:
        ((position, number),) = constants.items()
        if kind != "Divide" or position == 1:
            gain, shift = _with_number(kind, position, np.asarray(number, np.float64))
            return (affine(name, sources, gain, shift, shape),)
    raise ConversionError(
        f"{name} calls the function {word}, which cannot be copied to tf_keras."
        " --recipe ptq_int8, dynamic_int8 or float16 may convert it as it is."
    )


def _single(
    operation: Any,
    word: str,
    name: str,
    sources: tuple[str, ...],
    shape: Sequence[int | None],
) -> tuple[Node, ...]:
    """A function of one tensor: an activation with its options, or a mean."""
    rank = len(shape)
    if word in ("leaky_relu", "leakyrelu"):
        slope = float(getattr(operation, "negative_slope", 0.2))
        config: dict[str, Any] = {"name": name, "alpha": slope}
        return (Node(name, "LeakyReLU", sources, config, rank=rank),)
    if word == "elu" and float(getattr(operation, "alpha", 1.0)) != 1.0:
        config = {"function": "elu", "alpha": float(operation.alpha)}
        return (Node(name, "Elementwise", sources, config, rank=rank),)
    if word == "gelu" and getattr(operation, "approximate", False):
        config = {"function": "gelu_tanh"}
        return (Node(name, "Elementwise", sources, config, rank=rank),)
    if word in ("mean", "max") and tuple(getattr(operation, "axis", None) or ()) in (
        (1, 2),
        (-3, -2),
    ):
        kind = "GlobalAveragePooling2D" if word == "mean" else "GlobalMaxPooling2D"
        config = {"name": name, "keepdims": bool(operation.keepdims)}
        return (Node(name, kind, sources, config, rank=rank),)
    word = {"hardsigmoid": "hard_sigmoid", "hardsilu": "hard_swish"}.get(word, word)
    if word in ACTIVATIONS or word in _STANDING or word in _HARD_SIGMOIDS:
        return activation_nodes(name, sources, word, shape)
    return ()


def _with_number(kind: str, position: int, number: Any) -> tuple[Any, Any]:
    if kind == "Add":
        return 1.0, number
    if kind == "Subtract":
        return (1.0, -number) if position == 1 else (-1.0, number)
    return (number, 0.0) if kind == "Multiply" else (1 / number, 0.0)
