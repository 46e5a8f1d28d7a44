"""The layer that is left of a batch norm between two ReLUs: limits for each channel."""

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
        """Keep the limits; ``upper`` is None where no channel has a finite one."""
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
