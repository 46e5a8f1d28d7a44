import itertools

import keras
import numpy as np
import pytest

from convert.graph.fold_batch_norm import folded, limits
from convert.graph.keras_to_nodes import nodes_of
from convert.graph.nodes import built

layers = keras.layers
SIZE_PX = 16
# A probability after a handful of layers in float32, summed in another order.
SAME = 1e-5


def _relu(values):
    return np.maximum(values, 0)


def _assert_same_function(model):
    """The folded rebuild gives the model's own outputs; returns its nodes."""
    generator = np.random.default_rng(1)
    noise = generator.uniform(0.7, 1, (32, SIZE_PX, SIZE_PX, 3))
    # Of all brightnesses and colours: noise alone is the same to any pooling layer.
    pixels = (noise * generator.random((32, 1, 1, 3))).astype(np.float32)
    nodes = folded(nodes_of(model))
    expected = np.asarray(model(pixels))
    assert np.ptp(expected) > 100 * SAME
    given = np.asarray(built(nodes, SIZE_PX)(pixels))
    np.testing.assert_allclose(given, expected, rtol=0, atol=SAME)
    return nodes


def _kinds(nodes):
    return [node.kind for node in nodes]


class TestLimits:
    @pytest.mark.parametrize(
        ("gain", "shift"),
        list(itertools.product([-2, -0.5, 0, 0.5, 2], [-1.5, 0, 1.5])),
    )
    def test_clamp_is_batch_norm_between_two_relus(self, gain, shift):
        values = np.linspace(-5, 5, 201)
        (lower,), (upper,) = limits(np.array([gain]), np.array([shift]))
        np.testing.assert_array_equal(
            (gain * values + shift).clip(lower, upper),
            _relu(gain * _relu(values) + shift),
        )

    @pytest.mark.parametrize(
        ("gain", "shift", "lower", "upper"),
        [
            (1, -2, 0, np.inf),
            (1, 0, 0, np.inf),
            (1, 2, 2, np.inf),
            (-1, 2, 0, 2),
            (-1, 0, 0, 0),
            (-1, -2, 0, 0),
            (0, 2, 2, 2),
            (0, 0, 0, 0),
            (0, -2, 0, 0),
        ],
    )
    def test_table(self, gain, shift, lower, upper):
        given = limits(np.array([gain]), np.array([shift]))
        assert [values.tolist() for values in given] == [[lower], [upper]]

    def test_channels_do_not_mix(self):
        gains, shifts = np.array([1.0, -1.0, 0.0]), np.array([2.0, 3.0, 4.0])
        lower, upper = limits(gains, shifts)
        assert lower.tolist() == [2, 0, 4]
        assert upper.tolist() == [np.inf, 3, 4]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("order", ["relu_bn_relu", "bn_relu"])
def test_folded_network_is_the_same_function(small_network, order, seed):
    nodes = _assert_same_function(small_network(order, seed))
    assert not {"BatchNormalization", "ReLU", "Dropout"} & set(_kinds(nodes))


def test_usual_order_leaves_convolutions_and_pools_only(small_network):
    nodes = folded(nodes_of(small_network("bn_relu")))
    blocks = ["Conv2D", "MaxPooling2D"] * 4
    assert _kinds(nodes) == ["InputLayer", *blocks, "Flatten", "Dense", "Dense"]
    assert all(n.config["activation"] == "relu" for n in nodes if n.kind == "Conv2D")


def test_published_order_clamps_after_the_pool(small_network):
    nodes = folded(nodes_of(small_network("relu_bn_relu")))
    blocks = ["Conv2D", "MaxPooling2D", "ChannelClamp"] * 4
    assert _kinds(nodes) == ["InputLayer", *blocks, "Flatten", "Dense", "Dense"]
    assert all(n.config["activation"] == "relu" for n in nodes if n.kind == "Conv2D")


def test_no_clamp_where_the_relu_of_the_convolution_is_enough(small_network, centred):
    model = small_network("relu_bn_relu")
    for index in (1, 2, 3, 4):
        norm = model.get_layer(f"block{index}_bn")
        gamma, beta, mean, variance = norm.get_weights()
        norm.set_weights([np.abs(gamma) + 0.1, -np.abs(beta), np.abs(mean), variance])
    assert "ChannelClamp" not in _kinds(_assert_same_function(centred(model)))


