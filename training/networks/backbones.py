"""Published networks that can start from ImageNet weights, alone or joined.

``--weights FILE`` takes weights without their top, ``--weights imagenet`` fetches those
of ``keras.applications`` (SqueezeNet and EfficientNet-Lite have none there); without it
training starts from scratch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras

from edge_runtime.errors import EdgeRuntimeError
from training.networks.architectures import first_convolution, without_top
from training.networks.efficientnet_lite import LITE
from training.networks.head import with_head
from training.networks.published_cnn import BATCH_NORM_MOMENTUM


class WeightsError(EdgeRuntimeError):
    """Weights to start from are missing, or are another network's."""


@dataclass(frozen=True)
class Part:
    """A published network without its top.

    Attributes:
        architecture: a key of ``ARCHITECTURES``.
        alpha: width, as a share of the published network's; 1 where it is fixed.
        last_layer: where it is cut off; none keeps all of it.
        scale: factor of all that it says with published weights; for networks of
            convolutions and ReLUs only.
        still: with published weights, layers up to this one stay as they are. The
            first layers see lines and colours, and cost most of the time of a step.
    """

    architecture: str
    alpha: float = 1.0
    last_layer: str | None = None
    scale: float = 1.0
    still: str | None = None


@dataclass(frozen=True)
class Backbone:
    """One row of ``BACKBONES``.

    Attributes:
        name: ends in the input size.
        size_px: side of the square input.
        parts: networks that look at the photo side by side.
        dense_stem: the first convolution takes every pixel instead of every second
            one, so that a small photo is seen at the scale of one twice as large.
        units: 1: a sigmoid; 2: softmax, other and malignant.
    """

    name: str
    size_px: int
    parts: tuple[Part, ...]
    dense_stem: bool = False
    units: int = 1
    columns: int = 1


MOBILENET = Part("mobilenet", 0.25)
MOBILENET_V2 = Part("mobilenetv2", 0.35)
SQUEEZENET = Part("squeezenet")
TEACHERS = (MOBILENET, MOBILENET_V2, SQUEEZENET)
_FIRST_LITE_STAGES = "block2_add"
# These end where a linear classifier of what they say does best (training/probe.py).
LITE0 = Part(
    "efficientnetlite0", last_layer="block11_expand_relu", still=_FIRST_LITE_STAGES
)
# Cut off in its middle SqueezeNet then says as much as others do beside it (deviations
# of 0.6 and 0.1 to 0.7 between photos), and one learning rate suits all.
FIRES = Part("squeezenet", last_layer="fire6_concat", scale=1 / 16)
SIZES_PX = (64, 96, 128)
TEACHER_PX = 160
# The lightweight networks of arXiv 2110.12270, and more of their kind; widths that
# have published weights.
WIDTHS = {
    "mobilenet": (0.25, 0.5, 1.0),
    "mobilenetv2": (0.35, 0.5, 1.0),
    "mobilenetv3small": (0.75, 1.0),
}
ONE_WIDTH = ("nasnetmobile", "efficientnetb0", "squeezenet")


def _rows(part: Part, width: str) -> list[Backbone]:
    sizes_px = (*SIZES_PX, TEACHER_PX) if part in TEACHERS else SIZES_PX
    return [
        Backbone(f"{part.architecture}{width}_{size_px}", size_px, (part,))
        for size_px in sizes_px
    ]


def _lightweight() -> list[Backbone]:
    # The names say the width in hundredths: mobilenetv2a35_128.
    rows = [
        _rows(Part(name, alpha), f"a{round(100 * alpha)}")
        for name, widths in WIDTHS.items()
        for alpha in widths
    ]
    rows += [_rows(Part(name), "") for name in ONE_WIDTH]
    rows += [_rows(Part(name, still=_FIRST_LITE_STAGES), "") for name in LITE]
    return [row for group in rows for row in group]


BACKBONES = {
    row.name: row
    for row in [
        *_lightweight(),
        Backbone(
            "lesion32",
            32,
            (Part("mobilenet", 0.25, last_layer="conv_pw_8_relu"),),
            dense_stem=True,
        ),
        Backbone("lesion64", 64, (MOBILENET,), dense_stem=True),
        Backbone("lesion128", 128, (LITE0, FIRES)),
        Backbone("joined128", 128, (MOBILENET, MOBILENET_V2, FIRES)),
        Backbone("lite160", TEACHER_PX, (LITE0,)),
        # The published project's largest network, with its two softmax units.
        Backbone("resnet101v2_64", 64, (Part("resnet101v2"),), units=2),
    ]
}


