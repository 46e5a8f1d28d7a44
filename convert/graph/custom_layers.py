"""Layers of ours that tf_keras lacks: limits for each channel, and hard swish."""

from collections.abc import Sequence
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


class HardSwish(tf_keras.layers.Layer):  # type: ignore[misc]
    """x * relu6(x + 3) / 6, in the form that the converter makes one operation of."""

    def call(self, values: tf.Tensor) -> tf.Tensor:
        """Any shape."""
        return values * tf.nn.relu6(values + 3.0) * (1.0 / 6.0)
