"""Networks that start from ImageNet weights: MobileNet, MobileNetV2, both together.

``--weights FILE`` takes the weights without their top as ``keras.applications`` saves
them, ``--weights imagenet`` fetches them, and without it training starts from scratch.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from edge_runtime.errors import EdgeRuntimeError
from training.networks import BATCH_NORM_MOMENTUM
from training.separable import with_head


class WeightsError(EdgeRuntimeError):
    """Weights to start from are missing, or are another network's."""


ARCHITECTURES: Mapping[str, Callable[..., keras.Model]] = {
    "mobilenet": keras.applications.MobileNet,
    "mobilenetv2": keras.applications.MobileNetV2,
}


@dataclass(frozen=True)
class Part:
    """A published network without its top.

    Attributes:
        architecture: a key of ``ARCHITECTURES``.
        alpha: width, as a share of the published network's.
    """

    architecture: str
    alpha: float


@dataclass(frozen=True)
class Backbone:
    """One row of ``BACKBONES``.

    Attributes:
        name: ends in the input size.
        size_px: side of the square input.
        parts: networks that look at the photo side by side.
        dense_stem: the first convolution takes every pixel instead of every second
            one, so that a small photo is seen at the scale of one twice as large.
        last_layer: where the published network is cut off; none keeps all of it.
    """

    name: str
    size_px: int
    parts: tuple[Part, ...]
    dense_stem: bool = False
    last_layer: str | None = None
    columns: int = 1


MOBILENET = Part("mobilenet", 0.25)
MOBILENET_V2 = Part("mobilenetv2", 0.35)
SIZES_PX = (64, 96, 128, 160)


def _rows(part: Part) -> list[Backbone]:
    # The names say the width in hundredths: mobilenetv2a35_128.
    width = round(100 * part.alpha)
    return [
        Backbone(f"{part.architecture}a{width}_{size_px}", size_px, (part,))
        for size_px in SIZES_PX
    ]


BACKBONES = {
    row.name: row
    for row in [
        *_rows(MOBILENET),
        *_rows(MOBILENET_V2),
        Backbone(
            "lesion32",
            32,
            (MOBILENET,),
            dense_stem=True,
            last_layer="conv_pw_8_relu",
        ),
        Backbone("lesion64", 64, (MOBILENET,), dense_stem=True),
        Backbone("lesion128", 128, (MOBILENET, MOBILENET_V2)),
    ]
}


def build_backbone(row: Backbone, weights: Sequence[str] = ()) -> keras.Model:
    """A model from pixels / 255 to the probability, ``(n, 1)``.

    Args:
        row: of ``BACKBONES``.
        weights: a file for each of the row's parts, or ``imagenet`` alone; nothing
            starts from scratch.

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
        _reshaped(_published(row, part, pixels, start), row)
        for part, start in zip(row.parts, starts, strict=True)
    ]
    seen = [backbone.outputs[0] for backbone in backbones]
    return with_head(pixels, seen, row.name)


def _published(
    row: Backbone, part: Part, pixels: keras.KerasTensor, weights: str | None
) -> keras.Model:
    """A part as published, but for the range of its input."""
    if weights not in (None, "imagenet") and not Path(weights).is_file():
        raise WeightsError(
            f"the weights {weights} are missing; expected a file of"
            f" keras.applications without its top, or imagenet"
        )
    try:
        backbone = ARCHITECTURES[part.architecture](
            input_tensor=pixels, alpha=part.alpha, include_top=False, weights=weights
        )
    # A failed download is a plain Exception in Keras, a wrong file one of many.
    except Exception as error:
        raise WeightsError(
            f"the weights {weights} do not fit {row.name}: {error}"
        ) from error
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = BATCH_NORM_MOMENTUM
    if weights is not None:
        _take_unit_range(backbone)
    return backbone


def _reshaped(backbone: keras.Model, row: Backbone) -> keras.Model:
    """The row's cut and stem, with the weights that the network has."""
    if row.last_layer is not None:
        last = backbone.get_layer(row.last_layer).output
        backbone = keras.Model(backbone.inputs, last, name=backbone.name)
    if not row.dense_stem:
        return backbone
    stem, _ = _first_pair(backbone)

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


def _take_unit_range(backbone: keras.Model) -> None:
    """Change weights made for 2 x - 1 into weights for x, as all networks here take.

    conv(2 x - 1) = 2 conv(x) - sum(kernel), and the batch norm that follows takes the
    constant into its mean. At the border the padding then means black instead of
    mid-grey; training starts from there.
    """
    convolution, norm = _first_pair(backbone)
    (kernel,) = convolution.get_weights()
    convolution.set_weights([2 * kernel])
    gamma, beta, mean, variance = norm.get_weights()
    norm.set_weights([gamma, beta, mean + np.sum(kernel, axis=(0, 1, 2)), variance])


def _first_pair(backbone: keras.Model) -> tuple[keras.Layer, keras.Layer]:
    layers = iter(backbone.layers)
    convolution = next(
        layer for layer in layers if isinstance(layer, keras.layers.Conv2D)
    )
    norm = next(
        layer for layer in layers if isinstance(layer, keras.layers.BatchNormalization)
    )
    return convolution, norm
