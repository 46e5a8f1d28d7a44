"""A Keras 3 or tf_keras model taken apart into the nodes of ``graph.py``.

A model inside a model (a backbone) is flattened. A subclassed model or a layer of the
user's own is followed through its ``call``, as long as that uses Keras layers, Keras
operations, or the few TensorFlow functions known in ``kinds.py``.
"""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import keras
import tf_keras

from convert.errors import ConversionError
from convert.graph.kept_layers import kept_node
from convert.graph.known_layers import is_known, is_layer, nodes_for
from convert.graph.nodes import Node
from convert.graph.tensorflow_calls import tensorflow_calls_kept
from convert.messages import in_short


@dataclass(frozen=True)
class _Call:
    """One use of a layer in a functional model."""

    operation: Any
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]
    constants: Mapping[int, Any]
    is_input: bool
    node: Any


@dataclass
class _Parts:
    """What was found so far.

    Attributes:
        keep: whether layers that have no counterpart stay as they are.
        nodes: inputs first.
        names: identity of a symbolic tensor -> name of the node that gives it.
        kept: models whose symbolic tensors must live as long as ``names``.
    """

    keep: bool = False
    nodes: list[Node] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    kept: list[Any] = field(default_factory=list)

    def free(self, name: str) -> str:
        """``name``, numbered where it is taken already."""
        taken = {node.name for node in self.nodes}
        number, free = 1, name
        while free in taken:
            number += 1
            free = f"{name}_{number}"
        return free


def nodes_of(model: Any, *, keep: bool = False) -> tuple[Node, ...]:
    """Take a model apart, its input first and its output last.

    Args:
        model: of Keras 3 or tf_keras.
        keep: whether layers that have no counterpart stay as they are, see
            ``kept_layers.py``.

    Raises:
        ConversionError: naming a layer that has no counterpart, unless ``keep``; or
            that has several outputs.
    """
    parts = _Parts(keep)
    outputs = _walk(model, None, parts)
    if len(outputs) != 1:
        raise ConversionError(f"{model.name} has {len(outputs)} outputs; expected one")
    return _only_needed(parts.nodes, outputs[0])


def input_shape_of(model: Any) -> Any:
    """With the batch axis; None where a subclassed model was never called."""
    try:
        shape = model.input_shape
    # How Keras says that it does not know.
    except (AttributeError, RuntimeError):
        shape = None
    if shape is None:
        built = getattr(model, "_build_shapes_dict", None) or {}
        called = built.get("input_shape", getattr(model, "_build_input_shape", None))
        shape = None if called is None else (None, *tuple(called)[1:])
    return shape


def _only_needed(nodes: Sequence[Node], output: str) -> tuple[Node, ...]:
    needed = {output}
    for node in reversed(nodes):
        if node.name in needed:
            needed.update(node.inputs)
    kept = [node for node in nodes if node.name in needed]
    # The output ends the list, whatever else is as deep.
    return tuple(sorted(kept, key=lambda node: node.name == output))


def _walk(model: Any, given: Sequence[str] | None, parts: _Parts) -> list[str]:
    """Add the nodes of ``model``, which reads ``given``; returns its outputs' names."""
    graph = _functional(model)
    parts.kept.append(graph)
    if len(graph.inputs) != 1:
        raise ConversionError(
            f"{model.name} has {len(graph.inputs)} inputs; expected one picture"
        )
    for call in _calls(graph):
        if call.is_input and given is not None:
            parts.names[id(call.outputs[0])] = given[0]
        else:
            _add(call, parts)
    return [parts.names[id(tensor)] for tensor in graph.outputs]


def _add(call: _Call, parts: _Parts) -> None:
    operation = call.operation
    sources = tuple(parts.names[id(tensor)] for tensor in call.inputs)
    if isinstance(operation, (keras.Model, tf_keras.Model)) or (
        is_layer(operation) and not is_known(operation) and _is_users_own(operation)
    ):
        if _add_inside(call, sources, parts):
            return
    if len(call.outputs) != 1:
        raise ConversionError(
            f"layer {operation.name} has {len(call.outputs)} outputs; expected one"
        )
    (tensor,) = call.outputs
    name = parts.free(operation.name)
    try:
        nodes = nodes_for(operation, name, sources, tuple(tensor.shape), call.constants)
    except ConversionError:
        if not parts.keep:
            raise
        nodes = (kept_node(operation, name, sources, call.node),)
    for node in nodes:
        named = {"name": node.name} if "name" in node.config else {}
        parts.nodes.append(replace(node, config={**node.config, **named}))
    parts.names[id(tensor)] = nodes[-1].name if nodes else sources[0]


