"""What a model's own TensorFlow graph says of its input's range and of its output.

Every model, of whatever format, becomes one flat graph of TensorFlow operations with
its weights as constants: layers inside layers, functions and SavedModels are gone by
then, and so is what only training uses, augmentation say. The range is read there. From
the picture it goes along operations that keep pixels what they are (resizing, cropping,
padding) or scale them (``/ 255``, subtracting a mean, a batch norm), up to the first
one that mixes them. What arrives there for black and for white tells which pixels were
meant.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.python.framework.convert_to_constants import (  # has no public name
    convert_variables_to_constants_v2,
)

from convert.graph.input_rule import RANGES

# They move pixels about, or blend them with their neighbours.
_KEEPING = frozenset(
    {
        "AvgPool", "BatchToSpaceND", "Cast", "ConcatV2", "CropAndResize",
        "DepthToSpace", "EnsureShape", "ExpandDims", "GatherV2", "Identity",
        "If", "ImageProjectiveTransformV3", "MaxPool", "MirrorPad", "Pack", "Pad",
        "PadV2", "PreventGradient", "Reshape", "ResizeArea", "ResizeBicubic",
        "ResizeBilinear", "ResizeNearestNeighbor", "ReverseV2", "ScaleAndTranslate",
        "Slice", "SpaceToBatchND", "Split", "SplitV", "Squeeze", "StatelessIf",
        "StopGradient", "StridedSlice", "Transpose", "Unpack",
    }
)  # fmt: skip
# They scale every pixel alike, or every channel.
_SCALING = frozenset(
    {
        "Add", "AddV2", "BiasAdd", "ClipByValue", "Div", "DivNoNan",
        "FusedBatchNormV3", "Maximum", "Minimum", "Mul", "Neg", "RealDiv", "Sub",
    }
)  # fmt: skip
_RANDOM = ("Multinomial", "Random", "StatelessRandomNormal", "StatelessRandomUniform")
# They ask for the picture's size, not for its pixels.
_ASKING = frozenset({"Rank", "Shape", "ShapeN", "Size"})

# What preprocessing makes of black and white, each as one number or one a channel: the
# modes of keras.applications ("tf", "torch", "caffe") and plain scaling.
_TORCH_MEAN, _TORCH_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_CAFFE_MEAN = (103.939, 116.779, 123.68)


def _usual() -> Iterator[NDArray[np.float64]]:
    """Pairs (black, white); shape ``(2, 3)``."""
    plain = ((0, 1), (-1, 1), (-0.5, 0.5), (0, 255), (-127.5, 127.5), (0, 2))
    for low, high in plain:
        yield np.array([[low] * 3, [high] * 3], np.float64)
    for flip in (1, -1):
        mean, std = np.array(_TORCH_MEAN[::flip]), np.array(_TORCH_STD[::flip])
        yield np.stack([-mean / std, (1 - mean) / std])
        yield np.stack([-mean, 1 - mean])
        caffe = np.array(_CAFFE_MEAN[::flip])
        yield np.stack([-caffe, 255 - caffe])


USUAL = tuple(_usual())
_SAME = 1e-3
"""Of the width from black to white: the means of ImageNet are written with more or
fewer digits, and no two usual results are as near as this."""


@dataclass(frozen=True)
class FrozenGraph:
    """A model as flat TensorFlow operations, its weights as constants.

    Attributes:
        function: from the picture to the outputs.
        shape: of the picture, with the batch axis.
        placeholder: operation that the picture enters by.
    """

    function: Any
    shape: tuple[int, ...]
    placeholder: Any

    @property
    def output_operation(self) -> str:
        """Type of the operation that makes the numbers of the output."""
        tensor = self.function.outputs[0]
        while tensor.op.type in (
            "Identity",
            "Reshape",
            "Squeeze",
            "Cast",
            "EnsureShape",
        ):
            tensor = tensor.op.inputs[0]
        return str(tensor.op.type)

    @property
    def random_operations(self) -> tuple[str, ...]:
        """Operations that draw random numbers for the output, by their names."""
        waiting = [tensor.op for tensor in self.function.outputs]
        seen = {operation.name: operation for operation in waiting}
        while waiting:
            for tensor in waiting.pop().inputs:
                if tensor.op.name not in seen:
                    seen[tensor.op.name] = tensor.op
                    waiting.append(tensor.op)
        return tuple(
            _in_words(operation)
            for operation in seen.values()
            if operation.type.startswith(_RANDOM)
        )


def frozen_graph(model: Any, shape: Sequence[int]) -> FrozenGraph | None:
    """Trace a model of one picture; None where TensorFlow cannot.

    Args:
        model: anything that is called with a picture and ``training``.
        shape: of the picture, ``(1, height, width, channels)``.
    """
    function = tf.function(
        lambda picture: tf.nest.flatten(model(picture, training=False))[0],
        autograph=False,
    )
    try:
        concrete = function.get_concrete_function(
            tf.TensorSpec(tuple(shape), tf.float32, name="picture")
        )
        # Branches stay one operation each, which pixels enter and leave.
        flat = convert_variables_to_constants_v2(concrete, lower_control_flow=False)
    # Somebody else's layers fail here in many ways; the range is then found by trial.
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        RuntimeError,
        TypeError,
        ValueError,
        tf.errors.OpError,
    ):
        return None
    (picture,) = flat.inputs
    return FrozenGraph(flat, tuple(shape), picture.op)


@dataclass(frozen=True)
class ReadRange:
    """A range that a graph tells.

    Attributes:
        range: a key of ``RANGES``.
        through: operations that scale the pixels, in words.
    """

    range: str
    through: str


def range_in(graph: FrozenGraph) -> ReadRange | None:
    """The range of pixels that a graph's first arithmetic is made for.

    None where the picture enters a convolution as it is, or where the arithmetic fits
    no range, or several.
    """
    ends = _ends(graph)
    if not ends:
        return None
    found = {_range_of(graph, tensor) for tensor, _ in ends.values()}
    if len(found) != 1 or (word := found.pop()) is None:
        return None
    scaling = next(iter(ends.values()))[1]
    return ReadRange(word, ", ".join(scaling))


def _ends(graph: FrozenGraph) -> dict[str, tuple[Any, tuple[str, ...]]]:
    """Where pixels stop being pixels: tensors by name, with what scaled them.

    Empty where one of the paths scales nothing.
    """
    dependent = _dependent(graph.placeholder)
    ends: dict[str, tuple[Any, tuple[str, ...]]] = {}
    waiting: list[tuple[Any, tuple[str, ...]]] = [(graph.placeholder.outputs[0], ())]
    seen: set[str] = set()
    while waiting:
        tensor, scaling = waiting.pop()
        if tensor.name in seen:
            continue
        seen.add(tensor.name)
        for reader in tensor.consumers():
            if reader.type in _ASKING:
                continue
            dynamic = [each for each in reader.inputs if each.op.name in dependent]
            alone = len({each.name for each in dynamic}) == 1
            if reader.type in _KEEPING:
                waiting += [(each, scaling) for each in reader.outputs]
            elif reader.type in _SCALING and alone:
                waiting.append((reader.outputs[0], (*scaling, _in_words(reader))))
            elif not scaling:
                return {}
            else:
                ends[tensor.name] = (tensor, scaling)
    return ends


def _dependent(placeholder: Any) -> set[str]:
    """Names of the operations that the picture reaches."""
    reached, waiting = {placeholder.name}, [placeholder]
    while waiting:
        for tensor in waiting.pop().outputs:
            for reader in tensor.consumers():
                if reader.name not in reached and reader.type not in _ASKING:
                    reached.add(reader.name)
                    waiting.append(reader)
    return reached


def _in_words(operation: Any) -> str:
    """``rescaling/mul`` of ``PartitionedCall/functional_1/rescaling/mul``."""
    return "/".join(operation.name.split("/")[-2:])


def _range_of(graph: FrozenGraph, tensor: Any) -> str | None:
    """The one range whose black and white become what networks are usually fed."""
    probe = graph.function.prune(graph.function.inputs, [tensor])
    results = {
        word: np.stack([_colour(probe, graph.shape, value) for value in pixel])
        for word, pixel in RANGES.items()
    }
    exact = [word for word, ends in results.items() if _is_usual(ends)]
    if exact:
        return exact[0] if len(exact) == 1 else None
    # Statistics of somebody's own photos, in a Normalization or a batch norm. Nobody
    # measures those of pixels that were already scaled to -1..1.
    fitting = [word for word in ("0..1", "0..255") if _is_plausible(results[word])]
    return fitting[0] if len(fitting) == 1 else None


def _colour(probe: Any, shape: tuple[int, ...], value: float) -> NDArray[np.float64]:
    """What a picture of one value becomes: in its middle, for each channel."""
    (given,) = probe(tf.fill(shape, np.float32(value)))
    values = np.asarray(given, np.float64)
    if values.ndim != 4:
        return np.full(3, np.nan)
    middle = values[0, values.shape[1] // 2, values.shape[2] // 2]
    # A grey picture has the same in all channels.
    return np.broadcast_to(middle, 3) if middle.size in (1, 3) else np.full(3, np.nan)


def _is_usual(ends: NDArray[np.float64]) -> bool:
    for usual in USUAL:
        width = np.abs(usual[1] - usual[0]).max()
        if np.abs(ends - usual).max() <= _SAME * width:
            return True
    return False


def _is_plausible(ends: NDArray[np.float64]) -> bool:
    """Some units wide and around 0, or about as wide as bytes and centred."""
    width, middle = np.abs(ends[1] - ends[0]), np.abs(ends.mean(0))
    unit = (width >= 0.4) & (width <= 40) & (middle <= width)
    byte = (width >= 100) & (width <= 600) & (middle <= 0.35 * width)
    return bool(unit.all() or byte.all())
