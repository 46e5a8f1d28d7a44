"""What a model's last layer gives, and the one probability it becomes.

Every converted file ends in one sigmoid unit. With z for the numbers before the last
activation that is the same function for all but one kind:

- one sigmoid unit or logit: sigmoid(z), or sigmoid(-z) where it stands for benign;
- two softmax units or logits a, b: b's share is sigmoid(b - a);
- two sigmoid units: the malignant one alone;
- several softmax units or logits: the sum of the malignant ones' shares, which no
  sigmoid gives, so that these files end in the sum;
- one tanh unit, trained on -1 and 1: (tanh(z) + 1) / 2 = sigmoid(2 z);
- one linear unit, trained on 0 and 1 by squared error: sigmoid(4 z - 2), which is z at
  one half, rises there as z does, and keeps the order of all scores beyond 0 and 1.
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
LINEAR, TANH = "one linear unit from 0 to 1", "one tanh unit"
SIGMOIDS = "two sigmoid units"
SHARES, SHARE_LOGITS = "softmax units of several classes", "logits of several classes"

# (units, activation of the last layer) -> kind.
_BY_ACTIVATION = {
    (1, "sigmoid"): PROBABILITY,
    (1, "linear"): LOGIT,
    (1, "tanh"): TANH,
    (2, "softmax"): SOFTMAX,
    (2, "linear"): LOGITS,
    (2, "sigmoid"): SIGMOIDS,
}
# Kinds of two units -> whether they are shares of one.
TWO_UNITS = (SOFTMAX, LOGITS, SIGMOIDS)
_WIDEST_LINEAR = (-0.75, 1.75)
"""Outputs of squared error on 0 and 1 stay within, but for one photo in fifty."""


@dataclass(frozen=True)
class Head:
    """How outputs become probabilities of malignancy.

    Attributes:
        kind: one of the constants above.
        malignant_index: which of two units is the malignant one; 0 for one unit that
            stands for benign.
        malignant: of several classes, the positions of the malignant ones.
    """

    kind: str = PROBABILITY
    malignant_index: int = 1
    malignant: tuple[int, ...] = ()

    @property
    def options(self) -> str:
        """As a command line asks for it, where that is not what it takes by itself."""
        words = " --malignant-index 0" * (self.malignant_index == 0)
        return words + {LINEAR: " --head probability", LOGIT: " --head logit"}.get(
            self.kind, ""
        )

    @property
    def reversed(self) -> "Head":
        """The same outputs with the classes exchanged."""
        return replace(self, malignant_index=1 - self.malignant_index)

    def probability(self, outputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """For each row of a model's outputs, shape ``(n, 1)`` or ``(n, 2)``."""
        values, index = np.asarray(outputs, np.float64), self.malignant_index
        if self.malignant:
            if self.kind == SHARE_LOGITS:
                odds = np.exp(values - values.max(1, keepdims=True))
                values = odds / odds.sum(1, keepdims=True)
            return np.asarray(values[:, list(self.malignant)].sum(1))
        if self.kind in (SOFTMAX, SIGMOIDS):
            return values[:, index]
        if self.kind == LOGITS:
            return _logistic(values[:, index] - values[:, 1 - index])
        single = values[:, 0]
        if self.kind in (LOGIT, LINEAR):
            single = _logistic(single if self.kind == LOGIT else 4 * single - 2)
        elif self.kind == TANH:
            single = (single + 1) / 2
        return single if index == 1 else 1 - single

    def in_graph(self, outputs: Any) -> Any:
        """The same in TensorFlow; shape ``(n, 1)``."""
        index = self.malignant_index
        if self.malignant:
            shares = tf.nn.softmax(outputs) if self.kind == SHARE_LOGITS else outputs
            parts = [shares[:, place : place + 1] for place in self.malignant]
            return tf.minimum(tf.add_n(parts), 1.0)
        if self.kind in TWO_UNITS:
            units = [outputs[:, place : place + 1] for place in (index, 1 - index)]
            return tf.sigmoid(units[0] - units[1]) if self.kind == LOGITS else units[0]
        sign = 1.0 if index == 1 else -1.0
        if self.kind == LOGIT:
            return tf.sigmoid(sign * outputs)
        if self.kind == LINEAR:
            return tf.sigmoid(sign * (4.0 * outputs - 2.0))
        single = (outputs + 1.0) / 2.0 if self.kind == TANH else outputs
        return single if index == 1 else 1.0 - single

    def fits(self, outputs: NDArray[np.float32]) -> bool:
        """Whether outputs can be of this kind at all."""
        if self.kind != LINEAR:
            return True
        low, high = _WIDEST_LINEAR
        return bool(((outputs < low) | (outputs > high)).mean() <= 0.02)

    @property
    def _before_sigmoid(self) -> tuple[NDArray[np.float64], float]:
        """Matrix and number: z @ matrix + number is what the one sigmoid gets."""
        if self.kind in TWO_UNITS:
            weights = np.zeros((2, 1))
            weights[self.malignant_index] = 1
            if self.kind != SIGMOIDS:
                weights[1 - self.malignant_index] = -1
            return weights, 0.0
        sign = 1.0 if self.malignant_index == 1 else -1.0
        factor, added = {LINEAR: (4.0, -2.0), TANH: (2.0, 0.0)}.get(
            self.kind, (1.0, 0.0)
        )
        return np.array([[sign * factor]]), sign * added


