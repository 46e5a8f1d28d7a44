r"""A two-class head whose top class is our verdict.

Many programs name the class of the highest score and know no other threshold. Ours is
usually below 0.5, so they would lose malignant lesions. Here the single output is
replaced by two, malignant and other, of the logit shifted so that the threshold lies at
0.5: sigmoid(z - t) and sigmoid(t - z).

int8: let q be the stored logit and k the lowest one that is called malignant. A small
dense layer computes q - k + 1/2 and its negative in exact integers. No photo can give a
tie: the smallest result is one half, which the output's scale rounds to one step. So
the top class agrees with the threshold by construction, not by luck. Logits more than
124 steps from the threshold saturate.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from convert.errors import ConversionError
from convert.tflite.editing import OpenGraph, Scale

LABELS = ("malignant", "other")

_STEPS = 126
"""Stored weight: even, so that half a step is a whole number in the bias."""

_GAIN = 1.02
"""Above 1, so that half a step of the logit rounds to one step of the head."""

_FLOAT_MARGIN = 1e-5
"""Logit by which the boundary lies below a float threshold: several roundings of
float32 at the sizes that logits have, and far below any difference between photos."""


def with_two_classes(model: bytes, threshold_score: float) -> tuple[bytes, float]:
    """Replace the sigmoid at the end by two shifted ones.

    Args:
        model: FlatBuffer without a zip, ending in one sigmoid.
        threshold_score: scores at or above it are called malignant; a score that the
            model can give.

    Returns:
        The changed model, and the shift of the logit (0 where the threshold is 0.5).

    Raises:
        ConversionError: when the graph does not end in one sigmoid, or its logits are
            too small for int8 to tell the two classes apart.
    """
    graph = OpenGraph(model)
    place, head = _sigmoid(graph)
    logit, score = int(head.inputs[0]), int(head.outputs[0])
    if graph.dtype_of(logit) == "float32":
        shift = _logit(threshold_score) - _FLOAT_MARGIN
        shifted = _float_head(graph, logit, shift)
    elif graph.dtype_of(logit) == "int8":
        scale, zero_point = graph.scale_of(logit)
        steps = _lowest_malignant(scale, zero_point, threshold_score) - 0.5
        shift = scale * (steps - zero_point)
        shifted = _int8_head(graph, logit, (scale, zero_point), steps)
    else:
        raise ConversionError(
            "a two-class head can be put behind float32 and int8 logits only;"
            " choose another recipe"
        )
    inserted, output = shifted
    head.inputs = np.array([output], np.int32)
    graph.graph.operators.insert(place, inserted)
    for tensor in {score, *map(int, graph.graph.outputs)}:
        graph.graph.tensors[tensor].shape = np.array([1, 2], np.int32)
        graph.graph.tensors[tensor].shapeSignature = None
    return graph.packed(), shift


def _sigmoid(graph: OpenGraph) -> tuple[int, Any]:
    """Place and operator of the sigmoid that gives the score."""
    tensor = int(graph.graph.outputs[0])
    maker = graph.maker_of(tensor)
    while maker is not None and graph.kind(maker) in ("QUANTIZE", "DEQUANTIZE"):
        maker = graph.maker_of(int(maker.inputs[0]))
    if (
        maker is None
        or graph.kind(maker) != "LOGISTIC"
        or _elements(graph, maker.outputs) != 1
    ):
        raise ConversionError(
            "a two-class head replaces one sigmoid at the end of the graph; found"
            f" {'nothing' if maker is None else graph.kind(maker)}"
        )
    return graph.graph.operators.index(maker), maker


def _elements(graph: OpenGraph, tensors: Sequence[int]) -> int:
    return int(np.prod(graph.graph.tensors[int(tensors[0])].shape))


def _float_head(graph: OpenGraph, logit: int, shift: float) -> tuple[Any, int]:
    weights = graph.constant("two_classes/weights", np.array([[1], [-1]], np.float32))
    bias = graph.constant("two_classes/bias", np.array([-shift, shift], np.float32))
    output = graph.tensor("two_classes/logits", "float32", (1, 2))
    return graph.dense((logit, weights, bias), output), output


def _int8_head(
    graph: OpenGraph, logit: int, quantised: Scale, steps: float
) -> tuple[Any, int]:
    scale, zero_point = quantised
    output_scale = scale / _GAIN
    # The stored score has steps of 1/256 and must leave 0.5 by at least half of one.
    if 1 / (1 + math.exp(-output_scale)) - 0.5 < 0.5 / 256:
        raise ConversionError(
            f"the logits of this model differ by as little as {scale:.2g} a step, too"
            " little for int8 to tell two classes apart. Train longer, or choose a"
            " float recipe."
        )
    weights = np.array([[_STEPS], [-_STEPS]], np.int8)
    shift = round(_STEPS * (steps - zero_point))
    bias = np.array([-shift, shift], np.int32)
    output = graph.tensor("two_classes/logits", "int8", (1, 2), (output_scale, 0))
    inputs = (
        logit,
        graph.constant("two_classes/weights", weights, (1 / _STEPS, 0)),
        graph.constant("two_classes/bias", bias, (scale / _STEPS, 0)),
    )
    return graph.dense(inputs, output), output


def _lowest_malignant(scale: float, zero_point: int, threshold_score: float) -> int:
    """The lowest stored logit whose stored score reaches the threshold's."""
    stored = np.arange(-128, 128)
    # The int8 sigmoid has 256 steps from 0 to 1 (TFLite's quantisation specification).
    scores = np.rint(256 / (1 + np.exp(-scale * (stored - zero_point)))) / 256
    reached = stored[scores >= threshold_score]
    if not reached.size:
        raise ConversionError(
            f"no logit of this model gives the threshold {threshold_score}; please"
            " report this"
        )
    return int(reached[0])


def _logit(score: float) -> float:
    if not 0 < score < 1:
        raise ConversionError(
            f"the threshold {score} cannot be moved to 0.5: it has no finite logit."
            " Choose another --target-recall."
        )
    return math.log(score / (1 - score))
