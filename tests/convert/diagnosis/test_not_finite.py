import keras
import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from convert.diagnosis.not_finite import origin_in_file, origin_in_model
from convert.quantize.export import flatbuffer
from convert.quantize.recipes import RECIPES
from convert.source.model import Source

SIZE_PX = 16


@pytest.fixture
def model():
    given = keras.Input((SIZE_PX, SIZE_PX, 3))
    inner = keras.layers.Conv2D(4, 3, activation="relu", name="first")(given)
    inner = keras.layers.Conv2D(4, 3, name="second")(inner)
    inner = keras.layers.BatchNormalization(name="norm")(inner)
    inner = keras.layers.GlobalAveragePooling2D(name="pooled")(inner)
    outputs = keras.layers.Dense(1, activation="sigmoid", name="last")(inner)
    return keras.Model(given, outputs)


def _changed(model, layer, factor):
    kernel, *others = model.get_layer(layer).get_weights()
    model.get_layer(layer).set_weights([kernel * factor, *others])
    return Source(model, "net", SIZE_PX, "0" * 64, {})


def _white():
    return np.ones((1, SIZE_PX, SIZE_PX, 3), np.float32)


def test_names_the_layer_whose_weights_are_no_numbers(model):
    found = origin_in_model(_changed(model, "second", np.nan), _white())
    assert found == "The weights of layer second hold it already. "


def test_names_the_layer_that_overflows(model):
    # 3e38 is the largest float32: the sum of 27 such products is infinite.
    kernel, bias = model.get_layer("first").get_weights()
    model.get_layer("first").set_weights([np.full_like(kernel, 3e38), bias])
    found = origin_in_model(Source(model, "net", SIZE_PX, "0" * 64, {}), _white())
    assert found == "Layer first is the first to give it. "


def test_says_nothing_of_a_sound_model(model):
    assert origin_in_model(_changed(model, "first", 1), _white()) == ""


def test_names_the_layer_of_a_file():
    # TFLite's own kernels cut infinities off; the root of a negative number stays.
    given = tf_keras.Input((SIZE_PX, SIZE_PX, 3))
    inner = tf_keras.layers.Conv2D(4, 3, name="conv")(given)
    inner = tf_keras.layers.Lambda(lambda x: tf.sqrt(x - 99.0), name="root")(inner)
    outputs = tf_keras.layers.GlobalAveragePooling2D(name="pooled")(inner)
    file = flatbuffer(
        tf_keras.Model(given, outputs),
        RECIPES["float32"],
        size_px=SIZE_PX,
        io="float32",
        representative=lambda: iter(()),
    )
    pixels = np.full((SIZE_PX, SIZE_PX, 3), 200, np.uint8)
    found = origin_in_file(file, pixels)
    assert found == "Layer root is the first to give it. "
