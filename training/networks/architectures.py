"""The published networks that can be trained here, without their top.

All but SqueezeNet and EfficientNet-Lite are those of ``keras.applications``.

Each takes pixels / 255. What weights from ImageNet expect instead becomes a part of the
first convolution and of what follows it, so that no network has a layer of its own for
the range of its input, and a stored int8 input stays the pixel itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import keras
import numpy as np

from training.networks.efficientnet_lite import DEVIATION, LITE, MEAN
from training.networks.squeezenet import MEAN_RGB, squeezenet

IMAGENET_PX = 224
"""Side that published weights were learnt at."""


@dataclass(frozen=True)
class Architecture:
    """One row of ``ARCHITECTURES``.

    Attributes:
        build: the function of ``keras.applications``, or one that takes the same.
        gain: ImageNet weights expect gain * (pixel / 255) + shift, in each channel.
        shift: see ``gain``.
        has_alpha: whether its width can be chosen.
        options: further arguments.
        entrance: the layer that reads pixels, where published ones scale them before;
            none: the first.
        any_size: whether ``build`` takes published weights at any size.
        ours: built here, without a top; its weights are a file.
    """

    build: Callable[..., keras.Model]
    gain: tuple[float, float, float] = (2.0, 2.0, 2.0)
    shift: tuple[float, float, float] = (-1.0, -1.0, -1.0)
    has_alpha: bool = False
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    entrance: str | None = None
    any_size: bool = True
    ours: bool = False


# Mean and deviation of ImageNet's channels, as EfficientNet's own layers have them.
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

ARCHITECTURES: Mapping[str, Architecture] = {
    "mobilenet": Architecture(keras.applications.MobileNet, has_alpha=True),
    "mobilenetv2": Architecture(keras.applications.MobileNetV2, has_alpha=True),
    "mobilenetv3small": Architecture(
        keras.applications.MobileNetV3Small,
        has_alpha=True,
        options=MappingProxyType({"include_preprocessing": False}),
    ),
    "nasnetmobile": Architecture(keras.applications.NASNetMobile, any_size=False),
    "efficientnetb0": Architecture(
        keras.applications.EfficientNetB0,
        gain=(1 / _DEVIATION[0], 1 / _DEVIATION[1], 1 / _DEVIATION[2]),
        shift=(
            -_MEAN[0] / _DEVIATION[0],
            -_MEAN[1] / _DEVIATION[1],
            -_MEAN[2] / _DEVIATION[2],
        ),
        entrance="stem_conv_pad",
    ),
    "resnet101v2": Architecture(keras.applications.ResNet101V2),
    "squeezenet": Architecture(
        squeezenet,
        gain=(255.0, 255.0, 255.0),
        shift=(-MEAN_RGB[0], -MEAN_RGB[1], -MEAN_RGB[2]),
        ours=True,
    ),
    **{
        name: Architecture(
            build,
            gain=(255 / DEVIATION,) * 3,
            shift=(-MEAN / DEVIATION,) * 3,
            ours=True,
        )
        for name, build in LITE.items()
    },
}


def without_top(
    name: str, pixels: keras.KerasTensor, alpha: float, weights: str | None
) -> keras.Model:
    """A published network that reads ``pixels``, which are pixels / 255.

    Args:
        name: a key of ``ARCHITECTURES``.
        pixels: the input.
        alpha: width, where it can be chosen.
        weights: a file of Keras weights without the top, ``imagenet``, or
            None for random ones.
    """
    row = ARCHITECTURES[name]
    options = dict(row.options) if row.ours else {**row.options, "include_top": False}
    if row.has_alpha:
        options["alpha"] = alpha
    side = int(pixels.shape[1])
    own = row.build(
        input_shape=(side, side, 3),
        input_tensor=pixels,
        weights=weights if row.any_size else None,
        **options,
    )
    if weights is not None and not row.any_size:
        whole = row.build((IMAGENET_PX, IMAGENET_PX, 3), weights=weights, **options)
        own.set_weights(whole.get_weights())
    if row.entrance is not None:
        own = _from(row.entrance, own, pixels)
    if weights is not None:
        _take_unit_range(own, row)
    return own


def first_convolution(network: keras.Model) -> keras.layers.Conv2D:
    """The one that reads the photo."""
    layers = (x for x in network.layers if isinstance(x, keras.layers.Conv2D))
    return next(layers)


def _from(
    entrance: str, network: keras.Model, pixels: keras.KerasTensor
) -> keras.Model:
    """The network without the layers before ``entrance``."""
    inside = keras.Model(
        network.get_layer(entrance).input, network.outputs[0], name=network.name
    )
    copy = keras.models.clone_model(inside, input_tensors=pixels)
    copy.set_weights(inside.get_weights())
    return copy


def _take_unit_range(network: keras.Model, row: Architecture) -> None:
    """Change weights made for gain * x + shift into weights for x, in place.

    conv(gain x + shift) = conv'(x) + sum(kernel * shift) with kernel' = kernel * gain,
    and the constant goes into the bias, or into the mean of the batch norm that
    follows. At the border the padding then means black instead of what it was;
    training starts from there.
    """
    convolution = first_convolution(network)
    kernel, *bias = convolution.get_weights()
    gain, shift = (np.array(x, np.float32)[:, None] for x in (row.gain, row.shift))
    constant = np.sum(kernel * shift, axis=(0, 1, 2))
    convolution.set_weights([kernel * gain, *(each + constant for each in bias)])
    if not bias:
        norm = next(
            layer
            for layer in network.layers
            if isinstance(layer, keras.layers.BatchNormalization)
        )
        *scale, mean, variance = norm.get_weights()
        norm.set_weights([*scale, mean - constant, variance])
