import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from convert.errors import ConversionError
from convert.graph.fold_batch_norm import folded
from convert.graph.keras_to_nodes import nodes_of
from convert.graph.nodes import built
from convert.quantize.export import flatbuffer
from convert.quantize.recipes import RECIPES
from edge_runtime.model.interpreter import open_interpreter

SIZE_PX = 16


@pytest.fixture(scope="module")
def model(small_network):
    return built(folded(nodes_of(small_network("bn_relu"))), SIZE_PX)


@pytest.fixture(scope="module")
def pixels():
    photos = np.random.default_rng(0).random((16, 1, SIZE_PX, SIZE_PX, 3))
    # Black and white are among them, so that the range is that of pixels.
    photos[0], photos[1] = 0, 1
    return photos.astype(np.float32)


def _refuse():
    raise AssertionError("only ptq_int8 needs photos")


def _export(model, recipe, representative=_refuse, io="uint8"):
    return open_interpreter(
        flatbuffer(
            model,
            RECIPES[recipe],
            size_px=SIZE_PX,
            io=io,
            representative=representative,
        )
    )


def test_float_file_gives_the_models_probabilities(model, pixels):
    opened = _export(model, "float32")
    given = np.array([opened.infer(photo)[0] for photo in pixels])
    expected = np.asarray(model(pixels[:, 0]))[:, 0]
    assert opened.input_shape == (1, SIZE_PX, SIZE_PX, 3)
    assert opened.input.is_identity
    assert opened.output.is_identity
    assert np.abs(given - expected).max() <= 1e-5


@pytest.fixture(scope="module")
def integer_files(model, pixels):
    """The int8 file with each type of edge."""
    return {
        io: _export(model, "ptq_int8", lambda: iter(pixels), io)
        for io in ("uint8", "int8", "float32")
    }


def test_edges_have_the_type_asked_for(integer_files):
    for io, opened in integer_files.items():
        assert opened.input_shape == (1, SIZE_PX, SIZE_PX, 3)
        assert (opened.input.dtype_name, opened.output.dtype_name) == (io, io)


def test_inner_numbers_are_the_same_for_every_type_of_edge(integer_files, pixels):
    levels = np.rint(pixels * 255)
    scores = []
    for opened in integer_files.values():
        stored = [opened.input.store(photo / 255) for photo in levels]
        scores.append([opened.output.restore(opened.infer(x))[0] for x in stored])
    np.testing.assert_array_equal(scores[0], scores[1])
    np.testing.assert_allclose(scores[0], scores[2], rtol=0, atol=1e-7)


def test_refusal_of_the_converter_names_the_operation():
    given = tf_keras.Input((SIZE_PX, SIZE_PX, 3))
    values = tf_keras.layers.Lambda(lambda x: tf.linalg.svd(x, compute_uv=False))(given)
    with pytest.raises(ConversionError, match="Svd"):
        _export(tf_keras.Model(given, values), "float32")
