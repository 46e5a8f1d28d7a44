"""Other types at the edges of an int8 graph: uint8, int8 or float32."""

from typing import Any

import numpy as np

from convert.errors import ConversionError
from convert.tflite.editing import OpenGraph

_ZERO_POINT = {"uint8": 128, "int8": -128}
"""By how much a stored value rises from the other type to this one."""


def change_edges(graph: OpenGraph, io_type: str) -> None:
    """Have the graph read and give ``io_type``; signatures are taken away.

    A QUANTIZE at either end adds or takes 128, or carries to and from float32; where
    there is one already, it goes.
    """
    _change_input(graph, io_type)
    _change_output(graph, io_type)
    graph.model.signatureDefs = []


def with_edges_of(model: bytes, io_type: str) -> bytes:
    """A model of one int8 input and one int8 output with other edges.

    Args:
        model: a TFLite FlatBuffer.
        io_type: ``"uint8"``, ``"int8"`` or ``"float32"``.

    Raises:
        ConversionError: when its edges are not int8.
    """
    graph = OpenGraph(model)
    ends = (*graph.graph.inputs, *graph.graph.outputs)
    found = [graph.dtype_of(int(tensor)) for tensor in ends]
    if found != ["int8", "int8"]:
        raise ConversionError(
            f"expected int8 at both edges of the quantised model; it has"
            f" {' and '.join(found)}"
        )
    if io_type == "int8":
        return model
    change_edges(graph, io_type)
    return graph.packed()


def _change_input(graph: OpenGraph, io_type: str) -> None:
    old = int(graph.graph.inputs[0])
    readers = graph.readers_of(old)
    if len(readers) == 1 and graph.kind(readers[0]) == "QUANTIZE":
        new = int(readers[0].outputs[0])
        if graph.dtype_of(new) == io_type:
            graph.graph.operators.remove(readers[0])
            graph.graph.inputs = np.array([new], np.int32)
            return
    new = _twin(graph, old, io_type)
    graph.graph.operators.insert(0, graph.operator("QUANTIZE", (new,), old, version=2))
    graph.graph.inputs = np.array([new], np.int32)


def _change_output(graph: OpenGraph, io_type: str) -> None:
    old = int(graph.graph.outputs[0])
    maker = graph.maker_of(old)
    if maker is not None and graph.kind(maker) == "QUANTIZE":
        new = int(maker.inputs[0])
        if graph.dtype_of(new) == io_type:
            graph.graph.operators.remove(maker)
            graph.graph.outputs = np.array([new], np.int32)
            return
    new = _twin(graph, old, io_type)
    kind: Any = "DEQUANTIZE" if io_type == "float32" else "QUANTIZE"
    graph.graph.operators.append(graph.operator(kind, (old,), new, version=2))
    graph.graph.outputs = np.array([new], np.int32)


def _twin(graph: OpenGraph, tensor: int, io_type: str) -> int:
    """A tensor of the same meaning, stored as the other type."""
    shape = [int(length) for length in graph.graph.tensors[tensor].shape]
    name = f"edge_{io_type}_{tensor}"
    if io_type == "float32":
        return graph.tensor(name, io_type, shape)
    scale, zero_point = graph.scale_of(tensor)
    shifted = zero_point + _ZERO_POINT[io_type]
    return graph.tensor(name, io_type, shape, (scale, shifted))
