import random
import struct

import flatbuffers
import pytest
from ai_edge_litert import schema_py_generated as schema

from convert.errors import ConversionError
from convert.tflite.buffers import buffer_named, with_buffer


def entries(model):
    """Names of the metadata entries, by TFLite's own reader."""
    root = schema.Model.GetRootAs(model, 0)
    return [root.Metadata(i).Name().decode() for i in range(root.MetadataLength())]


def data_positions(model):
    """Where the content of each buffer starts."""
    root = schema.Model.GetRootAs(model, 0)
    for index in range(root.BuffersLength()):
        table = root.Buffers(index)._tab
        if field := table.Offset(4):
            yield table.Vector(field)


@pytest.fixture(scope="module")
def model(tiny_models):
    return tiny_models["int8"]


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 5000])
def test_content_comes_back(model, length):
    content = random.Random(length).randbytes(length)
    assert buffer_named(with_buffer(model, "NAME", content), "NAME") == content


def test_old_bytes_are_kept_as_they_are(model):
    padding = bytes(-len(model) % 16)
    assert with_buffer(model, "NAME", b"content").endswith(model + padding)


@pytest.mark.parametrize("length", [1, 7, 8, 9, 31])
def test_constants_keep_their_alignment(model, length):
    before = [position % 16 for position in data_positions(model)]
    extended = with_buffer(model, "N" * length, bytes(length))
    assert [position % 16 for position in data_positions(extended)] == [*before, 0]


def test_other_entries_are_kept(model):
    assert entries(model)
    assert entries(with_buffer(model, "NAME", b"1")) == [*entries(model), "NAME"]


def test_an_entry_of_the_same_name_is_replaced(model):
    twice = with_buffer(with_buffer(model, "NAME", b"old"), "NAME", b"new")
    assert entries(twice).count("NAME") == 1
    assert buffer_named(twice, "NAME") == b"new"


def test_all_else_is_unpacked_as_before(model):
    def unpacked(content):
        return schema.ModelT.InitFromPackedBuf(bytearray(content), 0)

    before, after = unpacked(model), unpacked(with_buffer(model, "NAME", b"content"))
    for name in ("version", "description"):
        assert getattr(after, name) == getattr(before, name)
    assert len(after.buffers) == len(before.buffers) + 1
    tensors = [
        [(tensor.name, tensor.buffer) for tensor in each.subgraphs[0].tensors]
        for each in (before, after)
    ]
    assert tensors[0] == tensors[1]
    assert [each.signatureKey for each in after.signatureDefs] == [
        each.signatureKey for each in before.signatureDefs
    ]


def made_by_hand(fields, *, buffer_offset=0):
    """A TFLite model with this many top-level fields and one buffer."""
    builder = flatbuffers.Builder(0)
    builder.StartObject(3)
    builder.PrependUint64Slot(1, buffer_offset, 0)
    buffer = builder.EndObject()
    builder.StartVector(4, 1, 4)
    builder.PrependUOffsetTRelative(buffer)
    buffers = builder.EndVector()
    builder.StartObject(fields)
    builder.PrependUint32Slot(0, 3, 0)
    builder.PrependUOffsetTRelativeSlot(4, buffers, 0)
    builder.PrependUint32Slot(fields - 1, 1, 0)
    builder.Finish(builder.EndObject(), file_identifier=b"TFL3")
    return bytes(builder.Output())


def test_fields_of_a_newer_schema_are_refused_not_dropped():
    with pytest.raises(ConversionError, match="11 top-level fields"):
        with_buffer(made_by_hand(11), "NAME", b"")


def test_weights_outside_the_flatbuffer_are_refused():
    with pytest.raises(ConversionError, match="outside the FlatBuffer"):
        with_buffer(made_by_hand(10, buffer_offset=4096), "NAME", b"")


def test_damage_is_one_error_of_ours(model):
    generator = random.Random(0)
    refused = 0
    for _ in range(60):
        damaged = bytearray(model)
        for _ in range(30):
            damaged[generator.randrange(len(model))] = generator.randrange(256)
        try:
            with_buffer(bytes(damaged), "NAME", b"content")
        except ConversionError:
            refused += 1
    assert refused


def test_a_model_cut_short_is_refused(model):
    root = struct.unpack_from("<I", model)[0]
    for length in (0, 7, 8, root, root + 8):
        with pytest.raises(ConversionError):
            with_buffer(model[:length], "NAME", b"content")
