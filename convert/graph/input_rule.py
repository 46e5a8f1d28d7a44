"""What a model expects at its input, and how a pixel / 255 becomes that.

Every converted file takes the pixel itself, quantised as pixel / 255. What a model
expects beyond that, another range or blue first, becomes a part of the network: folded
into its first convolution where that is exact, or a 1x1 convolution before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from convert.graph.functions import affine
from convert.graph.nodes import Node

# The real value of pixel 0, and that of pixel 255.
RANGES = {"0..1": (0.0, 1.0), "0..255": (0.0, 255.0), "-1..1": (-1.0, 1.0)}
CHANNEL_ORDERS = ("rgb", "bgr")


@dataclass(frozen=True)
class InputRule:
    """What a model expects.

    Attributes:
        range: a key of ``RANGES``.
        channel_order: ``"rgb"`` or ``"bgr"``.
    """

    range: str = "0..1"
    channel_order: str = "rgb"

    @property
    def gain(self) -> float:
        """Real value = gain * (pixel / 255) + shift."""
        low, high = RANGES[self.range]
        return high - low

    @property
    def shift(self) -> float:
        """See ``gain``."""
        return RANGES[self.range][0]

    def adapt(self, real: Any) -> Any:
        """What the model expects for pixels / 255, in numpy or in TensorFlow."""
        if self.channel_order == "bgr":
            real = real[..., ::-1]
        if (self.gain, self.shift) == (1.0, 0.0):
            return real
        return real * np.float32(self.gain) + np.float32(self.shift)


def with_input_rule(nodes: Sequence[Node], rule: InputRule) -> tuple[Node, ...]:
    """The model as a function of pixels / 255 in the order red, green, blue."""
    entrance, *others = nodes
    added: list[Node] = []
    if rule.channel_order == "bgr":
        config = {
            "name": "blue_first", "filters": 3, "kernel_size": 1, "use_bias": True,
            "activation": "linear", "padding": "valid",
        }  # fmt: skip
        kernel = np.eye(3, dtype=np.float32)[::-1].reshape(1, 1, 3, 3)
        weights = (kernel, np.zeros(3, np.float32))
        added.append(Node("blue_first", "Conv2D", (entrance.name,), config, weights))
    if (rule.gain, rule.shift) != (1.0, 0.0):
        before = added[-1].name if added else entrance.name
        shape = (None, None, None, 3)
        added.append(affine("range", (before,), rule.gain, rule.shift, shape))
    if not added:
        return tuple(nodes)
    return (
        entrance,
        *added,
        *(
            replace(
                node,
                inputs=tuple(
                    added[-1].name if name == entrance.name else name
                    for name in node.inputs
                ),
            )
            for node in others
        ),
    )


def default_range(model: Any) -> str:
    """0..255 where the first layer is ``Rescaling`` or ``Normalization``."""
    first = _first_layer(model)
    scaled = type(first).__name__ in ("Rescaling", "Normalization")
    return "0..255" if scaled else "0..1"


def _first_layer(model: Any) -> Any:
    """The first layer that does something, inside nested models too."""
    for layer in getattr(model, "layers", ()):
        kind = type(layer).__name__
        if kind == "InputLayer" or kind.startswith("Random"):
            continue
        return _first_layer(layer) if getattr(layer, "layers", None) else layer
    return None