def build_backbone(
    row: Backbone, weights: Sequence[str] = (), answers: str = ""
) -> keras.Model:
    """A model from pixels / 255 to the probability, ``(n, units)``, malignant last.

    Args:
        row: of ``BACKBONES``.
        weights: a file for each of the row's parts, or ``imagenet`` alone; nothing
            starts from scratch.
        answers: a key of ``FUSIONS`` makes one of two inputs.

    Raises:
        WeightsError: when the weights cannot be had or do not fit.
    """
    starts: list[str | None] = list(weights)
    if len(starts) < 2 and starts in ([], ["imagenet"]):
        starts = (starts or [None]) * len(row.parts)
    if len(starts) != len(row.parts):
        raise WeightsError(
            f"{row.name} has {len(row.parts)} parts"
            f" ({', '.join(part.architecture for part in row.parts)}) and got"
            f" {len(starts)} weights; expected one file for each, in this order"
        )
    # Named like the other networks' input: weights are exchanged by layer name.
    pixels = keras.Input((row.size_px, row.size_px, 3), name="pixels")
    backbones = [
        _reshaped(_published(row, part, pixels, start), part, dense_stem=row.dense_stem)
        for part, start in zip(row.parts, starts, strict=True)
    ]
    seen = [backbone.outputs[0] for backbone in backbones]
    model = with_head(pixels, seen, row.name, answers, units=row.units)
    for part, start, backbone in zip(row.parts, starts, backbones, strict=True):
        if start is not None and part.still is not None:
            _hold_still(backbone, part.still)
    return model


def _hold_still(backbone: keras.Model, last_layer: str) -> None:
    for layer in backbone.layers:
        layer.trainable = False
        if layer.name == last_layer:
            return


def _published(
    row: Backbone, part: Part, pixels: keras.KerasTensor, weights: str | None
) -> keras.Model:
    """A part as published, but for the range of its input."""
    if weights not in (None, "imagenet") and not Path(weights).is_file():
        expected = (
            "EfficientNet-Lite's PyTorch file (`make weights` fetches Lite0's)"
            if part.architecture in LITE
            else f"a Keras file of {part.architecture} without its top, or imagenet"
        )
        raise WeightsError(f"the weights {weights} are missing; expected {expected}")
    try:
        backbone = without_top(part.architecture, pixels, part.alpha, weights)
    # A failed download is a plain Exception in Keras, a wrong file one of many.
    except Exception as error:
        raise WeightsError(
            f"the weights {weights} do not fit {row.name}: {error}"
        ) from error
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = BATCH_NORM_MOMENTUM
    if weights is not None and part.scale != 1.0:
        _scale(backbone, part.scale)
    return backbone


def _scale(network: keras.Model, factor: float) -> None:
    """Make every layer say ``factor`` of what it said, in place.

    Convolutions and ReLUs are homogeneous: it takes the first kernel and all biases.
    """
    first = first_convolution(network)
    for layer in network.layers:
        if layer.weights:
            kernel, bias = layer.get_weights()
            layer.set_weights(
                [kernel * factor if layer is first else kernel, bias * factor]
            )


def _reshaped(backbone: keras.Model, part: Part, *, dense_stem: bool) -> keras.Model:
    """The part's cut and the row's stem, with the weights that the network has."""
    if part.last_layer is not None:
        names = [layer.name for layer in backbone.layers]
        if part.last_layer not in names:
            raise WeightsError(
                f"{backbone.name} has no layer {part.last_layer}; expected one of"
                f" {', '.join(names)}"
            )
        last = backbone.get_layer(part.last_layer).output
        backbone = keras.Model(backbone.inputs, last, name=backbone.name)
    if not dense_stem:
        return backbone
    stem = first_convolution(backbone)

    def copied(layer: keras.Layer) -> keras.Layer:
        config = layer.get_config()
        if layer is stem:
            config["strides"] = (1, 1)
        return layer.__class__.from_config(config)

    dense = keras.models.clone_model(
        backbone, input_tensors=backbone.inputs, clone_function=copied
    )
    dense.set_weights(backbone.get_weights())
    return dense
