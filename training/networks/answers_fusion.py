"""How answers about a lesion join what a network sees: two published forms.

``concat`` puts them beside the image's features, before a layer that sees both.
``metablock`` lets them open and close the feature maps (Pacheco and Krohling 2021,
doi:10.1109/JBHI.2021.3062002): sigmoid(tanh(maps * t1) + t2), where t1 and t2 are
linear in the answers, each with a batch norm, one number for every channel.
"""

from collections.abc import Sequence

import keras

from training.networks.published_cnn import BATCH_NORM_MOMENTUM

UNITS = 32
"""Of the layer that sees features and answers together."""


NEW_LAYERS = ("together", "metablock")
"""How the names of the layers begin that a network of photos alone lacks."""


def answers_input(slots: int) -> keras.KerasTensor:
    """The second input, ``(n, slots)``."""
    return keras.Input((slots,), name="answers")


def gated(
    maps: Sequence[keras.KerasTensor], answers: keras.KerasTensor
) -> list[keras.KerasTensor]:
    """Feature maps after a MetaBlock each; same shapes, values in (0, 1)."""
    return [
        _metablock(values, answers, f"metablock{index or ''}")
        for index, values in enumerate(maps)
    ]


def side_by_side(
    features: keras.KerasTensor, answers: keras.KerasTensor
) -> keras.KerasTensor:
    """One layer that sees the image's features and the answers; ``(n, UNITS)``.

    A dense layer of two things side by side is the sum of one of each. Written so, the
    answers keep a scale of their own in int8; beside features that reach 6, no and yes
    would be only 42 steps apart.
    """
    seen = keras.layers.Dense(UNITS, name="together_features")(features)
    told = keras.layers.Dense(UNITS, use_bias=False, name="together_answers")(answers)
    both = keras.layers.Add(name="together")([seen, told])
    return keras.layers.ReLU(name="together_relu")(both)


def _metablock(
    maps: keras.KerasTensor, answers: keras.KerasTensor, name: str
) -> keras.KerasTensor:
    channels = int(maps.shape[-1])
    scale = _linear(answers, channels, f"{name}_scale")
    shift = _linear(answers, channels, f"{name}_shift")
    values = keras.layers.Multiply(name=f"{name}_scaled")([maps, scale])
    values = keras.layers.Activation("tanh", name=f"{name}_tanh")(values)
    values = keras.layers.Add(name=f"{name}_shifted")([values, shift])
    return keras.layers.Activation("sigmoid", name=f"{name}_gate")(values)


def _linear(answers: keras.KerasTensor, channels: int, name: str) -> keras.KerasTensor:
    """One number for every channel, to be spread over all positions."""
    values = keras.layers.Dense(channels, name=name)(answers)
    values = keras.layers.BatchNormalization(
        momentum=BATCH_NORM_MOMENTUM, name=f"{name}_bn"
    )(values)
    return keras.layers.Reshape((1, 1, channels), name=f"{name}_per_channel")(values)
