import keras
import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from convert.errors import ConversionError
from convert.graph.fold_batch_norm import folded
from convert.graph.keras_to_nodes import nodes_of
from convert.graph.nodes import built

SIZE_PX = 12


@pytest.fixture(params=["keras", "tf_keras"])
def framework(request):
    return {"keras": keras, "tf_keras": tf_keras}[request.param]


def _assert_same(model):
    generator = np.random.default_rng(0)
    # Vectors are positive, as variances have to be.
    model.set_weights(
        [
            generator.uniform(*((-0.4, 0.6) if x.ndim > 1 else (0.1, 0.6)), x.shape)
            for x in model.get_weights()
        ]
    )
    noise = generator.random((8, SIZE_PX, SIZE_PX, 3), np.float32)
    pixels = noise * np.linspace(0, 1, 8, dtype=np.float32)[:, None, None, None]
    expected = np.asarray(model(pixels, training=False))
    assert np.ptp(expected) > 1e-3
    nodes = folded(nodes_of(model))
    given = np.asarray(built(nodes, SIZE_PX)(pixels))
    np.testing.assert_allclose(given, expected, rtol=1e-5, atol=1e-5)
    return [node.kind for node in nodes]


def _ended(framework, given, inner):
    inner = framework.layers.GlobalAveragePooling2D()(inner)
    return framework.Model(given, framework.layers.Dense(1)(inner))


def test_backbone_inside_a_model_is_flattened(framework):
    layers = framework.layers
    innermost = framework.Sequential(
        [framework.Input((12, 12, 3)), layers.Conv2D(4, 3), layers.BatchNormalization()]
    )
    inner = framework.Input((12, 12, 3))
    backbone = framework.Model(inner, layers.ReLU()(innermost(inner)), name="backbone")
    given = framework.Input((SIZE_PX, SIZE_PX, 3))
    # The same names inside and outside.
    outer = layers.Conv2D(3, 1, name=innermost.layers[0].name)(given)
    kinds = _assert_same(_ended(framework, given, backbone(outer)))
    assert kinds == [
        "InputLayer",
        "Conv2D",
        "Conv2D",
        "GlobalAveragePooling2D",
        "Dense",
    ]


def test_layer_that_is_used_twice_becomes_two(framework):
    given = framework.Input((SIZE_PX, SIZE_PX, 3))
    twice = framework.layers.Conv2D(3, 3, padding="same", activation="relu")
    kinds = _assert_same(_ended(framework, given, twice(twice(given))))
    assert kinds.count("Conv2D") == 2


def test_layers_that_idle_at_inference_go(framework):
    layers = framework.layers
    given = framework.Input((SIZE_PX, SIZE_PX, 3))
    inner = layers.GaussianNoise(0.1)(layers.RandomFlip()(given))
    inner = layers.SpatialDropout2D(0.3)(layers.Conv2D(4, 3)(inner))
    kinds = _assert_same(_ended(framework, given, inner))
    assert kinds == ["InputLayer", "Conv2D", "GlobalAveragePooling2D", "Dense"]


class TestFunctions:
    @pytest.mark.parametrize(
        "function",
        [
            lambda x: x / 127.5 - 1.0,
            lambda x: 2.0 * x + 3.0,
            lambda x: 1.0 - x,
            lambda x: x * np.float32([1, 2, 3]) - np.float32([0.1, 0.2, 0.3]),
        ],
        ids=["preprocess-input", "from-the-left", "from-one", "by-channel"],
    )
    def test_numbers_are_folded_into_what_follows(self, framework, function):
        given = framework.Input((SIZE_PX, SIZE_PX, 3))
        inner = framework.layers.Conv2D(4, 3)(function(given))
        kinds = _assert_same(_ended(framework, given, inner))
        assert kinds == ["InputLayer", "Conv2D", "GlobalAveragePooling2D", "Dense"]

    def test_two_tensors_are_added_and_multiplied(self, framework):
        layers = framework.layers
        given = framework.Input((SIZE_PX, SIZE_PX, 3))
        one, two = layers.Conv2D(4, 3)(given), layers.Conv2D(4, 3)(given)
        kinds = _assert_same(_ended(framework, given, (one + two) * (one - two)))
        assert {"Add", "Multiply", "Subtract"} <= set(kinds)

    def test_hard_swish_spelt_out_is_one_node(self, framework):
        layers = framework.layers
        given = framework.Input((SIZE_PX, SIZE_PX, 3))
        inner = layers.BatchNormalization()(layers.Conv2D(4, 3)(given))
        swished = layers.Multiply()([inner, layers.ReLU(6.0)(inner + 3.0) * (1 / 6)])
        kinds = _assert_same(_ended(framework, given, swished))
        assert kinds.count("HardSwish") == 1
        assert not {"ReLU", "Multiply", "DepthwiseConv2D"} & set(kinds)

    def test_tensorflows_own_functions_are_known(self):
        given = tf_keras.Input((SIZE_PX, SIZE_PX, 3))
        inner = tf.nn.relu(tf_keras.layers.Conv2D(4, 3)(given))
        kinds = _assert_same(_ended(tf_keras, given, inner))
        # Fused into the convolution.
        assert "Activation" not in kinds

    def test_names_a_function_that_has_no_counterpart(self, framework):
        given = framework.Input((SIZE_PX, SIZE_PX, 3))
        inner = framework.layers.Conv2D(4, 3)(given**2)
        with pytest.raises(ConversionError, match="calls the function pow"):
            nodes_of(_ended(framework, given, inner))

    def test_names_numbers_that_differ_by_row(self, framework):
        given = framework.Input((SIZE_PX, SIZE_PX, 3))
        rows = np.ones((SIZE_PX, 1, 1), np.float32)
        with pytest.raises(ConversionError, match="along another axis"):
            nodes_of(_ended(framework, given, given * rows))


class TestLayersAlone:
    def test_separable_convolution_becomes_two(self, framework):
        given = framework.Input((SIZE_PX, SIZE_PX, 3))
        inner = framework.layers.SeparableConv2D(
            5, 3, strides=2, depth_multiplier=2, padding="same", activation="relu"
        )(given)
        kinds = _assert_same(_ended(framework, given, inner))
        assert kinds[1:3] == ["DepthwiseConv2D", "Conv2D"]

    @pytest.mark.parametrize("word", ["swish", "sigmoid", "tanh"])
    def test_activation_inside_a_convolution_stands_alone(self, framework, word):
        given = framework.Input((SIZE_PX, SIZE_PX, 3))
        inner = framework.layers.Conv2D(4, 3, activation=word)(given)
        kinds = _assert_same(_ended(framework, given, inner))
        assert kinds[1:3] == ["Conv2D", "Activation"]

    def test_batch_norm_of_features_stays_the_same_function(self, framework):
        layers = framework.layers
        given = framework.Input((SIZE_PX, SIZE_PX, 3))
        inner = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(given))
        inner = layers.ReLU()(layers.BatchNormalization()(inner))
        _assert_same(framework.Model(given, layers.Dense(1)(inner)))


def test_names_a_model_with_two_inputs(framework):
    one, two = framework.Input((12, 12, 3)), framework.Input((12, 12, 3))
    with pytest.raises(ConversionError, match="has 2 inputs; expected one picture"):
        nodes_of(_ended(framework, [one, two], framework.layers.Add()([one, two])))
