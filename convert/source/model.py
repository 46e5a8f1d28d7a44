"""The trained model that a conversion starts from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from convert.errors import ConversionError
from convert.graph.head import (
    LOGIT,
    LOGITS,
    Head,
    head_of_nodes,
    heads_of_operation,
    one_output,
    readings_of,
    with_one_sigmoid,
    without_reshaping,
)
from convert.graph.input_rule import InputRule, with_input_rule
from convert.graph.keras_to_nodes import input_shape_of, nodes_of
from convert.graph.nodes import Node
from convert.source.answers import answer_slots, picture_shape
from convert.source.frozen_graph import FrozenGraph, frozen_graph, range_in
from convert.source.loading import (
    SavedModel,
    build_model,
    custom_objects,
    load_model,
    sha256_of,
    training_record,
)
from convert.source.options import SourceOptions, network_name
from edge_runtime.model.answers import Question
from training.datasets.questions import questions_of
from training.fitting.batches import Inputs

_BATCH = 32

ASKED = "asked for by --input-range"
RECORDED = "the training record beside the model"
"""How a rule can be known, beside what a graph tells."""


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
        rule_found: how that is known, in words; empty where nothing tells it yet.
        heads: what it may give; one where that is known.
        slots: length of the vector of answers that it takes beside the picture; 0 where
            it takes none.
    """

    model: Any
    network: str
    size_px: int
    sha256: str
    training: Mapping[str, Any]
    rule: InputRule = field(default_factory=InputRule)
    rule_found: str = ""
    heads: tuple[Head, ...] = (Head(),)
    slots: int = 0

    @property
    def head(self) -> Head:
        """What it gives; the likeliest where photos still have to tell."""
        return self.heads[0]

    @property
    def is_open(self) -> bool:
        """Whether photos have to tell what it expects or gives."""
        return not self.rule_found or len(self.heads) > 1

    @property
    def questions(self) -> tuple[Question, ...]:
        """What it is to be told, in the order of the vector."""
        return questions_of(self.slots) if self.slots else ()

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
        return self._from_pixels(_parts(self.model))

    @cached_property
    def nodes_or_kept(self) -> tuple[Node, ...]:
        """The same, with layers that have no counterpart as they are.

        Raises:
            ConversionError: when it cannot be taken apart even so.
        """
        try:
            return self.nodes
        except ConversionError:
            return self._from_pixels(_parts(self.model, keep=True))

    def _from_pixels(self, nodes: Sequence[Node]) -> tuple[Node, ...]:
        return with_input_rule(with_one_sigmoid(nodes, self.head), self.rule)

    def scores(self, real: Inputs) -> NDArray[np.float64]:
        """Probabilities by the model itself.

        Args:
            real: pixels / 255; shape ``(n, size_px, size_px, 3)``; and answers, shape
                ``(n, slots)``, where it takes them.
        """
        picture, *answers = real if isinstance(real, list) else [real]
        given = [self.rule.adapt(picture), *answers]
        return self.head.probability(_outputs(self.model, given))

    def outputs(
        self, real: NDArray[np.float32], rule: InputRule
    ) -> NDArray[np.float32]:
        """What the model gives where pixels / 255 are fed by another rule."""
        return _outputs(self.model, [rule.adapt(real)])


def read_source(
    path: Path | None,
    *,
    rule: InputRule | None = None,
    channel_order: str | None = None,
    malignant_index: int | None = None,
    head: str | None = None,
    own_objects: Mapping[str, Any] | None = None,
    builder: tuple[str, Path] | None = None,
    trust_code: bool = False,
    image_size: int | None = None,
    malignant_classes: Sequence[str] = (),
    labels: Sequence[str] = (),
) -> Source:
    """Read a model of any format and the training record beside it.

    Args:
        path: of the model; None with a builder.
        rule: what it expects; read from its graph where None, and open where that
            does not tell.
        channel_order: where ``rule`` is None; red first unless told.
        malignant_index: see ``Head``; 1 unless told.
        head: one of ``HEAD_WORDS``, for outputs that do not tell what they are.
        own_objects: the user's own classes by name.
        builder: a function that builds the model, and the file of its weights.
        trust_code: whether code inside the file may run.
        image_size: side of the square for models that take any size.
        malignant_classes: of several classes: names in ``labels``, or positions.
        labels: names of the classes, in the order of the outputs.

    Raises:
        ConversionError: when this is no model from one square RGB picture to one
            probability.
    """
    if builder is not None:
        model, where = build_model(*builder), builder[1]
    elif path is not None:
        model, where = (
            load_model(path, own_objects or {}, trust_code=trust_code),
            path,
        )
    else:
        raise ValueError("a path or a builder is needed")
    size_px, channels = _picture_side(model, where, image_size)
    slots = answer_slots(model, where)
    units = _units(model, where, size_px, bool(malignant_classes))
    malignant = class_positions(malignant_classes, labels, units)
    training = training_record(where.with_name("training.json"))
    source = Source(
        model=model,
        network=str(training.get("network", network_name(str(model.name), where))),
        size_px=size_px,
        sha256=sha256_of(where),
        training=training,
        rule=replace(
            rule or InputRule(channel_order=channel_order or "rgb"), grey=channels == 1
        ),
        rule_found=ASKED if rule else "",
        slots=slots,
    )
    if slots:
        return replace(source, rule_found=source.rule_found or RECORDED)
    graph = frozen_graph(model, (1, size_px, size_px, channels))
    if graph is not None and (drawn := graph.random_operations):
        raise ConversionError(
            f"{where} draws random numbers for each photo ({drawn[0]}): its"
            " augmentation was exported as if for training, which Keras 3 does with"
            " layers of a nested model. Save the model itself,"
            " model.save('model.keras'), or export it without these layers."
        )
    index = 1 if malignant_index is None else malignant_index
    heads = _heads(source, graph, units, index, malignant)
    return replace(_with_range(source, graph), heads=_chosen(heads, head))


