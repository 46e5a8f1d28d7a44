import sys

import keras
import numpy as np
import pytest
import tf_keras

from convert.errors import ConversionError
from convert.graph.fold_batch_norm import folded
from convert.graph.input_rule import InputRule
from convert.graph.nodes import built
from convert.source.loading import SavedModel, build_model, custom_objects
from convert.source.model import read_source
from convert.source.saved_model_layers import layers_in

SIZE_PX = 16
# Of all brightnesses: noise alone is the same to any pooling layer.
PIXELS = np.random.default_rng(3).random((6, SIZE_PX, SIZE_PX, 3), np.float32)
PIXELS *= np.linspace(0, 1, 6, dtype=np.float32)[:, None, None, None]

# What users keep in a module of their own; the published network's block among it.
MODULE = '''
import {framework} as keras
import tensorflow as tf

@keras.utils.register_keras_serializable("own")
class Block(keras.layers.Layer):
    """Convolution, batch norm and TensorFlow's relu, as the published project has."""

    def __init__(self, filters, **options):
        super().__init__(**options)
        self.filters = filters
        self.conv = keras.layers.Conv2D(filters, 3, padding="same", activation="relu")
        self.norm = keras.layers.BatchNormalization()

    def build(self, shape):
        self.conv.build(shape)
        self.norm.build((*shape[:3], self.filters))
        super().build(shape)

    def call(self, values, training=False):
        return tf.nn.relu(self.norm(self.conv(values), training=training))

    def get_config(self):
        return dict(super().get_config(), filters=self.filters)

def functional():
    given = keras.Input((16, 16, 3))
    inner = keras.layers.MaxPooling2D()(Block(4, name="first")(given))
    inner = keras.layers.Flatten()(Block(5, name="second")(inner))
    return keras.Model(given, keras.layers.Dense(1, activation="sigmoid")(inner))

class Whole(keras.Model):
    """A subclassed model."""

    def __init__(self):
        super().__init__()
        self.one, self.two = Block(4), Block(5)
        self.flat = keras.layers.GlobalAveragePooling2D()
        self.last = keras.layers.Dense(1, activation="sigmoid")

    def call(self, values, training=False):
        values = self.two(self.one(values, training=training), training=training)
        return self.last(self.flat(values))

def subclassed():
    model = Whole()
    model(tf.zeros((1, 16, 16, 3)))
    return model
'''


def _network(framework):
    layers = framework.layers
    given = framework.Input((SIZE_PX, SIZE_PX, 3))
    inner = layers.Conv2D(6, 3, padding="same")(given)
    inner = layers.ReLU()(layers.BatchNormalization()(inner))
    inner = layers.Flatten()(layers.MaxPooling2D()(inner))
    return _trained(
        framework.Model(given, layers.Dense(1, activation="sigmoid")(inner))
    )


def _trained(model):
    """Weights of some size and statistics that are no fresh layer's."""
    generator = np.random.default_rng(5)
    model.set_weights(
        [
            generator.uniform(*((-0.3, 0.3) if x.ndim > 1 else (0.1, 0.6)), x.shape)
            for x in model.get_weights()
        ]
    )
    return model


def _assert_same(source, model):
    expected = np.asarray(model(PIXELS, training=False))[:, 0]
    assert np.ptp(expected) > 1e-3
    np.testing.assert_allclose(source.scores(PIXELS), expected, atol=1e-6)
    again = built(folded(source.nodes), SIZE_PX)
    np.testing.assert_allclose(np.asarray(again(PIXELS))[:, 0], expected, atol=1e-5)


@pytest.fixture(params=["keras", "tf_keras"])
def framework(request):
    return {"keras": keras, "tf_keras": tf_keras}[request.param]


