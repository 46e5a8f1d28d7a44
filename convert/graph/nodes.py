"""A model as a list of nodes that can be rewritten and built in tf_keras.

tfmot's quantisation-aware training takes tf_keras models only, and tf_keras cannot read
Keras 3 files. So a model is taken apart into nodes (what each layer is, its weights,
whose output it reads; ``taking_apart.py``), rewritten (``folding.py``) and put together
again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tf_keras
from numpy.typing import NDArray

from convert.errors import ConversionError
from convert.graph.custom_layers import (
    ChannelClamp,
    Elementwise,
    HardSwish,
    Kept,
    Normalised,
)


@dataclass(frozen=True)
class Node:
    """One layer.

    Attributes:
        name: of the layer, unique in the model.
        kind: class of the layer, such as ``"Conv2D"``; or one of ours:
            ``"ChannelClamp"``, ``"Elementwise"``, ``"HardSwish"``, ``"Normalised"``,
            ``"Kept"`` (a foreign layer as it is, see ``kept_layers.py``), and
            ``"Affine"``, that is ``weights[0] * x + weights[1]`` for every channel.
        inputs: names of the nodes it reads.
        config: options of the layer that mean something at inference.
        weights: as Keras lists them.
        rank: of the output with its batch axis: 4 for images, 2 for features.
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    config: Mapping[str, Any] = field(default_factory=dict)
    weights: tuple[NDArray[np.float32], ...] = ()
    rank: int = 4


def built(nodes: Sequence[Node], size_px: int) -> tf_keras.Model:
    """Put nodes together as a functional tf_keras model.

    Args:
        nodes: inputs first; the last one is the output.
        size_px: side of the square RGB input.
    """
    outputs: dict[str, Any] = {}
    inputs = None
    for node in nodes:
        if node.kind == "InputLayer":
            inputs = tf_keras.Input((size_px, size_px, 3), name=node.name)
            outputs[node.name] = inputs
            continue
        layer = _layer(node)
        sources = [outputs[name] for name in node.inputs]
        outputs[node.name] = layer(sources[0] if len(sources) == 1 else sources)
        layer.set_weights(list(node.weights))
    return tf_keras.Model(inputs, outputs[nodes[-1].name])


def consumers_of(nodes: Sequence[Node]) -> dict[str, list[Node]]:
    """For each node's name, the nodes that read it."""
    readers: dict[str, list[Node]] = {node.name: [] for node in nodes}
    for node in nodes:
        for name in node.inputs:
            readers[name].append(node)
    return readers


def _layer(node: Node) -> tf_keras.layers.Layer:
    if node.kind == "Normalised":
        return Normalised(name=node.name, **node.config)
    if node.kind == "Kept":
        return Kept(**node.config)
    if node.kind == "ChannelClamp":
        return ChannelClamp(name=node.name, **node.config)
    if node.kind == "Elementwise":
        return Elementwise(name=node.name, **node.config)
    if node.kind == "HardSwish":
        return HardSwish(name=node.name)
    try:
        return getattr(tf_keras.layers, node.kind).from_config(dict(node.config))
    except (TypeError, ValueError) as error:
        raise ConversionError(
            f"layer {node.name} ({node.kind}) has options that tf_keras does not know:"
            f" {error}"
        ) from error