def source_for(settings: SourceOptions) -> Source:
    """Read the model that a command line names."""
    given = settings.input_range
    rule = None
    if given:
        rule = InputRule(
            given,
            settings.channel_order or "rgb",
            settings.input_mean or (0.0,),
            settings.input_std or (1.0,),
        )
    builder = (
        (settings.builder, settings.weights)
        if settings.builder and settings.weights
        else None
    )
    return read_source(
        settings.keras_model,
        rule=rule,
        channel_order=settings.channel_order,
        malignant_index=settings.malignant_index,
        head=settings.head,
        own_objects=custom_objects(settings.custom_object),
        builder=builder,
        trust_code=settings.trust_code,
        image_size=settings.image_size,
        malignant_classes=settings.malignant_classes,
        labels=settings.labels,
    )


def as_converted(source: Source, facts: Mapping[str, Any]) -> Source:
    """The source with the rule and the head that a card says it was converted with."""
    index = int(facts.get("malignant_index", source.head.malignant_index))
    head = replace(
        source.head,
        kind=str(facts.get("head", source.head.kind)),
        malignant_index=index,
    )
    rule = InputRule.of_facts(facts)
    return replace(source, rule=rule, rule_found="the file's card", heads=(head,))


def _parts(model: Any, *, keep: bool = False) -> tuple[Node, ...]:
    if isinstance(model, SavedModel):
        raise ConversionError(
            f"{model.name} is a SavedModel, which has no layers to fine-tune or to"
            " rewrite. Every recipe but qat_int8 converts it; for qat_int8 save the"
            " Keras model itself: model.save('model.keras')."
        )
    return without_reshaping(nodes_of(model, keep=keep))


def _with_range(source: Source, graph: FrozenGraph | None) -> Source:
    """The source with the range that its record or its graph tells, if one does."""
    if source.rule_found:
        return source
    if source.training.get("settings"):
        return replace(source, rule_found=RECORDED)
    read = range_in(graph) if graph is not None else None
    if read is None:
        return source
    rule = replace(source.rule, range=read.range)
    return replace(source, rule=rule, rule_found=f"read from the model: {read.through}")


def _heads(
    source: Source,
    graph: FrozenGraph | None,
    units: int,
    malignant_index: int,
    malignant: tuple[int, ...],
) -> tuple[Head, ...]:
    try:
        nodes = _parts(source.model)
    except ConversionError:
        # Drawn noise of all brightnesses; what it gives tells what it ends in.
        side = source.size_px
        noise = np.random.default_rng(0).random((16, side, side, 3))
        shown = (noise * np.linspace(0, 1, 16)[:, None, None, None]).astype(np.float32)
        given = np.concatenate(
            [
                source.outputs(shown, replace(source.rule, range=word))
                for word in ("0..1", "0..255")
            ]
        )
        operation = graph.output_operation if graph is not None else ""
        return heads_of_operation(operation, given, malignant_index, malignant)
    return readings_of(head_of_nodes(nodes, units, malignant_index, malignant))


def _chosen(heads: tuple[Head, ...], word: str | None) -> tuple[Head, ...]:
    """Those that ``--head`` leaves."""
    if word is None or len(heads) == 1:
        return heads
    logit = word == "logit"
    kept = tuple(each for each in heads if (each.kind in (LOGIT, LOGITS)) == logit)
    return kept or heads


