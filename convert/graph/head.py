"""What a model's last layer gives, and the one probability it becomes.

Every converted file ends in one sigmoid unit. Two softmax units a, b are the same
function: b's share is sigmoid(b - a).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from convert.errors import ConversionError
from convert.graph.nodes import Node

PROBABILITY, LOGIT = "one probability", "one logit"
SOFTMAX, LOGITS = "two softmax units", "two logits"


@dataclass(frozen=True)
class Head:
    """How outputs become probabilities of malignancy.

    Attributes:
        kind: one of the four constants above.
        malignant_index: which of two units is the malignant one.
    """

    kind: str = PROBABILITY
    malignant_index: int = 1

    def probability(self, outputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """For each row of a model's outputs, shape ``(n, 1)`` or ``(n, 2)``."""
        values = np.asarray(outputs, np.float64)
        if self.kind == PROBABILITY:
            return values[:, 0]
        if self.kind == SOFTMAX:
            return values[:, self.malignant_index]
        if self.kind == LOGIT:
            logit = values[:, 0]
        else:
            logit = (
                values[:, self.malignant_index] - values[:, 1 - self.malignant_index]
            )
        return 1 / (1 + np.exp(-logit))

    def in_graph(self, outputs: Any) -> Any:
        """The same in TensorFlow; shape ``(n, 1)``."""
        index = self.malignant_index
        if self.kind == PROBABILITY:
            return outputs
        if self.kind == SOFTMAX:
            return outputs[:, index : index + 1]
        if self.kind == LOGIT:
            return tf.sigmoid(outputs)
        other = 1 - index
        return tf.sigmoid(outputs[:, index : index + 1] - outputs[:, other : other + 1])


def head_of_nodes(nodes: Sequence[Node], units: int, malignant_index: int) -> Head:
    """Recognise the last layer.

    Raises:
        ConversionError: when its activation gives no probability.
    """
    last = nodes[-1]
    activation = last.config.get("activation", "linear")
    if last.kind == "Softmax":
        activation = "softmax"
    found = {
        (1, "sigmoid"): PROBABILITY,
        (1, "linear"): LOGIT,
        (2, "softmax"): SOFTMAX,
        (2, "linear"): LOGITS,
    }.get((units, str(activation)))
    if found is None:
        raise ConversionError(
            f"the last layer {last.name} has {units} unit{'s' * (units > 1)} and the"
            f" activation {activation}; expected one sigmoid unit, one logit, or two"
            " softmax units"
        )
    return Head(found, malignant_index)


def head_of_outputs(outputs: NDArray[np.float32], malignant_index: int) -> Head:
    """Recognise what a model without layers gives, from some of its outputs."""
    values = np.asarray(outputs, np.float64)
    inside = bool(((values >= 0) & (values <= 1)).all())
    if values.shape[1] == 1:
        return Head(PROBABILITY if inside else LOGIT, malignant_index)
    shares = inside and bool(np.abs(values.sum(1) - 1).max() < 1e-4)
    return Head(SOFTMAX if shares else LOGITS, malignant_index)


def with_one_sigmoid(nodes: Sequence[Node], head: Head) -> tuple[Node, ...]:
    """The model with one sigmoid unit at its end."""
    *others, last = nodes
    if head.kind == PROBABILITY:
        return tuple(nodes)
    if head.kind == LOGIT:
        if last.kind == "Dense":
            return (
                *others,
                replace(last, config={**last.config, "activation": "sigmoid"}),
            )
        return (*nodes, _sigmoid("probability", last.name, last.rank))
    if last.kind in ("Softmax", "Activation"):
        *others, last = others
    sign = (
        np.array([[-1.0], [1.0]])
        if head.malignant_index == 1
        else np.array([[1.0], [-1.0]])
    )
    if last.kind == "Dense" and (not others or others[-1].name in last.inputs):
        kernel = last.weights[0].astype(np.float64) @ sign
        bias = [array.astype(np.float64) @ sign for array in last.weights[1:]]
        weights = tuple(array.astype(np.float32) for array in (kernel, *bias))
        config = {**last.config, "units": 1, "activation": "sigmoid"}
        return (*others, replace(last, config=config, weights=weights))
    config = {
        "name": "probability", "units": 1, "use_bias": False, "activation": "sigmoid",
    }  # fmt: skip
    difference = Node(
        "probability", "Dense", (last.name,), config, (sign.astype(np.float32),), 2
    )
    return (*others, last, difference)


def _sigmoid(name: str, source: str, rank: int) -> Node:
    config = {"name": name, "activation": "sigmoid"}
    return Node(name, "Activation", (source,), config, rank=rank)