@pytest.fixture
def module(tmp_path, monkeypatch, framework):
    """Name of a module in the current folder, written for one framework."""
    name = f"own_{framework.__name__}"
    text = MODULE.replace("{framework}", framework.__name__)
    (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield name
    sys.modules.pop(name, None)


@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5:UserWarning")
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
class TestLoadModel:
    def test_reads_files_of_keras_3_and_of_keras_2(self, framework, suffix, tmp_path):
        model = _network(framework)
        path = tmp_path / f"mine{suffix}"
        model.save(path)
        source = read_source(path)
        assert source.network == "mine"
        _assert_same(source, model)

    def test_reads_layers_of_the_users_own(self, module, suffix, tmp_path):
        model = _trained(custom_objects([f"{module}:functional"])["functional"]())
        path = tmp_path / f"mine{suffix}"
        model.save(path)
        own = custom_objects([f"{module}:Block"])
        _assert_same(read_source(path, own_objects=own), model)


def test_saved_model_gives_scores_but_has_no_layers(tmp_path):
    model = _network(keras)
    model.export(tmp_path / "mine", verbose=False)
    source = read_source(tmp_path / "mine")
    expected = np.asarray(model(PIXELS))[:, 0]
    np.testing.assert_allclose(source.scores(PIXELS), expected, atol=1e-6)
    assert source.network == "mine"
    with pytest.raises(ConversionError, match="SavedModel, which has no layers"):
        _ = source.nodes


def test_saved_model_of_keras_2_gives_its_layers_back(tmp_path):
    model = _network(tf_keras)
    model.save(tmp_path / "mine", save_format="tf")
    source = read_source(tmp_path / "mine")
    assert source.network == "mine"
    assert not isinstance(source.model, SavedModel)
    _assert_same(source, model)


def test_layers_that_give_something_else_than_the_saved_function_are_not_taken(
    tmp_path,
):
    model = _network(tf_keras)
    model.save(tmp_path / "mine", save_format="tf")
    whole = SavedModel(tmp_path / "mine")
    assert layers_in(tmp_path / "mine", whole, {}, trust_code=False) is not None

    def half(pixels):
        return whole(pixels) / 2

    assert layers_in(tmp_path / "mine", half, {}, trust_code=False) is None


def test_code_in_the_record_of_layers_is_not_run(tmp_path):
    layers = tf_keras.layers
    given = tf_keras.Input((SIZE_PX, SIZE_PX, 3))
    doubled = layers.Lambda(lambda values: values * 2.0)(given)
    model = tf_keras.Model(given, layers.Dense(1)(layers.Flatten()(doubled)))
    model.save(tmp_path / "mine", save_format="tf")
    source = read_source(tmp_path / "mine", rule=InputRule())
    assert isinstance(source.model, SavedModel)


@pytest.mark.parametrize("function", ["functional", "subclassed"])
def test_builder_makes_models_that_are_code_only(module, function, tmp_path):
    made = _trained(custom_objects([f"{module}:{function}"])[function]())
    weights = tmp_path / "mine.weights.h5"
    made.save_weights(weights)
    source = read_source(None, builder=(f"{module}:{function}", weights))
    _assert_same(source, made)


class TestRefusal:
    @pytest.mark.filterwarnings("ignore:You are saving your model:UserWarning")
    def test_names_the_option_for_a_layer_that_is_not_known(self, tmp_path):
        @keras.utils.register_keras_serializable("own")
        class Unheard(keras.layers.Layer):
            def call(self, values):
                return values

        given = keras.Input((SIZE_PX, SIZE_PX, 3))
        outputs = keras.layers.Dense(1)(keras.layers.Flatten()(Unheard()(given)))
        keras.Model(given, outputs).save(tmp_path / "mine.keras")
        keras.utils.get_custom_objects().clear()
        with pytest.raises(ConversionError, match="--custom-object package"):
            read_source(tmp_path / "mine.keras")

    def test_weights_alone_ask_for_a_builder(self, tmp_path):
        _network(keras).save_weights(tmp_path / "mine.weights.h5")
        with pytest.raises(ConversionError, match=r"weights only.*--builder"):
            read_source(tmp_path / "mine.weights.h5")

    @pytest.mark.parametrize("reference", ["nothing", "no.such:thing", "json:nothing"])
    def test_names_a_builder_that_is_not_there(self, reference, tmp_path):
        with pytest.raises(ConversionError, match=f"--builder {reference}"):
            build_model(reference, tmp_path)

    def test_names_weights_that_do_not_fit(self, module, tmp_path):
        _network(keras).save_weights(tmp_path / "other.weights.h5")
        with pytest.raises(ConversionError, match=r"--builder own.* failed"):
            build_model(f"{module}:functional", tmp_path / "other.weights.h5")

    def test_names_a_signature_that_is_missing(self, tmp_path):
        import tensorflow as tf

        tf.saved_model.save(tf.Module(), str(tmp_path / "empty"))
        with pytest.raises(ConversionError, match="expected serving_default"):
            read_source(tmp_path / "empty")
