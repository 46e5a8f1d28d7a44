"""SavedModels read in a form that TensorFlow's converter takes.

Two things in them stop it. Keras 3 exports augmentation layers with the counters of
their random numbers, which the function for inference still writes; TensorFlow can
freeze no such function. And a model of a mixed policy computes in half precision, which
TensorFlow Lite has no kernels for. So updates of variables are left out, and what
computes in half precision on float32 weights computes in float32.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow.core.framework import types_pb2  # has no public name
from tensorflow.core.protobuf import saved_model_pb2  # nor has this

_UPDATES = ("AssignAddVariableOp", "AssignSubVariableOp", "AssignVariableOp")
_HALVES = (types_pb2.DT_HALF, types_pb2.DT_BFLOAT16)


def loaded(folder: Path) -> Any:
    """What ``tf.saved_model.load`` gives for the folder, in that form."""
    saved = saved_model_pb2.SavedModel()
    saved.ParseFromString((folder / "saved_model.pb").read_bytes())
    before = saved.SerializeToString(deterministic=True)
    _leave_out_updates(saved)
    if not _has_half_variables(saved):
        _widen(saved)
    after = saved.SerializeToString(deterministic=True)
    if after == before:
        return tf.saved_model.load(str(folder))
    with tempfile.TemporaryDirectory() as name:
        for beside in folder.iterdir():
            if beside.name not in ("saved_model.pb", "fingerprint.pb"):
                (Path(name) / beside.name).symlink_to(beside.resolve())
        (Path(name) / "saved_model.pb").write_bytes(after)
        return tf.saved_model.load(name)


def _leave_out_updates(saved: Any) -> None:
    for function in _functions(saved):
        # What restores variables has to write them.
        if "traced_restore" in function.signature.name:
            continue
        for node in function.node_def:
            if node.op in _UPDATES:
                node.op = "NoOp"
                node.attr.clear()
                del node.input[:]


def _has_half_variables(saved: Any) -> bool:
    return any(
        node.variable.dtype in _HALVES
        for graph in saved.meta_graphs
        for node in graph.object_graph_def.nodes
        if node.HasField("variable")
    )


def _widen(saved: Any) -> None:
    """float32 wherever a function, or a constant, has half precision."""
    for function in _functions(saved):
        for argument in (
            *function.signature.input_arg,
            *function.signature.output_arg,
        ):
            if argument.type in _HALVES:
                argument.type = types_pb2.DT_FLOAT
        _widen_nodes(function.node_def)
    for graph in saved.meta_graphs:
        _widen_nodes(graph.graph_def.node)


def _widen_nodes(nodes: Any) -> None:
    for node in nodes:
        for value in node.attr.values():
            if value.type in _HALVES:
                value.type = types_pb2.DT_FLOAT
            for place, kind in enumerate(value.list.type):
                if kind in _HALVES:
                    value.list.type[place] = types_pb2.DT_FLOAT
            if value.HasField("tensor") and value.tensor.dtype in _HALVES:
                array = tf.make_ndarray(value.tensor).astype("float32")
                value.tensor.CopyFrom(tf.make_tensor_proto(array))


def _functions(saved: Any) -> Iterator[Any]:
    for graph in saved.meta_graphs:
        yield from graph.graph_def.library.function
