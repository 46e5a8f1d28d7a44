"""Layers of ours that tf_keras or tfmot lacks: limits a channel, odd activations."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf
import tf_keras


class ChannelClamp(tf_keras.layers.Layer):  # type: ignore[misc]
    """clamp(x, lower, upper), each a number for every channel."""

    def __init__(
        self,
        lower: Sequence[float],
        upper: Sequence[float] | None = None,
        **options: Any,
    ) -> None:
        """Keep the limits; ``upper`` is None where no channel has a finite one.

        This is what is left of a batch norm between two ReLUs, see ``folding.py``.
        """
        super().__init__(**options)
        self.lower = list(lower)
        self.upper = None if upper is None else list(upper)

    def call(self, values: tf.Tensor) -> tf.Tensor:
        """Clamp; any shape whose last axis is the channels."""
        clamped = tf.maximum(values, tf.constant(self.lower, values.dtype))
        if self.upper is not None:
            clamped = tf.minimum(clamped, tf.constant(self.upper, values.dtype))
        return clamped

    def get_config(self) -> dict[str, Any]:
        """The limits, so that tfmot can clone the layer."""
        return {**super().get_config(), "lower": self.lower, "upper": self.upper}


def _hard_sigmoid(values: tf.Tensor) -> tf.Tensor:
    return tf.nn.relu6(values + 3.0) * (1.0 / 6.0)


ELEMENTWISE: Mapping[str, Callable[[tf.Tensor], tf.Tensor]] = {
    "elu": tf.nn.elu,
    "exponential": tf.exp,
    "gelu": lambda values: tf.nn.gelu(values, approximate=False),
    "gelu_tanh": lambda values: tf.nn.gelu(values, approximate=True),
    "hard_sigmoid": _hard_sigmoid,
    "hard_sigmoid_2": lambda values: tf.clip_by_value(0.2 * values + 0.5, 0.0, 1.0),
    "mish": lambda values: values * tf.tanh(tf.nn.softplus(values)),
    "selu": tf.nn.selu,
    "softplus": tf.nn.softplus,
    "softsign": tf.nn.softsign,
}
"""Activations that stand alone. ``hard_sigmoid`` is that of Keras 3, relu6(x + 3) / 6,
and ``hard_sigmoid_2`` that of Keras 2, clip(x / 5 + 1/2)."""


class Elementwise(tf_keras.layers.Layer):  # type: ignore[misc]
    """An activation by its name in ``ELEMENTWISE``."""

    def __init__(self, function: str, **options: Any) -> None:
        """Keep the name."""
        super().__init__(**options)
        self.function = function

    def call(self, values: tf.Tensor) -> tf.Tensor:
        """Any shape."""
        return ELEMENTWISE[self.function](values)

    def get_config(self) -> dict[str, Any]:
        """The name, so that tfmot can clone the layer."""
        return {**super().get_config(), "function": self.function}


class HardSwish(tf_keras.layers.Layer):  # type: ignore[misc]
    """x * relu6(x + 3) / 6, in the form that the converter makes one operation of."""

    def call(self, values: tf.Tensor) -> tf.Tensor:
        """Any shape."""
        return values * tf.nn.relu6(values + 3.0) * (1.0 / 6.0)
