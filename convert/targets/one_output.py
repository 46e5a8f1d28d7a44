"""Somebody else's ``.tflite`` file brought to one output: the score of malignancy."""

import io
import zipfile

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from convert.errors import ConversionError
from convert.tflite.editing import OpenGraph


def without_zip(content: bytes) -> bytes:
    """The FlatBuffer: what stands before an appended archive, if there is one.

    Raises:
        ConversionError: when this is no TFLite model.
    """
    if content[4:8] != b"TFL3":
        raise ConversionError(
            f"expected a TFLite model, with b'TFL3' at bytes 4..8; got {content[4:8]!r}"
        )
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return content[: min(entry.header_offset for entry in archive.infolist())]


def with_one_output(model: bytes, malignant_index: int) -> bytes:
    """Cut the malignant unit out of two; one unit stays as it is.

    Raises:
        ConversionError: when the model has more inputs, outputs or units.
    """
    graph = OpenGraph(model)
    if len(graph.graph.inputs) != 1 or len(graph.graph.outputs) != 1:
        raise ConversionError(
            f"the model has {len(graph.graph.inputs)} inputs and"
            f" {len(graph.graph.outputs)} outputs; expected one photo and one score"
        )
    output = int(graph.graph.outputs[0])
    tensor = graph.graph.tensors[output]
    units = int(np.prod(tensor.shape))
    if units == 1:
        return model
    if units != 2:
        raise ConversionError(
            f"the model gives {units} values; expected one score, or two classes"
        )
    dtype = graph.dtype_of(output)
    scale = None if dtype == "float32" else graph.scale_of(output)
    begin = graph.constant("malignant/begin", np.array([0, malignant_index], np.int32))
    size = graph.constant("malignant/size", np.array([-1, 1], np.int32))
    cut = graph.tensor("malignant", dtype, (1, 1), scale)
    options = schema.SliceOptionsT()
    graph.graph.operators.append(
        graph.operator("SLICE", (output, begin, size), cut, version=2, options=options)
    )
    graph.graph.outputs = np.array([cut], np.int32)
    graph.model.signatureDefs = []
    return graph.packed()
