"""Numbers for each channel that follow no convolution.

Batch norms of ResNetV2 and NASNet, ``Rescaling``, ``Normalization`` and ``x + 3.0``
fold forward into the next convolution where that is exact, that is where it pads
nothing or nothing is added. Elsewhere a 1x1 depthwise convolution is the same function,
and one that quantises channel by channel.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from convert.graph.nodes import Node
from convert.graph.rewriting import Readers, Replacement

Vector = NDArray[np.float64]

# Layers batch norm can fold into; output channels are their kernel's last axis, or
# the last two of a depthwise one.
FOLDABLE = ("Conv2D", "DepthwiseConv2D", "Dense")


def role(node: Node) -> str:
    """``"norm"``, ``"relu"``, ``"conv"`` (anything linear with weights) or other."""
    if node.kind == "Affine":
        return "norm"
    if node.kind == "BatchNormalization":
        # Over channels, the last axis of an image.
        return "norm" if node.config["axis"] in (-1, 3) else "other"
    if node.kind == "ReLU" and node.config.get("max_value") is None:
        return "relu"
    if node.kind == "Activation" and node.config.get("activation") == "relu":
        return "relu"
    if node.kind in FOLDABLE and node.config.get("activation") == "linear":
        return "conv"
    return "other"


def gain_and_shift(norm: Node) -> tuple[Vector, Vector]:
    """What a node of role ``"norm"`` does: gain * x + shift, for each channel."""
    if norm.kind == "Affine":
        gain, shift = (array.astype(np.float64) for array in norm.weights)
        return gain, shift
    arrays = iter(np.asarray(array, np.float64) for array in norm.weights)
    gamma = next(arrays) if norm.config["scale"] else 1.0
    beta = next(arrays) if norm.config["center"] else 0.0
    mean, variance = arrays
    gain = gamma / np.sqrt(variance + norm.config["epsilon"])
    return gain, beta - gain * mean


def scaled(conv: Node, gain: Vector, shift: Vector) -> Node:
    """The convolution whose output is gain * (old output) + shift."""
    kernel = np.asarray(conv.weights[0], np.float64)
    bias = conv.weights[1].astype(np.float64) if conv.config["use_bias"] else 0.0
    by_channel = (
        gain.reshape(kernel.shape[-2:]) if conv.kind == "DepthwiseConv2D" else gain
    )
    return replace(
        conv,
        config={**conv.config, "use_bias": True},
        weights=(
            (kernel * by_channel).astype(np.float32),
            np.asarray(gain * bias + shift, np.float32),
        ),
    )


# Relative to the values it multiplies or is added to: below float32's resolution.
_NOTHING = 1e-7


def join_affine(chain: Sequence[Node], _readers: Readers) -> Replacement | None:
    """Two in a row become one; one that changes nothing goes."""
    if len(chain) < 2 or chain[0].kind != "Affine":
        return None
    second, first = chain[:2]
    gain, shift = gain_and_shift(second)
    if first.kind == "Affine":
        earlier_gain, earlier_shift = gain_and_shift(first)
        gain, shift = gain * earlier_gain, gain * earlier_shift + shift
        return [first, second], [_affine(second, first.inputs, gain, shift)]
    if np.abs(gain - 1).max() <= _NOTHING and np.abs(shift).max() <= _NOTHING:
        return [first, second], [first]
    return None


def fold_forward(chain: Sequence[Node], _readers: Readers) -> Replacement | None:
    """Into the convolution or dense layer that alone reads it."""
    conv, *before = chain
    if conv.kind not in ("Conv2D", "DepthwiseConv2D", "Dense"):
        return None
    if conv.config.get("groups", 1) != 1 or (conv.kind == "Dense" and conv.rank != 2):
        return None
    pads = []
    while before and before[0].kind == "ZeroPadding2D":
        pads.append(before.pop(0))
    if not before or role(before[0]) != "norm":
        return None
    norm = before[0]
    gain, shift = gain_and_shift(norm)
    padded = bool(pads) or conv.config.get("padding") == "same"
    if padded and np.abs(shift).max() > 0:
        return None
    if norm.rank != conv.rank:
        return None
    return _shortened(norm, pads[::-1], _reading_affine(conv, gain, shift))


def stand_alone(chain: Sequence[Node], _readers: Readers) -> Replacement | None:
    """As a 1x1 depthwise convolution."""
    norm = chain[0]
    if role(norm) != "norm":
        return None
    gain, shift = gain_and_shift(norm)
    channels = gain.size
    config = {
        "name": norm.name, "kernel_size": 1, "use_bias": True, "activation": "linear",
        "padding": "valid", "strides": 1,
    }  # fmt: skip
    weights = (
        gain.reshape(1, 1, channels, 1).astype(np.float32),
        shift.astype(np.float32),
    )
    conv = Node(norm.name, "DepthwiseConv2D", norm.inputs, config, weights)
    if norm.rank == 4:
        return [norm], [conv]
    image, result = f"{norm.name}_image", f"{norm.name}_depthwise"
    return [norm], [
        _reshape(image, norm.inputs, (1, 1, channels), 4),
        replace(conv, name=result, inputs=(image,), config=config | {"name": result}),
        _reshape(norm.name, (result,), (channels,), 2),
    ]


def with_hard_swish(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """X * relu6(x + 3) / 6, as tf_keras' MobileNetV3 spells it, as one node each."""
    by_name = {node.name: node for node in nodes}
    found = {
        node.name: replace(node, kind="HardSwish", inputs=node.inputs[:1], config={})
        for node in nodes
        if node.kind == "Multiply" and _is_hard_swish(node, by_name)
    }
    nodes = [found.get(node.name, node) for node in nodes]
    read = {name for node in nodes for name in node.inputs} | {nodes[-1].name}
    # What is left of the branches ends nowhere, the last part first.
    for _ in range(3):
        nodes = [node for node in nodes if node.name in read]
        read = {name for node in nodes for name in node.inputs} | {nodes[-1].name}
    return tuple(nodes)


