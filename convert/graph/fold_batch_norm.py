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

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from convert.graph.affine import (
    Vector,
    fold_forward,
    gain_and_shift,
    join_affine,
    role,
    scaled,
    stand_alone,
    with_hard_swish,
)
from convert.graph.nodes import Node
from convert.graph.rewriting import Readers, Replacement, rewritten


def folded(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """The same function without dropout and the batch norms behind convolutions.

    Dropout does nothing at inference; left in, it would disturb fine-tuning towards
    the float model's scores and widen the ranges found there.
    """
    nodes = with_hard_swish(_without_dropout(nodes))
    for rewrite in (
        join_affine,
        _fold_between_relus,
        _fold_direct,
        fold_forward,
        stand_alone,
        _fuse_relu,
    ):
        nodes = rewritten(nodes, rewrite)
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


def _fold_between_relus(chain: Sequence[Node], readers: Readers) -> Replacement | None:
    kinds = [role(node) for node in chain[:4]]
    if kinds != ["relu", "norm", "relu", "conv"]:
        return None
    relu, norm, first_relu, conv = chain[:4]
    gain, shift = gain_and_shift(norm)
    folded_conv = scaled(conv, gain, shift)
    lower, upper = limits(gain, shift)
    fused = replace(folded_conv, config={**folded_conv.config, "activation": "relu"})
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
    if [role(node) for node in chain[:2]] != ["norm", "conv"]:
        return None
    norm, conv = chain[:2]
    return [conv, norm], [scaled(conv, *gain_and_shift(norm))]


def _fuse_relu(chain: Sequence[Node], _readers: Readers) -> Replacement | None:
    if [role(node) for node in chain[:2]] != ["relu", "conv"]:
        return None
    relu, conv = chain[:2]
    if relu.kind == "ReLU" and relu.config.get("max_value") is not None:
        return None
    fused = replace(conv, config={**conv.config, "activation": "relu"})
    return [conv, relu], [fused]


def _clamp(name: str, source: str, lower: Vector, upper: Vector) -> Node:
    # A huge number instead of infinity: constants have to be quantisable.
    finite = np.isfinite(upper)
    config = {
        "lower": lower.tolist(),
        "upper": (np.where(finite, upper, 1e9).tolist() if finite.any() else None),
    }
    return Node(name, "ChannelClamp", (source,), config)
