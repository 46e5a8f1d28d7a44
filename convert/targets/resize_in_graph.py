"""Pillow's antialiased resize inside a model, for programs that feed one fixed size.

rpicam-apps feeds 224 x 224 whatever a model wants. TFLite's own resize has no
antialiasing and differs from Pillow by tens of levels. A separable filter is two
matrix products, so two dense layers between transpositions do what Pillow does:
rows first, each pass rounded to whole levels.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.errors import ConversionError
from convert.tflite.editing import OpenGraph, Scale


def with_resize(model: bytes, from_px: int) -> bytes:
    """Let a model take squares of ``from_px`` and shrink them itself.

    Args:
        model: FlatBuffer without a zip; its input is ``(1, size, size, 3)``.
        from_px: at least ``size``.

    Raises:
        ConversionError: when the model takes something else, or a larger picture.
    """
    graph = OpenGraph(model)
    given = int(graph.graph.inputs[0])
    shape = [int(each) for each in graph.graph.tensors[given].shape]
    size_px = shape[1]
    if shape != [1, size_px, size_px, 3] or size_px > from_px:
        raise ConversionError(
            f"the model takes {shape}; expected squares of at most {from_px} px, which"
            " this target feeds"
        )
    readers = graph.readers_of(given)
    edge = readers[0] if [graph.kind(x) for x in readers] == ["QUANTIZE"] else None
    small = int(edge.outputs[0]) if edge else given
    dtype, scale = graph.dtype_of(small), None
    if dtype != "float32":
        scale = graph.scale_of(small)
    large = graph.tensor("resize/given", dtype, (1, from_px, from_px, 3), scale)
    steps = _steps(graph, large, small, from_px, size_px, dtype, scale)
    if edge:
        graph.graph.tensors[given].shape = np.array([1, from_px, from_px, 3], np.int32)
        graph.graph.tensors[given].shapeSignature = None
        edge.outputs = np.array([large], np.int32)
        place = graph.graph.operators.index(edge) + 1
    else:
        graph.graph.inputs = np.array([large], np.int32)
        for signature in graph.model.signatureDefs or ():
            signature.inputs[0].tensorIndex = large
        place = 0
    graph.graph.operators[place:place] = steps
    return graph.packed()


def pillow_weights(from_px: int, size_px: int) -> NDArray[np.float64]:
    """Share of each given pixel in each kept one; ``(size_px, from_px)``.

    Rows add to 1. The triangle filter of ``Image.resize(BILINEAR)``, as wide as the
    reduction:
    https://pillow.readthedocs.io/en/stable/handbook/concepts.html#filters
    """
    reduction = max(from_px / size_px, 1.0)
    centres = (np.arange(size_px) + 0.5) * from_px / size_px
    pixels = np.arange(from_px) + 0.5
    weights = (1 - np.abs(pixels - centres[:, None]) / reduction).clip(min=0)
    shares: NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
    return shares


def int8_weights(weights: NDArray[np.float64]) -> tuple[NDArray[np.int8], float]:
    """Weights as integers whose rows have one sum, and the scale that makes it 1.

    What rounding takes from a row is given back where it took most, so that an even
    area keeps its level exactly.
    """
    total = int(127 / weights.max())
    exact = weights * total
    stored = np.floor(exact).astype(np.int64)
    for row, missing in enumerate(total - stored.sum(axis=1)):
        most = np.argsort(stored[row] - exact[row], kind="stable")[:missing]
        stored[row, most] += 1
    return stored.astype(np.int8), 1 / total


def _steps(
    graph: OpenGraph,
    large: int,
    small: int,
    from_px: int,
    size_px: int,
    dtype: str,
    scale: Scale | None,
) -> list[Any]:
    def between(name: str, *shape: int) -> int:
        return graph.tensor(f"resize/{name}", dtype, shape, scale)

    constants = _constants(graph, pillow_weights(from_px, size_px), scale)
    planes = between("planes", 1, 3, from_px, from_px)
    narrow = between("narrow", 1, 3, from_px, size_px)
    turned = between("turned", 1, 3, size_px, from_px)
    short = between("short", 1, 3, size_px, size_px)
    return [
        graph.transpose("resize/planes", large, (0, 3, 1, 2), planes),
        graph.dense((planes, *constants), narrow, keep_dimensions=True),
        graph.transpose("resize/turned", narrow, (0, 1, 3, 2), turned),
        graph.dense((turned, *constants), short, keep_dimensions=True),
        graph.transpose("resize/short", short, (0, 3, 2, 1), small),
    ]


def _constants(
    graph: OpenGraph, weights: NDArray[np.float64], scale: Scale | None
) -> tuple[int, int]:
    """Tensors of weights and of a bias of 0."""
    kept = len(weights)
    if scale is None:
        stored = weights.astype(np.float32)
        return (
            graph.constant("resize/weights", stored),
            graph.constant("resize/bias", np.zeros(kept, np.float32)),
        )
    integers, step = int8_weights(weights)
    return (
        graph.constant("resize/weights", integers, (step, 0)),
        graph.constant("resize/bias", np.zeros(kept, np.int32), (scale[0] * step, 0)),
    )
