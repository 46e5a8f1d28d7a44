"""Named buffers inside a TFLite model, added without touching the rest of it.

A FlatBuffer's references point forward by relative distances. So a new root can be put
in front of the old bytes and refer into them: graph and weights stay as the converter
wrote them, byte for byte and with the same alignment. (Unpacking and packing the whole
model with the generated Python classes would rewrite all of it.)

Slot numbers follow TensorFlow Lite's schema.fbs:
https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/schema.fbs
"""

import struct
from collections.abc import Iterator
from contextlib import contextmanager

import flatbuffers
from flatbuffers.table import Table

from convert.errors import ConversionError

_IDENTIFIER = b"TFL3"
_ALIGNMENT_BYTES = 16  # force_align of Buffer.data, the strictest in the schema

_VERSION, _BUFFERS, _METADATA = 0, 4, 6  # fields of Model
_MODEL_FIELDS = 10
_DATA, _OFFSET = 0, 1  # fields of Buffer
_NAME, _BUFFER = 0, 1  # fields of Metadata


@contextmanager
def named_damage() -> Iterator[None]:
    """Turn whatever reading a damaged FlatBuffer raises into one error of ours."""
    try:
        yield
    except (struct.error, LookupError, TypeError, UnicodeDecodeError) as error:
        raise ConversionError(
            f"the TFLite model is damaged ({error}). Copy it again, or convert again."
        ) from error


@named_damage()
def with_buffer(model: bytes, name: str, content: bytes) -> bytes:
    """``model`` with ``content`` as the metadata entry ``name``.

    An entry of that name is replaced. The same arguments give the same bytes.

    Args:
        model: a TFLite FlatBuffer, without a zip appended.
        name: such as ``"TFLITE_METADATA"``.
        content: any bytes; stored at a multiple of 16.

    Raises:
        ConversionError: if ``model`` is not a TFLite model, or one so large or so new
            that it cannot be extended this way.
    """
    root = _root(model)
    _refuse_unknown_layout(root)
    builder = flatbuffers.Builder(len(model) + len(content) + 4096)
    padded = model + bytes(-len(model) % _ALIGNMENT_BYTES)
    old = _placed(builder, padded)
    buffers = [old - position for position in _elements(root, _BUFFERS)]
    entries = [
        old - entry.Pos
        for entry in (Table(model, at) for at in _elements(root, _METADATA))
        if _text(entry, _NAME) != name
    ]
    added = _entry(builder, name, len(buffers))
    references = {
        field: old - target
        for field in range(_VERSION + 1, _MODEL_FIELDS)
        if (target := _target(root, field)) is not None
    }
    references[_BUFFERS] = _vector(builder, [*buffers, _buffer(builder, content)])
    references[_METADATA] = _vector(builder, [*entries, added])
    builder.StartObject(_MODEL_FIELDS)
    builder.PrependUint32Slot(_VERSION, _number(root, _VERSION), 0)
    for field, reference in references.items():
        builder.PrependUOffsetTRelativeSlot(field, reference, 0)
    builder.Finish(builder.EndObject(), file_identifier=_IDENTIFIER)
    return bytes(builder.Output())


@named_damage()
def buffer_named(model: bytes, name: str) -> bytes | None:
    """Content of the metadata entry ``name``; None if there is none.

    Raises:
        ConversionError: if ``model`` is not a TFLite model.
    """
    root = _root(model)
    for position in _elements(root, _METADATA):
        entry = Table(model, position)
        if _text(entry, _NAME) == name:
            buffers = list(_elements(root, _BUFFERS))
            return _bytes(Table(model, buffers[_number(entry, _BUFFER)]), _DATA)
    return None


def _root(model: bytes) -> Table:
    if model[4:8] != _IDENTIFIER:
        raise ConversionError(
            f"expected a TFLite model, whose bytes 4 to 7 are {_IDENTIFIER!r};"
            f" got {bytes(model[4:8])!r}. Pass the output of the TFLite converter."
        )
    return Table(model, struct.unpack_from("<I", model)[0])


def _refuse_unknown_layout(root: Table) -> None:
    """Stop where references would be lost or would point elsewhere."""
    vtable = root.Pos - struct.unpack_from("<i", root.Bytes, root.Pos)[0]
    fields = (struct.unpack_from("<H", root.Bytes, vtable)[0] - 4) // 2
    if fields > _MODEL_FIELDS:
        raise ConversionError(
            f"the TFLite model has {fields} top-level fields, expected at most"
            f" {_MODEL_FIELDS}. Convert with the TensorFlow named in the lock file."
        )
    if any(_slot(Table(root.Bytes, at), _OFFSET) for at in _elements(root, _BUFFERS)):
        raise ConversionError(
            "the TFLite model keeps weights outside the FlatBuffer (over 2 GiB);"
            " metadata can only be added to smaller ones."
        )


def _placed(builder: flatbuffers.Builder, content: bytes) -> int:
    """Put ``content`` at the end of the file; position p of it is at result - p."""
    builder.Prep(_ALIGNMENT_BYTES, len(content))
    length_field_bytes = 4
    return int(builder.CreateByteVector(content)) - length_field_bytes


def _buffer(builder: flatbuffers.Builder, content: bytes) -> int:
    builder.Prep(_ALIGNMENT_BYTES, len(content))
    stored = builder.CreateByteVector(content)
    builder.StartObject(3)
    builder.PrependUOffsetTRelativeSlot(_DATA, stored, 0)
    return int(builder.EndObject())


def _entry(builder: flatbuffers.Builder, name: str, buffer: int) -> int:
    text = builder.CreateString(name)
    builder.StartObject(2)
    builder.PrependUOffsetTRelativeSlot(_NAME, text, 0)
    builder.PrependUint32Slot(_BUFFER, buffer, 0)
    return int(builder.EndObject())


def _vector(builder: flatbuffers.Builder, references: list[int]) -> int:
    builder.StartVector(4, len(references), 4)
    for reference in reversed(references):
        builder.PrependUOffsetTRelative(reference)
    return int(builder.EndVector())


def _slot(table: Table, field: int) -> int:
    """Distance of a field from its table's start; 0 if the field is absent."""
    return int(table.Offset(4 + 2 * field))


def _target(table: Table, field: int) -> int | None:
    """Position that a reference points to; None if the field is absent."""
    slot = _slot(table, field)
    return int(table.Indirect(table.Pos + slot)) if slot else None


def _number(table: Table, field: int) -> int:
    slot = _slot(table, field)
    return (
        int(struct.unpack_from("<I", table.Bytes, table.Pos + slot)[0]) if slot else 0
    )


def _elements(table: Table, field: int) -> Iterator[int]:
    """Positions of the tables in a vector of tables; none if the field is absent."""
    slot = _slot(table, field)
    if slot:
        start = int(table.Vector(slot))
        for index in range(int(table.VectorLen(slot))):
            yield int(table.Indirect(start + 4 * index))


def _bytes(table: Table, field: int) -> bytes:
    slot = _slot(table, field)
    if not slot:
        return b""
    start = int(table.Vector(slot))
    return bytes(table.Bytes[start : start + int(table.VectorLen(slot))])


def _text(table: Table, field: int) -> str:
    return _bytes(table, field).decode("utf-8")
