"""A converted file with other integers at its edges: uint8 or int8.

Inside, all are int8. A uint8 file has a QUANTIZE at either end that adds or takes 128,
so leaving it out, or putting it there, changes no score.
"""

import hashlib
import io
from dataclasses import replace

import numpy as np

from convert.cards.golden import golden_npz
from convert.errors import ConversionError
from convert.tflite.editing import OpenGraph
from edge_runtime.model.file import ModelFile
from edge_runtime.model.interpreter import open_interpreter

_ZERO_POINT = {"uint8": 128, "int8": -128}
"""By how much a stored value rises from the other type to this one."""


def with_edges(file: ModelFile, io_type: str) -> ModelFile:
    """The same model with uint8 or int8 at both edges; card and golden vectors follow.

    Raises:
        ConversionError: when the edges are floats, or the graph has another form.
    """
    found = {file.card.input.dtype, file.card.output.dtype}
    if found == {io_type}:
        return file
    if io_type not in _ZERO_POINT or len(found) > 1 or not found <= {*_ZERO_POINT}:
        raise ConversionError(
            f"{file.card.name} has {' and '.join(sorted(found))} at its edges, which"
            f" cannot become {io_type} here; convert the Keras model with"
            f" --io {io_type}"
        )
    graph = OpenGraph(file.model)
    _change_input(graph, io_type)
    _change_output(graph, io_type)
    graph.model.signatureDefs = []
    return _recarded(file, graph.packed(), io_type)


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
    graph.graph.operators.append(graph.operator("QUANTIZE", (old,), new, version=2))
    graph.graph.outputs = np.array([new], np.int32)


def _twin(graph: OpenGraph, tensor: int, io_type: str) -> int:
    """A tensor of the same meaning, stored as the other type."""
    scale, zero_point = graph.scale_of(tensor)
    shape = [int(length) for length in graph.graph.tensors[tensor].shape]
    shifted = zero_point + _ZERO_POINT[io_type]
    return graph.tensor(f"edge_{io_type}_{tensor}", io_type, shape, (scale, shifted))


def _recarded(file: ModelFile, model: bytes, io_type: str) -> ModelFile:
    shift = _ZERO_POINT[io_type]
    card = file.card
    card = replace(
        card,
        model_sha256=hashlib.sha256(model).hexdigest(),
        input=replace(
            card.input, dtype=io_type, zero_point=card.input.zero_point + shift
        ),
        output=replace(
            card.output, dtype=io_type, zero_point=card.output.zero_point + shift
        ),
        threshold=replace(card.threshold, stored=(card.threshold.stored or 0) + shift),
    )
    with np.load(io.BytesIO(file.golden), allow_pickle=False) as archive:
        pngs = {
            name.decode("ascii"): archive[f"png/{name.decode('ascii')}"].tobytes()
            for name in archive["names"]
        }
    golden = golden_npz(pngs, open_interpreter(model).infer, card)
    return replace(file, model=model, card=card, golden=golden)
