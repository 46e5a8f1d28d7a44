"""Batch norms, and other numbers for each channel, as gain and shift."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from convert.graph.nodes import Node

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
