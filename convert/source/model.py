"""The trained model that a conversion starts from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.errors import ConversionError
from convert.graph.head import Head, head_of_nodes, head_of_outputs, with_one_sigmoid
from convert.graph.input_rule import InputRule, default_range, with_input_rule
from convert.graph.keras_to_nodes import input_shape_of, nodes_of
from convert.graph.nodes import Node
from convert.source.answers import answer_slots, picture_shape
from convert.source.loading import (
    SavedModel,
    build_model,
    custom_objects,
    load_model,
    sha256_of,
    training_record,
)
from convert.source.options import SourceOptions
from edge_runtime.model.answers import Question
from training.datasets.questions import QUESTIONS
from training.fitting.batches import Inputs

# Names that Keras gives to models nobody named.
_UNNAMED = ("functional", "sequential", "model")
_BATCH = 32


@dataclass(frozen=True)
class Source:
    """A model and what is known of it.

    Attributes:
        model: of Keras 3 or tf_keras, or a ``SavedModel``; from pictures as ``rule``
            says to outputs as ``head`` says.
        network: its name.
        size_px: side of its square input.
        sha256: of the file.
        training: the ``training.json`` beside it; empty where there is none.
        rule: what it expects at its input.
        head: what it gives.
        slots: length of the vector of answers that it takes beside the picture; 0 where
            it takes none.
    """

    model: Any
    network: str
    size_px: int
    sha256: str
    training: Mapping[str, Any]
    rule: InputRule = field(default_factory=InputRule)
    head: Head = field(default_factory=Head)
    slots: int = 0

    @property
    def questions(self) -> tuple[Question, ...]:
        """What it is to be told, in the order of the vector."""
        return QUESTIONS if self.slots else ()

    @property
    def settings(self) -> Mapping[str, Any]:
        """Options of the training run, by name."""
        settings: Mapping[str, Any] = self.training.get("settings", {})
        return settings

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """The model as nodes from pixels / 255 to one sigmoid unit.

        Raises:
            ConversionError: when it cannot be taken apart.
        """
        nodes = with_one_sigmoid(_parts(self.model), self.head)
        return with_input_rule(nodes, self.rule)

    def scores(self, real: Inputs) -> NDArray[np.float64]:
        """Probabilities by the model itself.

        Args:
            real: pixels / 255; shape ``(n, size_px, size_px, 3)``; and answers, shape
                ``(n, slots)``, where it takes them.
        """
        picture, *answers = real if isinstance(real, list) else [real]
        given = [self.rule.adapt(picture), *answers]
        return self.head.probability(_outputs(self.model, given))


def read_source(
    path: Path | None,
    *,
    rule: InputRule | None = None,
    channel_order: str = "rgb",
    malignant_index: int = 1,
    own_objects: Mapping[str, Any] | None = None,
    builder: tuple[str, Path] | None = None,
) -> Source:
    """Read a model of any format and the training record beside it.

    Args:
        path: of the model; None with a builder.
        rule: what it expects; found by its first layer where None.
        channel_order: where ``rule`` is None.
        malignant_index: of two units.
        own_objects: the user's own classes by name.
        builder: a function that builds the model, and the file of its weights.

    Raises:
        ConversionError: when this is no model from one square RGB picture to one
            probability.
    """
    if builder is not None:
        model, where = build_model(*builder), builder[1]
    elif path is not None:
        model, where = load_model(path, own_objects or {}), path
    else:
        raise ValueError("a path or a builder is needed")
    size_px, slots = _picture_side(model, where), answer_slots(model, where)
    units = _units(model, where)
    rule = rule or InputRule(default_range(model), channel_order)
    training = training_record(where.with_name("training.json"))
    return Source(
        model=model,
        network=str(training.get("network", _name(model, where))),
        size_px=size_px,
        sha256=sha256_of(where),
        training=training,
        rule=rule,
        head=Head() if slots else _head(model, units, size_px, rule, malignant_index),
        slots=slots,
    )


def source_for(settings: SourceOptions) -> Source:
    """Read the model that a command line names."""
    given = settings.input_range
    builder = (
        (settings.builder, settings.weights)
        if settings.builder and settings.weights
        else None
    )
    return read_source(
        settings.keras_model,
        rule=InputRule(given, settings.channel_order) if given else None,
        channel_order=settings.channel_order,
        malignant_index=settings.malignant_index,
        own_objects=custom_objects(settings.custom_object),
        builder=builder,
    )


def _parts(model: Any) -> tuple[Node, ...]:
    if isinstance(model, SavedModel):
        raise ConversionError(
            f"{model.name} is a SavedModel, which has no layers to fine-tune or to"
            " rewrite. Every recipe but qat_int8 converts it; for qat_int8 save the"
            " Keras model itself: model.save('model.keras')."
        )
    return nodes_of(model)


def _head(
    model: Any, units: int, size_px: int, rule: InputRule, malignant_index: int
) -> Head:
    try:
        nodes = _parts(model)
    except ConversionError:
        # Drawn noise of all brightnesses; what it gives tells what it ends in.
        noise = np.random.default_rng(0).random((16, size_px, size_px, 3))
        given = rule.adapt(
            (noise * np.linspace(0, 1, 16)[:, None, None, None]).astype(np.float32)
        )
        return head_of_outputs(_outputs(model, [given]), malignant_index)
    return head_of_nodes(nodes, units, malignant_index)


def _outputs(model: Any, given: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    # Keras' models compile themselves for this; a SavedModel is compiled.
    run = getattr(model, "predict_on_batch", model)
    starts = range(0, len(given[0]), _BATCH)
    parts = [[each[s : s + _BATCH] for each in given] for s in starts]
    return np.concatenate(
        [np.asarray(run(part if len(part) > 1 else part[0])) for part in parts]
    )


def _picture_side(model: Any, path: Path) -> int:
    shape = picture_shape(input_shape_of(model))
    if shape is None:
        raise ConversionError(
            f"{path} gives a model that was never called, so its input's shape is not"
            " known. Build it with keras.Input((size, size, 3))."
        )
    if not (isinstance(shape, tuple) and len(shape) == 4 and shape[3] == 3):
        raise ConversionError(
            f"{path} takes {shape}; expected RGB pictures, (None, size, size, 3)"
        )
    if shape[1] is None or shape[1] != shape[2]:
        raise ConversionError(f"{path} takes {shape}; expected squares of a fixed size")
    return int(shape[1])


def _units(model: Any, path: Path) -> int:
    try:
        shape = model.output_shape
    # A subclassed model does not know, or knows no more than a file that it came from.
    except (AttributeError, RuntimeError):
        shape = None
    if shape is None:
        picture = np.zeros((1, *input_shape_of(model)[1:]), np.float32)
        shape = tuple(np.asarray(model(picture)).shape)
    if shape in [(None, 1), (1, 1)]:
        return 1
    if shape in [(None, 2), (1, 2)]:
        return 2
    several = isinstance(shape, (list, dict))
    kind = (
        f"{len(shape)} outputs"
        if several
        else f"{shape[-1]} classes"
        if len(shape) == 2
        else f"outputs of shape {shape}"
    )
    raise ConversionError(
        f"{path} gives {shape}, that is {kind}; expected one probability, (None, 1), or"
        " two softmax units, (None, 2). Put such a head on it:"
        " keras.layers.Dense(1, activation='sigmoid')."
    )


def _name(model: Any, path: Path) -> str:
    name = str(model.name)
    if name.rstrip("0123456789_") in _UNNAMED:
        name = path.name.removesuffix(path.suffix).removesuffix(".weights")
    return "".join(c if c.isalnum() or c in "-_" else "_" for c in name)