def _add_inside(call: _Call, sources: tuple[str, ...], parts: _Parts) -> bool:
    """Add what a nested model, or a layer of the user's own, is made of.

    Returns:
        Whether that was possible; False only where it can be kept as it is.
    """
    before = len(parts.nodes)
    try:
        inner = _followed(call.operation, call.inputs)
        names = _walk(inner, sources, parts)
    except ConversionError:
        if not parts.keep:
            raise
        del parts.nodes[before:]
        return False
    for tensor, name in zip(call.outputs, names, strict=True):
        parts.names[id(tensor)] = name
    return True


def _is_users_own(operation: Any) -> bool:
    return type(operation).__module__.split(".")[0] not in ("keras", "tf_keras")


def _followed(operation: Any, inputs: Sequence[Any]) -> Any:
    """The layer's own ``call`` as a functional model; nested models as they are."""
    if _is_functional(operation):
        return operation
    framework = tf_keras if isinstance(operation, tf_keras.layers.Layer) else keras
    given = [framework.Input(batch_shape=tuple(tensor.shape)) for tensor in inputs]
    options = {}
    if "training" in inspect.signature(operation.call).parameters:
        options["training"] = False
    try:
        with tensorflow_calls_kept():
            outputs = operation.call(*given, **options)
        return framework.Model(given, outputs, name=operation.name)
    # The user's code may fail on a symbolic tensor in any way.
    except Exception as error:
        raise ConversionError(
            f"layer {operation.name} is a {type(operation).__name__} whose call cannot"
            f" be followed: {in_short(str(error))}. Write it with Keras layers, or"
            " choose --recipe ptq_int8, dynamic_int8 or float16, which may convert it"
            " as it is."
        ) from error


def _is_functional(model: Any) -> bool:
    return isinstance(model, (keras.Sequential, tf_keras.Sequential)) or (
        isinstance(model, (keras.Model, tf_keras.Model))
        and hasattr(model, "_nodes_by_depth")
    )


def _functional(model: Any) -> Any:
    if isinstance(model, keras.Sequential):
        return keras.Model(model.inputs, model.outputs, name=model.name)
    if isinstance(model, tf_keras.Sequential):
        return tf_keras.Model(model.inputs, model.outputs, name=model.name)
    if _is_functional(model):
        return model
    shape = input_shape_of(model)
    if shape is None:
        raise ConversionError(
            f"{model.name} is a subclassed model whose input shape is not known."
            " Call it once, or rebuild it with the functional API."
        )
    framework = tf_keras if isinstance(model, tf_keras.Model) else keras
    return _followed(model, [framework.Input(batch_shape=shape)])


def _calls(graph: Any) -> Iterator[_Call]:
    """All uses of layers, inputs first."""
    for depth in sorted(graph._nodes_by_depth, reverse=True):
        for node in graph._nodes_by_depth[depth]:
            if isinstance(graph, keras.Model):
                yield _keras_3_call(node)
            else:
                yield _tf_keras_call(node)


def _keras_3_call(node: Any) -> _Call:
    # TensorFlow's functions come with named arguments, see ``tensorflow_calls.py``.
    arguments = (
        [] if node.is_input else [*node.arguments.args, *node.arguments.kwargs.values()]
    )
    return _Call(
        node.operation,
        tuple(node.input_tensors),
        tuple(node.outputs),
        _numbers(arguments, keras.KerasTensor),
        node.is_input,
        node,
    )


def _tf_keras_call(node: Any) -> _Call:
    outputs = node.outputs
    given = [] if node.is_input else node.call_args
    # TensorFlow's operators name their second argument.
    named = [] if node.is_input else [node.call_kwargs.get("y")]
    arguments = [*given, *(value for value in named if value is not None)]
    symbolic = type(node.layer.output if node.is_input else node.keras_inputs[0])
    return _Call(
        node.layer,
        () if node.is_input else tuple(node.keras_inputs),
        tuple(outputs) if isinstance(outputs, (list, tuple)) else (outputs,),
        _numbers(arguments, symbolic),
        node.is_input,
        node,
    )


def _numbers(arguments: Sequence[Any], symbolic: type) -> dict[int, Any]:
    return {
        position: value
        for position, value in enumerate(arguments)
        if not isinstance(value, (symbolic, list, tuple)) and value is not None
        and not isinstance(value, (bool, str))
    }  # fmt: skip