def _is_hard_swish(product: Node, by_name: Mapping[str, Node]) -> bool:
    if len(product.inputs) != 2:
        return False
    values, branch = product.inputs
    steps: list[Node] = []
    while branch != values and len(steps) < 3 and len(by_name[branch].inputs) == 1:
        steps.append(by_name[branch])
        branch = steps[-1].inputs[0]
    if branch != values or [step.kind for step in steps] != [
        "Affine",
        "ReLU",
        "Affine",
    ]:
        return False
    sixth, relu, added = steps
    return (
        relu.config.get("max_value") == 6.0
        and np.allclose(sixth.weights[0], 1 / 6)
        and not sixth.weights[1].any()
        and bool(np.all(added.weights[0] == 1))
        and bool(np.all(added.weights[1] == 3))
    )


def _shortened(norm: Node, pads: Sequence[Node], conv: Node) -> Replacement:
    kept = [*pads, conv]
    first = replace(kept[0], inputs=norm.inputs)
    return [norm, *pads, conv], [first, *kept[1:]]


def _reading_affine(conv: Node, gain: Vector, shift: Vector) -> Node:
    """The layer that gives for x what ``conv`` gives for gain * x + shift."""
    kernel = np.asarray(conv.weights[0], np.float64)
    scaled_kernel = kernel * gain[:, None]
    # Sums over the kernel's area and, where channels are mixed, over the channels.
    added = kernel * shift[:, None]
    if conv.kind == "DepthwiseConv2D":
        added = added.sum((0, 1)).ravel()
    else:
        added = added.reshape(-1, kernel.shape[-1]).sum(0)
    bias = conv.weights[1] if conv.config["use_bias"] else 0.0
    return replace(
        conv,
        config={**conv.config, "use_bias": True},
        weights=(
            scaled_kernel.astype(np.float32),
            np.asarray(added + bias, np.float32),
        ),
    )


def _affine(node: Node, inputs: tuple[str, ...], gain: Vector, shift: Vector) -> Node:
    weights = (gain.astype(np.float32), shift.astype(np.float32))
    return replace(node, kind="Affine", inputs=inputs, weights=weights)


def _reshape(
    name: str, inputs: tuple[str, ...], shape: tuple[int, ...], rank: int
) -> Node:
    config = {"name": name, "target_shape": shape}
    return Node(name, "Reshape", inputs, config, rank=rank)