def _outputs(model: Any, given: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    # Keras' models compile themselves for this; a SavedModel is compiled.
    run = getattr(model, "predict_on_batch", model)
    fixed = picture_shape(input_shape_of(model))[0]
    if fixed is not None:
        # A model of a fixed batch gets the last one filled up.
        length, missing = len(given[0]), -len(given[0]) % fixed
        given = [np.concatenate([x, *[x[:1]] * missing]) for x in given]
        return _outputs_in_parts(run, given, fixed)[:length]
    return _outputs_in_parts(run, given, _BATCH)


def _outputs_in_parts(
    run: Any, given: list[NDArray[np.float32]], batch: int
) -> NDArray[np.float32]:
    starts = range(0, len(given[0]), batch)
    parts = [[each[s : s + batch] for each in given] for s in starts]
    return np.concatenate(
        [
            np.asarray(one_output(run(part if len(part) > 1 else part[0])))
            for part in parts
        ]
    )


def class_positions(
    wanted: Sequence[str], labels: Sequence[str], units: int
) -> tuple[int, ...]:
    """Positions of classes that are named, or given as positions.

    Raises:
        ConversionError: when a name or a position is not there, or all are wanted.
    """
    if labels and len(labels) != units:
        raise ConversionError(
            f"--labels names {len(labels)} classes, but the model has {units}"
        )
    positions = []
    for word in wanted:
        if word in labels:
            positions.append(labels.index(word))
        elif word.isdecimal() and int(word) < units:
            positions.append(int(word))
        else:
            known = ", ".join(labels) or "not given; see --labels"
            raise ConversionError(
                f"--malignant-classes {word}: expected a position from 0 to {units - 1}"
                f" or one of the names in --labels ({known})"
            )
    if wanted and len({*positions}) == units:
        raise ConversionError("--malignant-classes names every class of the model")
    return tuple(sorted({*positions}))


def _picture_side(model: Any, path: Path, wanted: int | None) -> tuple[int, int]:
    """Side of the square in pixels, and number of channels."""
    shape = picture_shape(input_shape_of(model))
    if shape is None:
        raise ConversionError(
            f"{path} gives a model that was never called, so its input's shape is not"
            " known. Build it with keras.Input((size, size, 3))."
        )
    if not (isinstance(shape, tuple) and len(shape) == 4 and shape[3] in (1, 3)):
        raise ConversionError(
            f"{path} takes {shape}; expected RGB pictures, (None, size, size, 3), or"
            " grey ones, (None, size, size, 1)"
        )
    if shape[1:3] == (None, None):
        if wanted is None:
            raise ConversionError(
                f"{path} takes {shape}, pictures of any size. Say which side it was"
                " trained on, in pixels: --image-size 224"
            )
        return wanted, int(shape[3])
    if shape[1] is None or shape[1] != shape[2]:
        raise ConversionError(f"{path} takes {shape}; expected squares")
    if wanted not in (None, shape[1]):
        raise ConversionError(
            f"{path} takes pictures of {shape[1]} px, not of --image-size {wanted}"
        )
    return int(shape[1]), int(shape[3])


def _output_shape(model: Any, size_px: int) -> Any:
    """Of the one output, with None for the batch; a list of shapes where several."""
    try:
        shape = model.output_shape
    # A subclassed model does not know, or knows no more than a file that it came from.
    except (AttributeError, RuntimeError):
        shape = None
    if shape is None:
        channels = input_shape_of(model)[3]
        picture = np.zeros((1, size_px, size_px, channels), np.float32)
        shape = [tuple(each.shape) for each in tf.nest.flatten(model(picture))]
    if isinstance(shape, dict):
        shape = [*shape.values()]
    if isinstance(shape, list) and len(shape) == 1:
        (shape,) = shape
    # A fixed batch is no matter here.
    return (None, *shape[1:]) if isinstance(shape, tuple) else shape


def _units(model: Any, path: Path, size_px: int, several_allowed: bool) -> int:
    shape = _output_shape(model, size_px)
    if shape in [(None, 1), (None,)]:
        return 1
    if shape == (None, 2):
        return 2
    several = isinstance(shape, list)
    if several_allowed and not several and len(shape) == 2 and shape[1]:
        return int(shape[1])
    kind = (
        f"{len(shape)} outputs"
        if several
        else f"{shape[-1]} classes"
        if len(shape) == 2
        else f"outputs of shape {shape}"
    )
    raise ConversionError(
        f"{path} gives {shape}, that is {kind}; expected one probability, (None, 1), or"
        " two softmax units, (None, 2). Of several classes, name those that are"
        " malignant: --malignant-classes mel,bcc --labels FILE; or put such a head on"
        " it: keras.layers.Dense(1, activation='sigmoid')."
    )
