r"""Batch normalisation folded into convolutions, exactly.

With g = gamma / sqrt(variance + epsilon) and b = beta - g * mean, batch norm is
g * x + b. Behind a convolution z it folds into kernel and bias: c = g * z + b. In the
order conv, relu, batch norm, relu it folds too, since per channel

    relu(g * relu(z) + b) = clamp(c, lo, hi)

    ======  ======  =======  =======
    g       b       lo       hi
    ======  ======  =======  =======
    > 0     <= 0    0        inf
    > 0     > 0     b        inf
    < 0     > 0     0        b
    < 0     <= 0    0        0
    0       any     relu(b)  relu(b)
    ======  ======  =======  =======

No limit is negative, so the convolution keeps its fused ReLU, which spends no int8 step
on values that the clamp would raise. Where all channels have the limits 0 and inf that
is all; elsewhere a clamp follows. It never decreases, so it commutes with max pooling
and is put behind the pool, on a quarter of the data.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from convert.graph import Node, consumers_of

Vector = NDArray[np.float64]
Readers = Mapping[str, Sequence[Node]]
# A chain of nodes, first to last, and what takes its place.
Replacement = tuple[Sequence[Node], Sequence[Node]]
Rewrite = Callable[[Sequence[Node], Readers], Replacement | None]

# Layers batch norm can fold into; output channels are their kernel's last axis, or
# the last two of a depthwise one.
_FOLDABLE = ("Conv2D", "DepthwiseConv2D", "Dense")


def folded(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """The same function without dropout and the batch norms behind convolutions.

    Dropout does nothing at inference; left in, it would disturb fine-tuning towards
    the float model's scores and widen the ranges found there.
    """
    nodes = _without_dropout(nodes)
    for rewrite in (_fold_between_relus, _fold_direct, _fuse_relu):
        changed = True
        while changed:
            nodes, changed = _rewritten_once(nodes, rewrite)
    return tuple(nodes)


def limits(gain: Vector, shift: Vector) -> tuple[Vector, Vector]:
    """Clamp limits of the module docstring's table; each of shape ``(channels,)``."""
    positive, negative = gain > 0, gain < 0
    floor = shift.clip(min=0)
    lower = np.where(negative, 0.0, floor)
    upper = np.where(positive, np.inf, floor)
    return lower, upper


def _without_dropout(nodes: Sequence[Node]) -> tuple[Node, ...]:
    source = {node.name: node.name for node in nodes}
    kept = []
    for node in nodes:
        inputs = tuple(source[name] for name in node.inputs)
        if node.kind == "Dropout":
            source[node.name] = inputs[0]
        else:
            kept.append(replace(node, inputs=inputs))
    return tuple(kept)


def _rewritten_once(
    nodes: Sequence[Node], rewrite: Rewrite
) -> tuple[Sequence[Node], bool]:
    readers = consumers_of(nodes)
    by_name = {node.name: node for node in nodes}
    for node in nodes:
        chain = _chain_to(node, by_name, readers)
        replacement = rewrite(chain, readers)
        if replacement is not None:
            return _replaced(nodes, *replacement), True
    return nodes, False


def _chain_to(node: Node, by_name: Mapping[str, Node], readers: Readers) -> list[Node]:
    """``node`` and what leads to it, nearest first, while nobody else reads it."""
    chain = [node]
    while len(node.inputs) == 1:
        node = by_name[node.inputs[0]]
        if len(readers[node.name]) != 1:
            break
        chain.append(node)
    return chain


def _replaced(
    nodes: Sequence[Node], old: Sequence[Node], new: Sequence[Node]
) -> tuple[Node, ...]:
    """``old``, a chain in order, replaced by ``new``; readers follow the last one."""
    gone = {node.name for node in old}
    result: list[Node] = []
    for node in nodes:
        if node.name == old[0].name:
            result.extend(new)
        if node.name in gone:
            continue
        inputs = tuple(
            new[-1].name if name == old[-1].name else name for name in node.inputs
        )
        result.append(replace(node, inputs=inputs))
    return tuple(result)


def _fold_between_relus(chain: Sequence[Node], readers: Readers) -> Replacement | None:
    kinds = [_role(node) for node in chain[:4]]
    if kinds != ["relu", "norm", "relu", "conv"]:
        return None
    relu, norm, first_relu, conv = chain[:4]
    gain, shift = _gain_and_shift(norm)
    scaled = _scaled(conv, gain, shift)
    lower, upper = limits(gain, shift)
    fused = replace(scaled, config={**scaled.config, "activation": "relu"})
    old, new = [conv, first_relu, norm, relu], [fused]
    if not lower.any() and np.isinf(upper).all():
        return old, new
    pools = readers[relu.name]
    if len(pools) == 1 and pools[0].kind == "MaxPooling2D":
        old.append(pools[0])
        new.append(replace(pools[0], inputs=(conv.name,)))
    new.append(_clamp(relu.name, new[-1].name, lower, upper))
    return old, new


def _fold_direct(chain: Sequence[Node], _readers: Readers) -> Replacement | None:
    if [_role(node) for node in chain[:2]] != ["norm", "conv"]:
        return None
    norm, conv = chain[:2]
    return [conv, norm], [_scaled(conv, *_gain_and_shift(norm))]


def _fuse_relu(chain: Sequence[Node], _readers: Readers) -> Replacement | None:
    if [_role(node) for node in chain[:2]] != ["relu", "conv"]:
        return None
    relu, conv = chain[:2]
    if relu.kind == "ReLU" and relu.config.get("max_value") is not None:
        return None
    fused = replace(conv, config={**conv.config, "activation": "relu"})
    return [conv, relu], [fused]


def _role(node: Node) -> str:
    if node.kind == "BatchNormalization":
        # Over channels, the last axis of an image.
        return "norm" if node.config["axis"] in (-1, 3) else "other"
    if node.kind == "ReLU" and node.config.get("max_value") is None:
        return "relu"
    if node.kind == "Activation" and node.config.get("activation") == "relu":
        return "relu"
    if node.kind in _FOLDABLE and node.config.get("activation") == "linear":
        return "conv"
    return "other"


def _gain_and_shift(norm: Node) -> tuple[Vector, Vector]:
    arrays = iter(np.asarray(array, np.float64) for array in norm.weights)
    gamma = next(arrays) if norm.config["scale"] else 1.0
    beta = next(arrays) if norm.config["center"] else 0.0
    mean, variance = arrays
    gain = gamma / np.sqrt(variance + norm.config["epsilon"])
    return gain, beta - gain * mean


def _scaled(conv: Node, gain: Vector, shift: Vector) -> Node:
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


def _clamp(name: str, source: str, lower: Vector, upper: Vector) -> Node:
    # A huge number instead of infinity: constants have to be quantisable.
    finite = np.isfinite(upper)
    config = {
        "lower": lower.tolist(),
        "upper": (np.where(finite, upper, 1e9).tolist() if finite.any() else None),
    }
    return Node(name, "ChannelClamp", (source,), config)
