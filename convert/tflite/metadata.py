"""TFLite metadata: what other people's tools want to know about a model.

Android Studio, Task Library and MediaPipe read a second FlatBuffer, stored inside the
model under the name ``TFLITE_METADATA``. Its layout is public (metadata_schema.fbs,
https://github.com/tensorflow/tflite-support); the slot numbers below follow the order
of its fields. Our own runtime reads the card instead.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import flatbuffers

from convert.tflite.buffers import buffer_named, with_buffer
from convert.tflite.editing import OpenGraph

BUFFER_NAME = "TFLITE_METADATA"
FILE_IDENTIFIER = b"M001"
# Everything written here belongs to version 1.0.0 of the schema.
MIN_PARSER_VERSION = "1.0.0"

_TENSOR_AXIS_LABELS = 2  # AssociatedFileType
_RGB = 1  # ColorSpaceType
_FEATURE_PROPERTIES, _IMAGE_PROPERTIES = 1, 2  # ContentProperties
_NORMALIZATION_OPTIONS = 1  # ProcessUnitOptions


@dataclass(frozen=True)
class Description:
    """What is told to other people's tools.

    Attributes:
        name: of the model, ``NETWORK.RECIPE``.
        description: one sentence for people, with the notice of what it is not.
        version: of the toolkit that made the file.
        author: who made it.
        licence: terms of the weights.
        size_px: side of the square input image.
        mean: real input = (pixel - mean) / std, with pixels from 0 to 255.
        std: see ``mean``.
        decided_by: what tells malignant from other; ``"the top class"`` of two, or
            ``"the card's threshold"``.
        labels_file: the file in the appended zip that names the outputs.
        answers_at: place of the answers about the lesion among the inputs; None where
            the photo is all.
    """

    name: str
    description: str
    version: str
    author: str
    licence: str
    size_px: int
    mean: float
    std: float
    decided_by: str = "the card's threshold"
    labels_file: str = "labels.txt"
    answers_at: int | None = None


def with_metadata(model: bytes, description: Description) -> bytes:
    """``model`` with ``description`` inside; its weights and graph stay as they are.

    Raises:
        ConversionError: if ``model`` is not a TFLite model.
    """
    return with_buffer(model, BUFFER_NAME, _packed(description))


def metadata_buffer(model: bytes) -> bytes | None:
    """The ``ModelMetadata`` FlatBuffer inside ``model``; None if it has none.

    Raises:
        ConversionError: if ``model`` is not a TFLite model.
    """
    return buffer_named(model, BUFFER_NAME)


def _packed(description: Description) -> bytes:
    """``ModelMetadata``, the root table."""
    builder = flatbuffers.Builder(1024)
    subgraph = _table(  # SubGraphMetadata
        builder,
        slots=7,
        references={
            2: _vector(builder, _input_tensors(builder, description)),
            3: _vector(builder, [_output_tensor(builder, description)]),
        },
    )
    root = _table(
        builder,
        slots=8,
        references={
            0: builder.CreateString(description.name),
            1: builder.CreateString(description.description),
            2: builder.CreateString(description.version),
            3: _vector(builder, [subgraph]),
            4: builder.CreateString(description.author),
            5: builder.CreateString(description.licence),
            7: builder.CreateString(MIN_PARSER_VERSION),
        },
    )
    builder.Finish(root, file_identifier=FILE_IDENTIFIER)
    return bytes(builder.Output())


def _input_tensors(builder: flatbuffers.Builder, description: Description) -> list[int]:
    tensors = [_input_tensor(builder, description)]
    if description.answers_at is not None:
        tensors.insert(description.answers_at, _answers_tensor(builder))
    return tensors


def _answers_tensor(builder: flatbuffers.Builder) -> int:
    """``TensorMetadata`` of the answers."""
    text = "Answers about the lesion, encoded as the card says."
    return _table(
        builder,
        slots=7,
        references={
            0: builder.CreateString("answers"),
            1: builder.CreateString(text),
            3: _content(builder, _FEATURE_PROPERTIES, _table(builder, slots=0)),
        },
    )


def _input_tensor(builder: flatbuffers.Builder, description: Description) -> int:
    """``TensorMetadata`` of the photo."""
    size_px = description.size_px
    normalisation = _table(
        builder,
        slots=2,
        references={
            0: _floats(builder, [description.mean]),
            1: _floats(builder, [description.std]),
        },
    )
    step = _table(  # ProcessUnit, a union: its type, then its table
        builder,
        slots=2,
        small={0: _NORMALIZATION_OPTIONS},
        references={1: normalisation},
    )
    image_size = _table(builder, slots=2, large={0: size_px, 1: size_px})
    image = _table(builder, slots=2, small={0: _RGB}, references={1: image_size})
    text = f"RGB photo of a skin lesion, centre square, {size_px} x {size_px} pixels."
    return _table(
        builder,
        slots=7,
        references={
            0: builder.CreateString("photo"),
            1: builder.CreateString(text),
            3: _content(builder, _IMAGE_PROPERTIES, image),
            4: _vector(builder, [step]),
            5: _range(builder, description),
        },
    )


def _range(builder: flatbuffers.Builder, description: Description) -> int:
    """``Stats``: largest and smallest real input, those of pixels 255 and 0."""
    largest = (255 - description.mean) / description.std
    smallest = (0 - description.mean) / description.std
    return _table(
        builder,
        slots=2,
        references={0: _floats(builder, [largest]), 1: _floats(builder, [smallest])},
    )


def _output_tensor(builder: flatbuffers.Builder, description: Description) -> int:
    """``TensorMetadata`` of the score."""
    labels = _table(  # AssociatedFile
        builder,
        slots=4,
        small={2: _TENSOR_AXIS_LABELS},
        references={
            0: builder.CreateString(description.labels_file),
            1: builder.CreateString("What the outputs stand for, in their order."),
        },
    )
    text = f"Score from 0 to 1; {description.decided_by} decides."
    return _table(
        builder,
        slots=7,
        references={
            0: builder.CreateString("score"),
            1: builder.CreateString(text),
            3: _content(builder, _FEATURE_PROPERTIES, _table(builder, slots=0)),
            6: _vector(builder, [labels]),
        },
    )


def _content(builder: flatbuffers.Builder, kind: int, properties: int) -> int:
    """``Content``, whose first field is a union: its type, then its table."""
    return _table(builder, slots=3, small={0: kind}, references={1: properties})


def _table(
    builder: flatbuffers.Builder,
    *,
    slots: int,
    references: Mapping[int, int] | None = None,
    small: Mapping[int, int] | None = None,
    large: Mapping[int, int] | None = None,
) -> int:
    """A table of ``slots`` fields; each mapping goes from a slot to its value.

    ``references`` are tables, strings and vectors written before; ``small`` are
    8-bit and ``large`` 32-bit numbers without sign.
    """
    builder.StartObject(slots)
    for slot, reference in (references or {}).items():
        builder.PrependUOffsetTRelativeSlot(slot, reference, 0)
    for slot, number in (large or {}).items():
        builder.PrependUint32Slot(slot, number, 0)
    for slot, number in (small or {}).items():
        builder.PrependUint8Slot(slot, number, 0)
    return int(builder.EndObject())


def _vector(builder: flatbuffers.Builder, references: list[int]) -> int:
    builder.StartVector(4, len(references), 4)
    for reference in reversed(references):
        builder.PrependUOffsetTRelative(reference)
    return int(builder.EndVector())


def _floats(builder: flatbuffers.Builder, values: list[float]) -> int:
    builder.StartVector(4, len(values), 4)
    for value in reversed(values):
        builder.PrependFloat32(value)
    return int(builder.EndVector())


def place_of_answers(content: bytes) -> int | None:
    """Which of a FlatBuffer's inputs takes answers; None where none does."""
    graph = OpenGraph(content).graph
    ranks = [len(graph.tensors[int(number)].shape) for number in graph.inputs]
    return ranks.index(2) if 2 in ranks else None
