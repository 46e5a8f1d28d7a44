"""``separable32`` and ``separable64``: our own networks, made for int8 on a processor.

Depthwise-separable blocks (Howard et al. 2017, arXiv 1704.04861): every operation is a
convolution with a fused ReLU, which XNNPACK runs in int8 and tfmot quantises as it is.
A global mean takes the place of the published networks' dense layer, so that nearly
all weights look at the picture.
"""

import keras

from training.datasets.questions import SLOTS
from training.networks.designs import Separable
from training.networks.head import with_head
from training.networks.published_cnn import BATCH_NORM_MOMENTUM


def build_separable(
    network: Separable, answers: str = "", slots: int = SLOTS
) -> keras.Model:
    """A freshly initialised model from pixels / 255 to the probability, ``(n, 1)``.

    Args:
        network: a row of ``SEPARABLE``.
        answers: a key of ``FUSIONS`` makes one of two inputs.
        slots: length of the vector of answers.
    """
    inputs = keras.Input((network.size_px, network.size_px, 3), name="pixels")
    values = keras.layers.Conv2D(
        network.stem,
        3,
        strides=network.stem_stride,
        padding="same",
        use_bias=False,
        name="stem_conv",
    )(inputs)
    values = _normalised(values, "stem")
    for index, (filters, stride) in enumerate(network.blocks, start=1):
        name = f"block{index}"
        values = keras.layers.DepthwiseConv2D(
            3,
            strides=stride,
            padding="same",
            use_bias=False,
            name=f"{name}_depthwise",
        )(values)
        values = _normalised(values, f"{name}_depthwise")
        values = keras.layers.Conv2D(
            filters, 1, use_bias=False, name=f"{name}_pointwise"
        )(values)
        values = _normalised(values, f"{name}_pointwise")
    return with_head(inputs, [values], network.name, answers, slots=slots)


def _normalised(values: keras.KerasTensor, name: str) -> keras.KerasTensor:
    values = keras.layers.BatchNormalization(
        momentum=BATCH_NORM_MOMENTUM, name=f"{name}_bn"
    )(values)
    return keras.layers.ReLU(name=f"{name}_relu")(values)
