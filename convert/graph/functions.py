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


def activation_node(name: str, sources: tuple[str, ...], word: str, rank: int) -> Node:
    """An activation that stands alone; ``word`` is a value of ``ACTIVATIONS``."""
    if word == "hard_swish":
        return Node(name, "HardSwish", sources, rank=rank)
    if word == "relu6":
        return Node(name, "ReLU", sources, {"name": name, "max_value": 6.0}, rank=rank)
    config = {"name": name, "activation": word}
    return Node(name, "Activation", sources, config, rank=rank)


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
) -> Node:
    """The node for one call; arguments as for ``kinds.nodes_for``.

    Raises:
        ConversionError: naming a function that has no counterpart.
    """
    word = str(function_name(operation))
    if word in ACTIVATIONS and len(sources) == 1 and not constants:
        return activation_node(name, sources, ACTIVATIONS[word], len(shape))
    kind = _ARITHMETIC.get(word)
    if kind in ("Add", "Subtract", "Multiply") and len(sources) == 2:
        return Node(name, str(kind), sources, {"name": name}, rank=len(shape))
    if kind and len(sources) == 1 and len(constants) == 1:
        ((position, number),) = constants.items()
        if kind != "Divide" or position == 1:
            gain, shift = _with_number(kind, position, np.asarray(number, np.float64))
            return affine(name, sources, gain, shift, shape)
    raise ConversionError(
        f"{name} calls the function {word}, which cannot be copied to tf_keras."
        " --recipe ptq_int8, dynamic_int8 or float16 may convert it as it is."
    )


def _with_number(kind: str, position: int, number: Any) -> tuple[Any, Any]:
    if kind == "Add":
        return 1.0, number
    if kind == "Subtract":
        return (1.0, -number) if position == 1 else (-1.0, number)
    return (number, 0.0) if kind == "Multiply" else (1 / number, 0.0)
