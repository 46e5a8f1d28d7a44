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


# Written for int8: an exponential of what is never positive needs a range of 0 to 1
# only, and x - relu(x) stands for min(x, 0) and parts of -|x|, as TFLite's converter
# gives MINIMUM a wrong range and NEG none.
def _elu(values: tf.Tensor, alpha: float = 1.0) -> tf.Tensor:
    above = tf.nn.relu(values)
    below = tf.exp(values - above) - 1.0
    return above + (below if alpha == 1 else alpha * below)


def _softplus(values: tf.Tensor) -> tf.Tensor:
    # log(1 + e^x) = max(x, 0) + log(1 + e^-|x|)
    above = tf.nn.relu(values)
    return above + tf.math.log(1.0 + tf.exp(values - above - above))


# Of Klambauer et al. 2017 (arXiv 1706.02515), equation 14.
_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772, 1.0507009873554805

ELEMENTWISE: Mapping[str, Callable[..., tf.Tensor]] = {
    "elu": _elu,
    "exponential": tf.exp,
    "gelu": lambda values: tf.nn.gelu(values, approximate=False),
    "gelu_tanh": lambda values: tf.nn.gelu(values, approximate=True),
    "mish": lambda values: values * tf.tanh(_softplus(values)),
    "selu": lambda values: _SELU_SCALE * _elu(values, _SELU_ALPHA),
    "softplus": _softplus,
    "softsign": tf.nn.softsign,
}
"""Activations that stand alone, by operations that TFLite has int8 kernels for."""

ONE_OPERATION = ("exponential", "gelu", "gelu_tanh")
"""Those that are one operation of TFLite. The others have inner values, whose int8
ranges come from calibration."""


class Elementwise(tf_keras.layers.Layer):  # type: ignore[misc]
    """An activation by its name in ``ELEMENTWISE``."""

    def __init__(self, function: str, alpha: float = 1.0, **options: Any) -> None:
        """Keep the name, and the ``alpha`` of an ELU."""
        super().__init__(**options)
        self.function = function
        self.alpha = alpha

    def call(self, values: tf.Tensor) -> tf.Tensor:
        """Any shape."""
        given = () if self.alpha == 1 else (self.alpha,)
        return ELEMENTWISE[self.function](values, *given)

    def get_config(self) -> dict[str, Any]:
        """Name and ``alpha``, so that tfmot can clone the layer."""
        own = {"function": self.function, "alpha": self.alpha}
        return {**super().get_config(), **own}


class Normalised(tf_keras.layers.Layer):  # type: ignore[misc]
    """Layer and group normalisation, by operations that TFLite has int8 kernels for.

    Keras' own go through a negation and a square, which the converter leaves in
    floating point.
    """

    def __init__(
        self, groups: int, over_places: bool, epsilon: float, **options: Any
    ) -> None:
        """Keep what is normalised together.

        Args:
            groups: of channels, the last axis.
            over_places: whether over all other axes too, but for the batch.
            epsilon: added to the variance.
            options: of every layer.
        """
        super().__init__(**options)
        self.groups, self.over_places, self.epsilon = groups, over_places, epsilon

    def build(self, shape: Any) -> None:
        """A gain and a shift for each channel."""
        self.gamma = self.add_weight("gamma", (shape[-1],), initializer="ones")
        self.beta = self.add_weight("beta", (shape[-1],), initializer="zeros")
        super().build(shape)

    def call(self, values: tf.Tensor) -> tf.Tensor:
        """Of shape ``(n, ..., channels)``."""
        *places, channels = values.shape[1:]
        grouped = (-1, *places, self.groups, channels // self.groups)
        given = values if self.groups == 1 else tf.reshape(values, grouped)
        middle = range(1, len(places) + 1) if self.over_places else ()
        axes = [*middle, len(given.shape) - 1]
        centred = given - tf.reduce_mean(given, axes, keepdims=True)
        variance = tf.reduce_mean(centred * centred, axes, keepdims=True)
        normed = centred * tf.math.rsqrt(variance + self.epsilon)
        if self.groups != 1:
            normed = tf.reshape(normed, (-1, *places, channels))
        return normed * self.gamma + self.beta

    def get_config(self) -> dict[str, Any]:
        """All of it, so that tfmot can clone the layer."""
        own = {"groups": self.groups, "over_places": self.over_places}
        return {**super().get_config(), **own, "epsilon": self.epsilon}


class HardSwish(tf_keras.layers.Layer):  # type: ignore[misc]
    """x * relu6(x + 3) / 6, in the form that the converter makes one operation of."""

    def call(self, values: tf.Tensor) -> tf.Tensor:
        """Any shape."""
        return values * tf.nn.relu6(values + 3.0) * (1.0 / 6.0)


# tfmot clones layers from their configs, which hold no layers: so calls lie here.
_calls: dict[str, Callable[[Sequence[Any]], Any]] = {}


def key_of_call(run: Callable[[Sequence[Any]], Any]) -> str:
    """Keep a function of tensors for ``Kept``; returns its key."""
    key = f"call_{len(_calls)}"
    _calls[key] = run
    return key


class Kept(tf_keras.layers.Layer):  # type: ignore[misc]
    """One call of a foreign layer or function, with all its other arguments."""

    def __init__(self, call: str, kind: str, **options: Any) -> None:
        """Keep the key of the call, and the class of the layer for messages."""
        super().__init__(**options)
        self.key = call
        self.kind = kind

    def call(self, values: Any) -> Any:
        """Of one tensor or a list of them, as the foreign layer takes them."""
        run = tf.autograph.experimental.do_not_convert(_calls[self.key])
        return run(values if isinstance(values, list) else [values])

    def get_config(self) -> dict[str, Any]:
        """The key, so that tfmot can clone the layer."""
        return {**super().get_config(), "call": self.key, "kind": self.kind}
