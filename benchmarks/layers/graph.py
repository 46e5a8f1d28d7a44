"""A model's layers: how much each one multiplies and moves, and the network up to it.

Read from the FlatBuffer with LiteRT's own generated classes; no TensorFlow.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edge_runtime.model.packing import packed

_WIDTHS_BYTES = {
    schema.TensorType.FLOAT32: 4,
    schema.TensorType.INT32: 4,
    schema.TensorType.FLOAT16: 2,
}
_KINDS = {number: kind for kind, number in vars(schema.BuiltinOperator).items()}


@dataclass(frozen=True)
class Layer:
    """One operator of a network.

    Attributes:
        kind: name of its kernel, such as ``"CONV_2D"``.
        output: shape of what it computes.
        macs: multiplications, each with an addition; 0 for what only moves or compares.
        moved_bytes: its weights, input and output, each once.
    """

    kind: str
    output: tuple[int, ...]
    macs: int
    moved_bytes: int


def layers(model: bytes) -> tuple[Layer, ...]:
    """All operators in the order in which they run."""
    opened = _opened(model)
    return tuple(_layer(opened, operator) for operator in _graph(opened).operators)


def first_layers(model: bytes, count: int) -> bytes:
    """The network cut off behind so many operators.

    What the rest would have read becomes output, so that nothing is left out as unused.
    """
    opened = _opened(model)
    graph = _graph(opened)
    kept = graph.operators[:count]
    read = {int(place) for operator in kept for place in operator.inputs}
    made = [int(place) for operator in kept for place in operator.outputs]
    graph.operators = kept
    graph.outputs = np.array([p for p in made if p not in read], np.int32)
    opened.signatureDefs = None
    return packed(opened)


def _opened(model: bytes) -> Any:
    return schema.ModelT.InitFromPackedBuf(model, 0)


def _graph(opened: Any) -> Any:
    (graph,) = opened.subgraphs
    return graph


def _layer(opened: Any, operator: Any) -> Layer:
    code = opened.operatorCodes[operator.opcodeIndex]
    kind = _KINDS[max(code.builtinCode, code.deprecatedBuiltinCode)]
    tensors = _graph(opened).tensors
    # An absent bias has the number -1.
    given = [tensors[place] for place in operator.inputs if place >= 0]
    gained = [tensors[place] for place in operator.outputs]
    output = _shape(gained[0])
    return Layer(
        kind,
        output,
        _macs(kind, output, [_shape(tensor) for tensor in given]),
        sum(_bytes(tensor) for tensor in (*given, *gained)),
    )


def _macs(kind: str, output: Sequence[int], given: Sequence[Sequence[int]]) -> int:
    if kind == "CONV_2D":  # weights (outputs, rows, columns, inputs)
        return math.prod(output) * math.prod(given[1][1:])
    if kind == "DEPTHWISE_CONV_2D":  # weights (1, rows, columns, outputs)
        return math.prod(output) * math.prod(given[1][1:3])
    if kind == "FULLY_CONNECTED":  # weights (outputs, inputs)
        return math.prod(output) * given[1][1]
    return 0


def _shape(tensor: Any) -> tuple[int, ...]:
    return () if tensor.shape is None else tuple(int(side) for side in tensor.shape)


def _bytes(tensor: Any) -> int:
    return math.prod(_shape(tensor)) * _WIDTHS_BYTES.get(tensor.type, 1)
