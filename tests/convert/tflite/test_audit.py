import dataclasses

import flatbuffers
import pytest
from ai_edge_litert import schema_py_generated as schema

from convert.cards.text import graph_lines
from convert.errors import AuditError, ConversionError
from convert.tflite.audit import (
    audit,
    float_operations,
    quantisation,
    size_report,
    unfused_operations,
)
from convert.tflite.operators import Operator, Tensor, operators

# Weights of the tiny network of conftest.py: two convolutions, two dense layers.
WEIGHTS = 3 * 3 * 3 * 8 + 3 * 3 * 8 * 6 + 4 * 4 * 6 * 12 + 12
BIASES = 8 + 6 + 12 + 1


def test_an_int8_file_passes_and_says_what_it_holds(tiny_models):
    found = audit(tiny_models["int8"], int8=True)
    assert found.operations["CONV_2D"] == 2
    assert found.operations["FULLY_CONNECTED"] == 2
    assert unfused_operations(operators(tiny_models["int8"])) == ()
    assert found.quantisation == {
        "Conv2D": "int8, per channel",
        "Dense": "int8, per channel",
        "activations": "int8",
    }


def test_float_numbers_may_cross_the_edges_of_an_int8_file(tiny_models):
    model = tiny_models["int8_float_edges"]
    names = [operator.name for operator in operators(model)]
    assert (names[0], names[-1]) == ("QUANTIZE", "DEQUANTIZE")
    audit(model, int8=True)


def test_float_operations_of_an_int8_file_are_named_with_their_layers(tiny_models):
    model = tiny_models["float32"]
    layer = next(each.layer for each in operators(model) if each.name == "CONV_2D")
    assert "conv2d" in layer
    with pytest.raises(AuditError) as refusal:
        audit(model, int8=True)
    assert f"CONV_2D (layer {layer})" in str(refusal.value)
    assert "--recipe" in str(refusal.value)


def test_a_float_file_may_hold_floats(tiny_models):
    found = audit(tiny_models["float32"], int8=False)
    assert found.quantisation["Conv2D"] == found.quantisation["Dense"] == "float32"


def test_float16_weights_are_seen_through_their_widening(tiny_models):
    found = audit(tiny_models["float16_unfused"], int8=False)
    assert found.quantisation["Conv2D"] == found.quantisation["Dense"] == "float16"
    assert found.quantisation["activations"] == "float32"


@pytest.mark.parametrize("kind", ["int8_unfused", "float16_unfused"])
def test_what_batch_normalisation_leaves_is_reported(tiny_models, kind):
    # conv, relu, batch norm: the converter cannot fold across the first ReLU.
    found = operators(tiny_models[kind])
    unfused = unfused_operations(found)
    assert len(unfused) == 4
    assert all("batch_normalization" in str(each) for each in unfused)
    assert "4 of them could have been folded" in graph_lines(found)[-1]


def test_tensorflow_operations_are_refused_by_name(tiny_models):
    model = schema.ModelT.InitFromPackedBuf(bytearray(tiny_models["float32"]), 0)
    codes = {each.builtinCode: each for each in model.operatorCodes}
    code = codes[schema.BuiltinOperator.LOGISTIC]
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
    code.customCode = "FlexErf"
    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    with pytest.raises(AuditError, match=r"FlexErf \(layer .*TFLite does not bring"):
        audit(bytes(builder.Output()), int8=False)


def test_sizes_add_up(tiny_models):
    size = size_report(tiny_models["float32"])
    shape_of_reshape = 2 * 4
    assert size.total_bytes == len(tiny_models["float32"])
    # A bias of zeros is left out by the converter; here none is zero.
    assert size.weight_bytes == 4 * (WEIGHTS + BIASES) + shape_of_reshape
    assert size.weight_bytes + size.overhead_bytes == size.total_bytes
    halved = size_report(tiny_models["float16_unfused"]).by_operation["FULLY_CONNECTED"]
    assert halved == size.by_operation["FULLY_CONNECTED"] / 2


def test_what_is_no_model_is_refused():
    with pytest.raises(ConversionError, match="expected a TFLite model"):
        audit(b"not a model at all", int8=True)


COMPUTED = Tensor("model/layer/Relu", "int8", (1, 4), (0.1,), 0, 0, False, False)
CONSTANT = dataclasses.replace(COMPUTED, buffer=1, constant_bytes=8)


def weighted(kernel, shape, scales, dtype="int8"):
    weights = dataclasses.replace(CONSTANT, shape=shape, scales=scales, dtype=dtype)
    return Operator(kernel, False, (COMPUTED, weights), (COMPUTED,))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([("FULLY_CONNECTED", (4, 9), (0.1, 0.2, 0.1, 0.3))], "int8, per channel"),
        ([("FULLY_CONNECTED", (4, 9), (0.1,))], "int8, per tensor"),
        # What quantisation-aware training writes: a vector of equal scales.
        ([("FULLY_CONNECTED", (4, 9), (0.1,) * 4)], "int8, per tensor"),
        # One output channel is both; the other layer decides.
        (
            [
                ("FULLY_CONNECTED", (4, 9), (0.1, 0.2, 0.1, 0.3)),
                ("FULLY_CONNECTED", (1, 4), (0.1,)),
            ],
            "int8, per channel",
        ),
        ([("FULLY_CONNECTED", (1, 4), (0.1,))], "int8, per tensor"),
        (
            [
                ("FULLY_CONNECTED", (4, 9), (0.1, 0.2, 0.1, 0.3)),
                ("FULLY_CONNECTED", (4, 9), (0.1,)),
                ("FULLY_CONNECTED", (4, 9), (0.1,)),
            ],
            "int8, per tensor (2 layers); int8, per channel (1 layer)",
        ),
    ],
)
def test_granularity_of_dense_weights(found, expected):
    described = quantisation([weighted(*each) for each in found])
    assert described == {"Dense": expected, "activations": "int8"}


def test_depthwise_weights_have_their_channels_last():
    found = [weighted("DEPTHWISE_CONV_2D", (1, 3, 3, 2), (0.1, 0.2))]
    assert quantisation(found)["DepthwiseConv2D"] == "int8, per channel"


@pytest.mark.parametrize(
    ("name", "shape", "unfused"),
    [
        ("MUL", (8,), True),
        ("ADD", (1, 1, 1, 8), True),
        ("MUL", (), False),  # hard swish multiplies by one number
        ("ADD", (1, 4, 4, 8), False),
        ("MINIMUM", (8,), False),  # the clamp that folding leaves on purpose
    ],
)
def test_only_constants_per_channel_look_like_batch_normalisation(name, shape, unfused):
    constant = dataclasses.replace(CONSTANT, shape=shape)
    found = [Operator(name, False, (COMPUTED, constant), (COMPUTED,))]
    assert bool(unfused_operations(found)) == unfused


def test_dequantize_inside_the_graph_is_a_float_operation():
    wide = dataclasses.replace(COMPUTED, dtype="float32")
    found = [Operator("DEQUANTIZE", False, (COMPUTED,), (wide,))]
    assert float_operations(found) == tuple(found)


def test_many_culprits_are_counted_not_listed(tiny_models):
    with pytest.raises(AuditError, match=r"and \d+ more compute"):
        audit(tiny_models["float16_unfused"], int8=True)