def one_output(outputs: Any) -> Any:
    """A model's one output, shape ``(n, units)``; also out of a dict or a list of one.

    Args:
        outputs: as a model gives them, in numpy or TensorFlow.
    """
    (only,) = tf.nest.flatten(outputs)
    return only[:, None] if len(only.shape) == 1 else only


def without_reshaping(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """Without a last layer that only takes the axis of one unit away, or adds one."""
    *others, last = nodes
    if last.kind in ("Flatten", "Reshape") and others and others[-1].rank == 2:
        return without_reshaping(others)
    return tuple(nodes)


def head_of_nodes(
    nodes: Sequence[Node],
    units: int,
    malignant_index: int,
    malignant: tuple[int, ...] = (),
) -> Head:
    """Recognise the last layer; arguments as for ``Head``.

    Raises:
        ConversionError: when its activation gives no probability.
    """
    last = nodes[-1]
    activation = last.config.get("activation", "linear")
    if last.kind == "Softmax":
        activation = "softmax"
    if malignant:
        kinds = {"softmax": SHARES, "linear": SHARE_LOGITS}
        if activation in kinds:
            return Head(kinds[str(activation)], malignant_index, malignant)
    found = _BY_ACTIVATION.get((units, str(activation)))
    if found is None:
        raise ConversionError(
            f"the last layer {last.name} has {units} unit{'s' * (units > 1)} and the"
            f" activation {activation}; expected one sigmoid unit, one logit, or two"
            f" softmax units.{_always_one(units, str(activation))}"
        )
    return Head(found, malignant_index)


def _always_one(units: int, activation: str) -> str:
    if (units, activation) != (1, "softmax"):
        return ""
    return (
        " A softmax over one unit is 1 for every photo, whatever was learnt: give it"
        " activation='sigmoid' and train again."
    )


def heads_of_operation(
    operation: str,
    outputs: NDArray[np.float32],
    malignant_index: int,
    malignant: tuple[int, ...] = (),
) -> tuple[Head, ...]:
    """What a model without layers may give, the likeliest first.

    Args:
        operation: TensorFlow's, that makes the output; see ``frozen_graph``.
        outputs: for some pictures; shape ``(n, 1)`` or ``(n, 2)``.
        malignant_index: see ``Head``.
        malignant: see ``Head``.
    """
    values = np.asarray(outputs, np.float64)
    units = values.shape[1]
    if malignant:
        shares = operation == "Softmax" or (
            values.min() >= 0 and np.abs(values.sum(1) - 1).max() < 1e-4
        )
        return (Head(SHARES if shares else SHARE_LOGITS, malignant_index, malignant),)
    told = {"Sigmoid": "sigmoid", "Softmax": "softmax", "Tanh": "tanh"}.get(operation)
    if operation in ("MatMul", "BiasAdd", "AddV2", "Add", "Mean", "Conv2D"):
        told = "linear"
    kind = _BY_ACTIVATION.get((units, told or ""))
    if kind is not None:
        return tuple(Head(each, malignant_index) for each in _readings(kind))
    inside = bool(((values >= 0) & (values <= 1)).all())
    kinds: tuple[str, ...]
    if units == 1:
        kinds = (PROBABILITY, LOGIT) if inside else (LOGIT, LINEAR)
    elif inside and np.abs(values.sum(1) - 1).max() < 1e-4:
        kinds = (SOFTMAX,)
    else:
        kinds = (SIGMOIDS, LOGITS) if inside else (LOGITS,)
    return tuple(Head(each, malignant_index) for each in kinds)


def readings_of(head: Head) -> tuple[Head, ...]:
    """Ways to read the outputs of a last layer that does not tell what they are."""
    return tuple(replace(head, kind=kind) for kind in _readings(head.kind))


def _readings(kind: str) -> tuple[str, ...]:
    # A linear unit is a logit, or was trained on 0 and 1 by squared error.
    return (LOGIT, LINEAR) if kind == LOGIT else (kind,)


def with_one_sigmoid(nodes: Sequence[Node], head: Head) -> tuple[Node, ...]:
    """The model with one sigmoid unit at its end."""
    if head == Head(PROBABILITY, 1):
        return tuple(nodes)
    if head.malignant:
        return _with_sum(nodes, head)
    matrix, added = head._before_sigmoid
    *others, last = nodes
    if last.kind in ("Softmax", "Activation"):
        *others, last = others
    elif last.kind == "Dense":
        last = replace(last, config={**last.config, "activation": "linear"})
    if last.kind == "Dense" and last.config.get("activation", "linear") == "linear":
        return (*others, _followed_by(last, matrix, added))
    config = {
        "name": "probability", "units": 1, "use_bias": True, "activation": "sigmoid",
    }  # fmt: skip
    weights = (matrix.astype(np.float32), np.array([added], np.float32))
    return (
        *others,
        last,
        Node("probability", "Dense", (last.name,), config, weights, 2),
    )


def _with_sum(nodes: Sequence[Node], head: Head) -> tuple[Node, ...]:
    """The model with the sum of the malignant classes' shares at its end."""
    added = list(nodes)
    if head.kind == SHARE_LOGITS:
        config: dict[str, Any] = {"name": "shares", "activation": "softmax"}
        last = added[-1].name
        added.append(Node("shares", "Activation", (last,), config, rank=2))
    units = _units_of(added)
    matrix = np.zeros((units, 1), np.float32)
    matrix[list(head.malignant)] = 1
    config = {
        "name": "malignant", "units": 1, "use_bias": False, "activation": "linear",
    }  # fmt: skip
    last = added[-1].name
    added.append(Node("malignant", "Dense", (last,), config, (matrix,), 2))
    # Rounded shares may add up to more than 1.
    limits = {"lower": [0.0], "upper": [1.0]}
    added.append(Node("probability", "ChannelClamp", ("malignant",), limits, rank=2))
    return tuple(added)


def _units_of(nodes: Sequence[Node]) -> int:
    """How many numbers the last layer with weights gives."""
    weighted = next(node for node in reversed(nodes) if node.weights)
    return int(weighted.weights[0].shape[-1])


def _followed_by(dense: Node, matrix: NDArray[np.float64], added: float) -> Node:
    """A linear dense layer, a product and a sum and a sigmoid as one layer."""
    kernel = dense.weights[0].astype(np.float64) @ matrix
    bias = dense.weights[1].astype(np.float64) @ matrix if dense.weights[1:] else 0.0
    summed = np.asarray(bias + np.full(1, added), np.float32)
    weights = (kernel.astype(np.float32), summed)
    config = {**dense.config, "units": 1, "activation": "sigmoid", "use_bias": True}
    return replace(dense, config=config, weights=weights)


def _logistic(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    # Beyond 700 the exponential has no number, and the result is 0 or 1 long before.
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -700, 700))))
