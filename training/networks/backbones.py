"""Published networks that can start from ImageNet weights, alone or joined.

``--weights FILE`` takes weights without their top, ``--weights imagenet`` fetches those
of ``keras.applications`` (SqueezeNet and EfficientNet-Lite have none there); without it
training starts from scratch.
"""

from collections.abc import Sequence
from pathlib import Path

import keras

from edge_runtime.errors import EdgeRuntimeError
from training.datasets.questions import SLOTS
from training.networks.architectures import first_convolution, without_top
from training.networks.designs import Backbone, Part
from training.networks.efficientnet_lite import LITE
from training.networks.head import with_head
from training.networks.published_cnn import BATCH_NORM_MOMENTUM


class WeightsError(EdgeRuntimeError):
    """Weights to start from are missing, or are another network's."""


def build_backbone(
    row: Backbone,
    weights: Sequence[str] = (),
    answers: str = "",
    slots: int = SLOTS,
) -> keras.Model:
    """A model from pixels / 255 to the probability, ``(n, units)``, malignant last.

    Args:
        row: of ``BACKBONES``.
        weights: a file for each of the row's parts, or ``imagenet`` alone; nothing
            starts from scratch.
        answers: a key of ``FUSIONS`` makes one of two inputs.
        slots: length of the vector of answers.

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
    model = with_head(pixels, seen, row.name, answers, units=row.units, slots=slots)
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
