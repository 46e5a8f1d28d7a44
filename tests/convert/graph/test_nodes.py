import keras
import numpy as np
import pytest

from convert.errors import ConversionError
from convert.graph.keras_to_nodes import nodes_of
from convert.graph.nodes import built, consumers_of

layers = keras.layers
SIZE_PX = 12


def _scores(model, seed=0):
    pixels = np.random.default_rng(seed).random((8, SIZE_PX, SIZE_PX, 3))
    return np.asarray(model(pixels.astype(np.float32)))


def _model(inner):
    """A model of one function of the input, and one output unit."""
    given = keras.Input((SIZE_PX, SIZE_PX, 3), name="pixels")
    outputs = layers.Dense(1, name="probability")(layers.Flatten()(inner(given)))
    return keras.Model(given, outputs)


def _branches(given):
    """Everything that ``COPIED`` lists, in a graph that is no chain."""
    stem = layers.Conv2D(6, 3, strides=2, padding="same", activation="relu")(given)
    left = layers.DepthwiseConv2D(3, padding="same")(stem)
    left = layers.ReLU(max_value=6.0)(layers.BatchNormalization()(left))
    left = layers.Conv2D(6, 1, use_bias=False, dilation_rate=1)(left)
    added = layers.Activation("relu")(layers.Add()([stem, left]))
    right = layers.AveragePooling2D(2)(layers.ZeroPadding2D(1)(added))
    both = layers.Concatenate()(
        [layers.GlobalAveragePooling2D()(added), layers.GlobalMaxPooling2D()(right)]
    )
    return layers.Dropout(0.5)(layers.Reshape((3, 4))(both))


class TestRebuilding:
    def test_graph_with_branches_is_the_same_function(self, randomised):
        model = randomised(_model(_branches))
        again = built(nodes_of(model), SIZE_PX)
        assert np.ptp(_scores(model)) > 0.1
        # Sums of the same float32 numbers, in another order at most.
        np.testing.assert_allclose(_scores(again), _scores(model), rtol=1e-5, atol=1e-5)

    def test_inputs_of_a_layer_keep_their_order(self, randomised):
        def crossed(given):
            one = layers.Conv2D(2, 1, name="one")(given)
            two = layers.Conv2D(2, 1, name="two")(given)
            return layers.Concatenate(name="joined")([two, one])

        model = randomised(_model(crossed))
        nodes = nodes_of(model)
        joined = next(node for node in nodes if node.name == "joined")
        assert joined.inputs == ("two", "one")
        again = built(nodes, SIZE_PX)
        np.testing.assert_allclose(_scores(again), _scores(model), rtol=1e-5, atol=1e-5)

    def test_sequential_model_is_taken_apart_too(self, randomised):
        model = randomised(
            keras.Sequential(
                [
                    keras.Input((SIZE_PX, SIZE_PX, 3)),
                    layers.Conv2D(4, 3, activation="relu"),
                    layers.GlobalAveragePooling2D(),
                    layers.Dense(1),
                ]
            )
        )
        again = built(nodes_of(model), SIZE_PX)
        np.testing.assert_allclose(_scores(again), _scores(model), rtol=1e-5, atol=1e-5)

    @pytest.mark.parametrize("order", ["relu_bn_relu", "bn_relu"])
    def test_nodes_are_the_layers_in_order(self, small_network, order):
        model = small_network(order)
        nodes = nodes_of(model)
        assert [node.name for node in nodes] == [layer.name for layer in model.layers]
        assert [node.inputs for node in nodes[1:]] == [(n.name,) for n in nodes[:-1]]
        for node in nodes:
            for kept, own in zip(
                node.weights, model.get_layer(node.name).get_weights(), strict=True
            ):
                np.testing.assert_array_equal(kept, own)


def test_consumers_are_the_nodes_that_read_another():
    def forked(given):
        one = layers.Conv2D(2, 1, name="one")(given)
        left, right = layers.ReLU(name="left")(one), layers.ReLU(name="right")(one)
        return layers.Add(name="sum")([left, right])

    readers = consumers_of(nodes_of(_model(forked)))
    names = {name: [node.name for node in nodes] for name, nodes in readers.items()}
    assert names["one"] == ["left", "right"]
    assert names["left"] == names["right"] == ["sum"]
    assert names["probability"] == []


class TestRefusal:
    @pytest.mark.parametrize(
        "layer",
        [
            layers.LayerNormalization(axis=1, name="culprit"),
            layers.UpSampling2D(name="culprit"),
            layers.ReLU(threshold=1.0, name="culprit"),
        ],
        ids=lambda layer: type(layer).__name__,
    )
    def test_names_a_layer_that_cannot_be_copied(self, layer):
        with pytest.raises(ConversionError, match="layer culprit is a"):
            nodes_of(_model(layer))

    def test_names_a_layer_with_two_outputs(self):
        def halves(given):
            first, _second = keras.ops.split(given, 2, axis=1)
            return first

        with pytest.raises(ConversionError, match="split has 2 outputs"):
            nodes_of(_model(halves))

    def test_names_an_activation_that_is_not_known(self):
        model = _model(layers.Conv2D(2, 1, activation="celu", name="culprit"))
        with pytest.raises(
            ConversionError, match="layer culprit has the activation celu"
        ):
            built(nodes_of(model), SIZE_PX)

    def test_names_a_subclassed_model_that_was_never_called(self):
        class Own(keras.Model):
            def call(self, values):
                return values

        with pytest.raises(ConversionError, match="own_model is a subclassed model"):
            nodes_of(Own(name="own_model"))
