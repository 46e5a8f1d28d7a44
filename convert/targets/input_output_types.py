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
from convert.tflite.edges import change_edges
from convert.tflite.editing import OpenGraph
from edge_runtime.model.file import ModelFile
from edge_runtime.model.interpreter import open_interpreter

_INTEGERS = {"uint8", "int8"}
_RISE = 128
"""A stored uint8 is larger than the int8 of the same meaning by this."""


def with_edges(file: ModelFile, io_type: str) -> ModelFile:
    """The same model with uint8 or int8 at both edges; card and golden vectors follow.

    Raises:
        ConversionError: when the edges are floats, or the graph has another form.
    """
    found = {file.card.input.dtype, file.card.output.dtype}
    if found == {io_type}:
        return file
    if io_type not in _INTEGERS or len(found) > 1 or not found <= _INTEGERS:
        raise ConversionError(
            f"{file.card.name} has {' and '.join(sorted(found))} at its edges, which"
            f" cannot become {io_type} here; convert the Keras model with"
            f" --io {io_type}"
        )
    graph = OpenGraph(file.model)
    change_edges(graph, io_type)
    return _recarded(file, graph.packed(), io_type)


def _recarded(file: ModelFile, model: bytes, io_type: str) -> ModelFile:
    shift = _RISE if io_type == "uint8" else -_RISE
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
