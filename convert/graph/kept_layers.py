"""Layers that no node stands for, run as they are inside the rebuilt tf_keras model.

Attention, layer normalisation, a function of TensorFlow: whatever ``known_layers.py``
does not know keeps its own code and its own weights. Fine-tuning goes through it and
leaves it alone; its int8 ranges come from calibration.
"""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import keras

from convert.graph.custom_layers import key_of_call
from convert.graph.nodes import Node


def kept_node(operation: Any, name: str, inputs: tuple[str, ...], call: Any) -> Node:
    """A node for one call of a layer or function.

    Args:
        operation: the layer or function.
        name: of the node.
        inputs: names of the nodes it reads.
        call: the node of the functional model, that tells the call's arguments.
    """
    is_keras_3 = isinstance(operation, keras.Operation)
    run = _keras_3_run(operation, call) if is_keras_3 else _keras_2_run(operation, call)
    kind = getattr(operation, "tensorflow_function", type(operation).__name__)
    config = {"name": name, "call": key_of_call(run), "kind": kind}
    outputs = call.outputs
    tensor = outputs[0] if isinstance(outputs, (list, tuple)) else outputs
    return Node(name, "Kept", inputs, config, rank=len(tensor.shape))


def _keras_3_run(operation: Any, call: Any) -> Callable[[Sequence[Any]], Any]:
    keys = [id(tensor) for tensor in call.input_tensors]

    def run(tensors: Sequence[Any]) -> Any:
        given, named = call.arguments.fill_in(dict(zip(keys, tensors, strict=True)))
        return operation(*given, **_at_inference(operation, named))

    return run


def _keras_2_run(operation: Any, call: Any) -> Callable[[Sequence[Any]], Any]:
    keys = [str(id(tensor)) for tensor in call.keras_inputs]

    def run(tensors: Sequence[Any]) -> Any:
        found: dict[str, list[Any]] = {key: [] for key in keys}
        for key, tensor in zip(keys, tensors, strict=True):
            found[key].append(tensor)
        given, named = call.map_arguments(found)
        return operation(*given, **_at_inference(operation, named))

    return run


def _at_inference(operation: Any, named: dict[str, Any]) -> dict[str, Any]:
    """Of layers that do otherwise in training, what they do afterwards."""
    takes = inspect.signature(operation.call).parameters
    is_function = isinstance(operation, keras.Operation) and not isinstance(
        operation, keras.layers.Layer
    )
    if is_function or "training" not in takes:
        return named
    return {**named, "training": False}
