import keras
import numpy as np
import pytest
import tensorflow as tf

from convert.errors import ConversionError
from convert.messages import in_short
from convert.quantize.converter_process import converted_apart
from convert.quantize.recipes import RECIPES
from edge_runtime.model.interpreter import open_interpreter

layers = keras.layers


def _frozen(model):
    from convert.quantize.export import _concrete

    return _concrete(model, 16, 0)


def _lstm():
    given = keras.Input((16, 16, 3))
    inner = layers.LSTM(8)(layers.Reshape((16, 48))(given))
    return keras.Model(given, layers.Dense(1, activation="sigmoid")(inner))


def _representative():
    generator = np.random.default_rng(0)
    return iter(generator.random((4, 1, 16, 16, 3), np.float32))


@pytest.mark.slow
def test_a_crash_of_the_converter_is_an_error_that_names_it():
    with pytest.raises(ConversionError) as stopped:
        converted_apart(
            _frozen(_lstm()),
            RECIPES["ptq_int8"],
            io="uint8",
            representative=_representative,
        )
    message = str(stopped.value)
    assert "TensorFlow's converter crashed" in message or "refused" in message
    assert len(message) < 600


@pytest.mark.slow
def test_another_process_gives_the_same_model():
    given = keras.Input((16, 16, 3))
    inner = layers.LeakyReLU(0.1)(layers.Conv2D(4, 3)(given))
    outputs = layers.Dense(1, activation="sigmoid")(layers.Flatten()(inner))
    model = keras.Model(given, outputs)
    content = converted_apart(
        _frozen(model),
        RECIPES["float32"],
        io="float32",
        representative=lambda: iter(()),
    )
    (picture,) = np.random.default_rng(1).random((1, 1, 16, 16, 3), np.float32)
    found = open_interpreter(content).infer(picture)
    np.testing.assert_allclose(found, np.asarray(model(picture))[0], atol=1e-6)


@pytest.mark.slow
def test_what_the_converter_refuses_is_told_in_short():
    class Sorted(tf.Module):
        def __call__(self, picture, training=False):
            values = tf.reshape(picture, (1, -1))
            return tf.raw_ops.Digamma(x=tf.reduce_max(values, 1, keepdims=True))

    with pytest.raises(ConversionError, match="refused the model") as stopped:
        converted_apart(
            _frozen(Sorted()),
            RECIPES["float32"],
            io="float32",
            representative=lambda: iter(()),
        )
    assert len(str(stopped.value)) < 400


@pytest.mark.parametrize(
    ("message", "short"),
    [
        ("Could not locate class 'Own'. Full object config: {'a': 1}",
         "Could not locate class 'Own'."),
        ("plain", "plain"),
        ("net.py:3:1: error: 'tf.Digamma' op is neither custom nor flex\nloc(x)",
         "'tf.Digamma' op is neither custom nor flex"),
    ],
)  # fmt: skip
def test_messages_are_cut_to_what_matters(message, short):
    assert in_short(message) == short


def test_a_long_message_says_how_to_see_all_of_it():
    text = in_short("word " * 500)
    assert len(text) < 340
    assert text.endswith("(--verbose shows all)")