def test_upper_limits_are_left_out_where_no_channel_has_one(small_network, centred):
    model = small_network("relu_bn_relu")
    for index in (1, 2, 3, 4):
        norm = model.get_layer(f"block{index}_bn")
        gamma, *others = norm.get_weights()
        norm.set_weights([np.abs(gamma) + 0.1, *others])
    nodes = _assert_same_function(centred(model))
    clamps = [node for node in nodes if node.kind == "ChannelClamp"]
    assert clamps
    assert all(clamp.config["upper"] is None for clamp in clamps)


def _published(given, *, relu=layers.ReLU, pool=layers.MaxPooling2D, **norm):
    inner = layers.Conv2D(6, 3, padding="same")(given)
    inner = layers.BatchNormalization(**norm)(relu()(inner))
    return pool(2)(relu()(inner))


def _activations(given):
    return _published(given, relu=lambda: layers.Activation("relu"))


def _no_scale(given):
    return _published(given, scale=False)


def _no_centre(given):
    return _published(given, center=False)


def _axis_three(given):
    return _published(given, axis=3)


def _average_pool(given):
    return _published(given, pool=layers.AveragePooling2D)


def _two_readers_behind(given):
    inner = layers.Conv2D(6, 3, padding="same")(given)
    inner = layers.ReLU()(layers.BatchNormalization()(layers.ReLU()(inner)))
    pools = [layers.MaxPooling2D(2)(inner), layers.AveragePooling2D(2)(inner)]
    return layers.Concatenate()(pools)


def _no_bias(given):
    inner = layers.Conv2D(6, 3, use_bias=False)(given)
    return layers.ReLU()(layers.BatchNormalization()(inner))


def _depthwise(given):
    inner = layers.DepthwiseConv2D(3, depth_multiplier=2)(given)
    return layers.ReLU()(layers.BatchNormalization()(inner))


def _dense(given):
    inner = layers.Dense(6)(layers.GlobalAveragePooling2D()(given))
    return layers.ReLU()(layers.BatchNormalization()(inner))


def _relu6(given):
    inner = layers.Conv2D(6, 3)(given)
    return layers.ReLU(max_value=0.5)(layers.BatchNormalization()(inner))


def _residual(given):
    inner = layers.Conv2D(6, 3, padding="same")(given)
    return layers.Add()([layers.BatchNormalization()(inner), inner])


def _pooled_first(given):
    inner = layers.MaxPooling2D(2)(layers.Conv2D(6, 3)(given))
    return layers.ReLU()(layers.BatchNormalization()(layers.ReLU()(inner)))


def _over_rows(given):
    inner = layers.Conv2D(SIZE_PX, 3, padding="same")(given)
    return layers.ReLU()(layers.BatchNormalization(axis=1)(inner))


def _activated_convolution(given):
    inner = layers.Conv2D(6, 3, activation="relu")(given)
    return layers.ReLU()(layers.BatchNormalization()(inner))


@pytest.mark.parametrize(
    ("inner", "norms_left"),
    [
        (_activations, 0),
        (_no_scale, 0),
        (_no_centre, 0),
        (_axis_three, 0),
        (_average_pool, 0),
        (_two_readers_behind, 0),
        (_no_bias, 0),
        (_depthwise, 0),
        (_dense, 0),
        (_relu6, 0),
        # What follows no convolution becomes one.
        (_residual, 0),
        (_pooled_first, 0),
        (_activated_convolution, 0),
        # What cannot be folded stays, and the function with it.
        (_over_rows, 1),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)).strip("_"),
)
def test_other_graphs_stay_the_same_function(randomised, inner, norms_left):
    given = keras.Input((SIZE_PX, SIZE_PX, 3))
    outputs = layers.Flatten()(inner(given))
    model = keras.Model(given, layers.Dense(1, activation="sigmoid")(outputs))
    nodes = _assert_same_function(randomised(model))
    assert _kinds(nodes).count("BatchNormalization") == norms_left
