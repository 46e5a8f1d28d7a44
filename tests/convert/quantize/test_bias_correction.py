import numpy as np
import pytest
import tensorflow as tf
import tf_keras
from ai_edge_litert.interpreter import Interpreter

from convert.quantize import qat
from convert.quantize.bias_correction import bias_corrected, round_kernel
from convert.quantize.export import flatbuffer
from convert.quantize.qat import fine_tuned
from convert.quantize.recipes import RECIPES, FineTuning
from convert.quantize.relative_adam import RelativeAdam
from edge_runtime.photos.preprocessing import resize
from training.fitting.batches import AugmentedPhotos

SIZE_PX = 16
layers = tf_keras.layers


@pytest.fixture(scope="module")
def model():
    """A depthwise block whose channels see nearly the same value in every photo."""
    tf_keras.utils.set_random_seed(1)
    pixels = layers.Input((SIZE_PX, SIZE_PX, 3))
    values = layers.Conv2D(6, 3, padding="same", activation="relu", name="stem")(pixels)
    values = layers.DepthwiseConv2D(3, strides=2, padding="same", name="deep")(values)
    values = layers.ReLU(6.0)(values)
    values = layers.Conv2D(5, 1, name="point")(values)
    values = layers.GlobalAveragePooling2D()(values)
    scores = layers.Dense(1, activation="sigmoid", name="probability")(values)
    model = tf_keras.Model(pixels, scores)
    generator = np.random.default_rng(3)
    for layer in model.layers:
        if layer.name in ("stem", "deep", "point"):
            kernel, bias = layer.get_weights()
            kernel = generator.normal(0.5, 1.0, kernel.shape)
            layer.set_weights([kernel, generator.uniform(0.5, 1.0, bias.shape)])
    return model


@pytest.fixture(scope="module")
def shown():
    generator = np.random.default_rng(5)
    return generator.uniform(0.6, 0.7, (20, SIZE_PX, SIZE_PX, 3)).astype(np.float32)


def _rounded(model):
    copy = tf_keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    for name in ("stem", "deep", "point"):
        layer = copy.get_layer(name)
        kernel, bias = layer.get_weights()
        layer.set_weights([round_kernel(layer, kernel), bias])
    return copy


def _means(model, name, shown, like):
    """Of each channel of one layer, given what ``like`` gives to it."""
    given = tf_keras.Model(like.input, like.get_layer(name).input)(shown)
    layer = model.get_layer(name)
    activation, layer.activation = layer.activation, tf_keras.activations.linear
    values = layer(given)
    layer.activation = activation
    return tf.reduce_mean(tf.cast(values, tf.float64), axis=(0, 1, 2)).numpy()


@pytest.mark.parametrize("name", ["stem", "deep", "point"])
def test_rounded_layer_keeps_the_mean_of_every_channel(model, shown, name):
    wanted = _means(model, name, shown, model)
    given = _means(_rounded(bias_corrected(model, shown)), name, shown, model)
    without = _means(_rounded(model), name, shown, model)
    assert np.abs(without - wanted).max() > 1e-3
    np.testing.assert_allclose(given, wanted, rtol=1e-5, atol=1e-5)


def test_float_model_stays_as_it_was(model, shown):
    before = model.get_weights()
    bias_corrected(model, shown)
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_layers_kept_in_float_are_not_rounded(model, shown):
    corrected = bias_corrected(model, shown, keep_float=("deep",))
    for now, then in zip(
        corrected.get_layer("deep").get_weights(),
        model.get_layer("deep").get_weights(),
        strict=True,
    ):
        np.testing.assert_array_equal(now, then)


def test_dead_channels_stay_dead():
    layer = layers.Conv2D(2, 1)
    layer.build((None, 4, 4, 1))
    rounded = round_kernel(layer, np.array([0.0, 0.3], np.float32).reshape(1, 1, 1, 2))
    np.testing.assert_allclose(rounded.ravel(), [0.0, 0.3], rtol=1e-6)


def test_network_without_convolutions_is_left_alone(shown):
    pixels = layers.Input((SIZE_PX, SIZE_PX, 3))
    plain = tf_keras.Model(pixels, layers.Dense(1)(layers.Flatten()(pixels)))
    np.testing.assert_array_equal(bias_corrected(plain, shown)(shown), plain(shown))


def test_converter_stores_the_rounding_that_was_corrected_for(model, shown):
    corrected = bias_corrected(model, shown)
    file = flatbuffer(
        corrected,
        RECIPES["ptq_int8"],
        size_px=SIZE_PX,
        io="uint8",
        representative=lambda: (each[None] for each in shown),
    )
    deep, point = corrected.get_layer("deep"), corrected.get_layer("point")
    stored = _stored_kernels(file)
    np.testing.assert_allclose(
        stored[1, 3, 3, 6][0], deep.get_weights()[0][..., 0], atol=1e-6
    )
    wanted = round_kernel(point, point.get_weights()[0])[0, 0].T
    np.testing.assert_allclose(stored[5, 1, 1, 6][:, 0, 0], wanted, atol=1e-6)


def _stored_kernels(file):
    """Real values of the int8 kernels, by their shape in the file."""
    interpreter = Interpreter(model_content=file)
    found = {}
    for each in interpreter.get_tensor_details():
        shape, quantised = tuple(each["shape"]), each["quantization_parameters"]
        if len(shape) == 4 and len(quantised["scales"]) > 1:
            along = [1, 1, 1, 1]
            along[quantised["quantized_dimension"]] = -1
            scales = quantised["scales"].reshape(along)
            found[shape] = interpreter.get_tensor(each["index"]) * scales
    return found


def test_fine_tuning_leaves_depthwise_kernels_on_their_grid(model, shown, monkeypatch):
    moved = []

    class Watched(RelativeAdam):
        def __init__(self, variables):
            moved.extend(variable.name for variable in variables)
            super().__init__(variables)

    monkeypatch.setattr(qat, "RelativeAdam", Watched)
    squares = [(each * 255).astype(np.uint8) for each in shown]
    photos = AugmentedPhotos(
        squares,
        np.arange(len(squares)) % 2,
        SIZE_PX,
        lambda square, size_px, _rng, _strength: resize(square, size_px),
        4,
        seed=0,
    )
    taught = fine_tuned(model, photos, shown, FineTuning(4, 1e-2))
    kernel = _kernel(taught, "quant_deep")
    wanted = round_kernel(
        model.get_layer("deep"), model.get_layer("deep").get_weights()[0]
    )
    np.testing.assert_array_equal(kernel, wanted)
    assert any("point/kernel" in name for name in moved)
    assert not any("depthwise_kernel" in name for name in moved)


def _kernel(model, layer):
    found = next(each for each in model.layers if each.name == layer)
    return next(w for w in found.weights if "kernel:" in w.name).numpy()
