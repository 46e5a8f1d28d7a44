"""SqueezeNet 1.1 without its top (Iandola et al. 2016, arXiv 1602.07360).

Keras has none, but files of its weights for Keras are about. They expect blue first and
0 to 255 less a mean; the kernel that reads the photo is turned round to take red first.
"""

from pathlib import Path

import keras

MEAN_RGB = (123.68, 116.779, 103.939)
"""What the published weights expect to be taken away, of 255."""

# Filters of the layer that squeezes, and of each of the two that expand.
_FIRES = (
    (16, 64),
    (16, 64),
    (32, 128),
    (32, 128),
    *((48, 192),) * 2,
    *((64, 256),) * 2,
)
# Behind these, counted from 0, every second position is kept.
_POOLED = (1, 3)


def squeezenet(
    *,
    input_shape: tuple[int, int, int],
    input_tensor: keras.KerasTensor | None = None,
    weights: str | None = None,
) -> keras.Model:
    """A model from pixels of 0 to 255, less ``MEAN_RGB``, to 512 feature maps.

    Args:
        input_shape: ``(side, side, 3)``; a side of at least 32.
        input_tensor: what to read instead of an input of its own.
        weights: a Keras file of SqueezeNet 1.1 without its top; None: random.

    Raises:
        ValueError: when there are no such weights.
    """
    pixels = keras.Input(input_shape) if input_tensor is None else input_tensor
    values = _convolution(pixels, "entrance", 64, 3, strides=2, padding="valid")
    values = _pool(values, "entrance_pool")
    for index, (squeezed, expanded) in enumerate(_FIRES):
        name = f"fire{index + 2}"
        values = _convolution(values, f"{name}_squeeze1x1", squeezed, 1)
        values = keras.layers.Concatenate(name=f"{name}_concat")(
            [
                _convolution(values, f"{name}_expand1x1", expanded, 1),
                _convolution(values, f"{name}_expand3x3", expanded, 3),
            ]
        )
        if index in _POOLED:
            values = _pool(values, f"{name}_pool")
    network = keras.Model([pixels], values, name="squeezenet")
    if weights is not None:
        _load(network, weights)
    return network


def _convolution(
    values: keras.KerasTensor,
    name: str,
    filters: int,
    size: int,
    *,
    strides: int = 1,
    padding: str = "same",
) -> keras.KerasTensor:
    convolution = keras.layers.Conv2D(
        filters,
        size,
        strides=strides,
        padding=padding,
        kernel_initializer="he_uniform",
        name=name,
    )
    return keras.layers.ReLU(name=f"{name}_relu")(convolution(values))


def _pool(values: keras.KerasTensor, name: str) -> keras.KerasTensor:
    return keras.layers.MaxPooling2D(3, strides=2, name=name)(values)


def _load(network: keras.Model, weights: str) -> None:
    if not Path(weights).is_file():
        raise ValueError(
            f"SqueezeNet's weights cannot be fetched by {weights!r}; expected a file"
        )
    network.load_weights(weights)
    entrance = network.get_layer("entrance")
    kernel, bias = entrance.get_weights()
    entrance.set_weights([kernel[:, :, ::-1], bias])
