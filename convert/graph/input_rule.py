"""What a model expects at its input, and how a pixel / 255 becomes that.

Every converted file takes the pixel itself, quantised as pixel / 255. What a model
expects beyond that, another range or blue first, becomes a part of the network: folded
into its first convolution where that is exact, or a 1x1 convolution before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.graph.functions import affine
from convert.graph.nodes import Node

# The real value of pixel 0, and that of pixel 255.
RANGES = {"0..1": (0.0, 1.0), "0..255": (0.0, 255.0), "-1..1": (-1.0, 1.0)}
CHANNEL_ORDERS = ("rgb", "bgr")
LUMA = (0.299, 0.587, 0.114)
"""Shares of red, green and blue in a grey picture: ITU-R BT.601."""


@dataclass(frozen=True)
class InputRule:
    """What a model expects: (value in ``range`` - ``mean``) / ``std``.

    Attributes:
        range: a key of ``RANGES``.
        channel_order: ``"rgb"`` or ``"bgr"``.
        mean: one number, or one for each channel in the order ``channel_order``.
        std: the same; none is 0.
        grey: whether it takes one channel, the luma of ITU-R BT.601 as Pillow's mode
            ``"L"`` has it.
    """

    range: str = "0..1"
    channel_order: str = "rgb"
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    grey: bool = False

    @property
    def gain(self) -> NDArray[np.float64]:
        """Real value = gain * (pixel / 255) + shift; shape ``(1,)`` or ``(3,)``."""
        low, high = RANGES[self.range]
        return np.asarray((high - low) / np.array(self.std))

    @property
    def shift(self) -> NDArray[np.float64]:
        """See ``gain``."""
        low, _ = RANGES[self.range]
        return np.asarray((low - np.array(self.mean)) / np.array(self.std))

    @property
    def is_plain(self) -> bool:
        """Whether pixels / 255 are what the model expects, but for their order."""
        return bool((self.gain == 1).all() and (self.shift == 0).all())

    @property
    def options(self) -> str:
        """As a command line says it."""
        words = [f"--input-range {self.range}"]
        if self.mean != (0.0,):
            words.append(f"--input-mean {_joined(self.mean)}")
        if self.std != (1.0,):
            words.append(f"--input-std {_joined(self.std)}")
        order = () if self.grey else (f"--channel-order {self.channel_order}",)
        return " ".join((*words, *order))

    @property
    def words(self) -> str:
        """For a person: ``0..255 mean 103.939,116.779,123.68 bgr``."""
        options = self.options.removeprefix("--input-range ")
        words = options.replace("--input-", "").replace("--channel-order ", "")
        return f"{words} grey" if self.grey else words

    @property
    def facts(self) -> dict[str, str]:
        """For the card."""
        facts = {"input_range": self.range, "channel_order": self.channel_order}
        if self.mean != (0.0,):
            facts["input_mean"] = _joined(self.mean)
        if self.std != (1.0,):
            facts["input_std"] = _joined(self.std)
        if self.grey:
            facts["input_colours"] = "grey"
        return facts

    @classmethod
    def of_facts(cls, facts: Any) -> "InputRule":
        """The rule that a card's ``facts`` tell; that of old cards too."""
        given = {
            name: tuple(float(x) for x in str(facts[f"input_{name}"]).split(","))
            for name in ("mean", "std")
            if f"input_{name}" in facts
        }
        grey = facts.get("input_colours") == "grey"
        word, order = str(facts["input_range"]), str(facts["channel_order"])
        return cls(word, order, **given, grey=grey)

    def adapt(self, real: Any) -> Any:
        """What the model expects for pixels / 255, in numpy or in TensorFlow."""
        if self.grey:
            real = sum(real[..., i : i + 1] * np.float32(LUMA[i]) for i in range(3))
        elif self.channel_order == "bgr":
            real = real[..., ::-1]
        if self.is_plain:
            return real
        return real * self.gain.astype(np.float32) + self.shift.astype(np.float32)


def _joined(numbers: Sequence[float]) -> str:
    return ",".join(f"{number:.9g}" for number in numbers)


def with_input_rule(nodes: Sequence[Node], rule: InputRule) -> tuple[Node, ...]:
    """The model as a function of pixels / 255 in the order red, green, blue."""
    entrance, *others = nodes
    added: list[Node] = []
    if rule.grey:
        added.append(_mixed("grey", entrance.name, np.array(LUMA)[:, None]))
    elif rule.channel_order == "bgr":
        added.append(_mixed("blue_first", entrance.name, np.eye(3)[::-1]))
    if not rule.is_plain:
        before = added[-1].name if added else entrance.name
        shape = (None, None, None, 1 if rule.grey else 3)
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


def _mixed(name: str, source: str, matrix: NDArray[np.float64]) -> Node:
    """Channels mixed by a 1x1 convolution; ``matrix`` has a row for each old one."""
    filters = matrix.shape[1]
    config = {
        "name": name, "filters": filters, "kernel_size": 1, "use_bias": True,
        "activation": "linear", "padding": "valid",
    }  # fmt: skip
    kernel = np.asarray(matrix, np.float32).reshape(1, 1, 3, filters)
    weights = (kernel, np.zeros(filters, np.float32))
    return Node(name, "Conv2D", (source,), config, weights)
