"""The second road to int8; skipped where its package is not installed."""

import keras
import numpy as np
import pytest

from convert.errors import ConversionError
from convert.graph.fold_batch_norm import folded
from convert.graph.keras_to_nodes import nodes_of
from convert.graph.nodes import built
from convert.pipeline.settings import ALL
from convert.quantize.export import flatbuffer
from convert.quantize.recipes import AI_EDGE, RECIPES
from convert.tflite.audit import audit
from convert.tflite.edges import with_edges_of
from convert.to_tflite import parse
from edge_runtime.model.interpreter import open_interpreter

SIZE_PX = 16


@pytest.fixture(scope="module")
def model():
    """Without a dead channel, whose kernel of zeros the package turns into no number.

    The gates refuse such a file; see decision 90.
    """
    keras.utils.set_random_seed(0)
    layers = keras.layers
    given = keras.Input((SIZE_PX, SIZE_PX, 3))
    inner = layers.Conv2D(6, 3, activation="relu")(given)
    inner = layers.DepthwiseConv2D(3)(inner)
    inner = layers.GlobalAveragePooling2D()(inner)
    network = keras.Model(given, layers.Dense(1, activation="sigmoid")(inner))
    return built(folded(nodes_of(network)), SIZE_PX)


@pytest.fixture(scope="module")
def pixels():
    generator = np.random.default_rng(0)
    noise = generator.integers(100, 256, (24, SIZE_PX, SIZE_PX, 3))
    return (noise * generator.random((24, 1, 1, 3))).astype(np.uint8)


def _file(model, recipe, pixels, **options):
    real = np.float32(pixels) / 255
    # As the conversion hands them over, and as other callers do.
    shown = [[each[None]] if n % 2 else each[None] for n, each in enumerate(real)]
    return flatbuffer(
        model,
        RECIPES[recipe],
        size_px=SIZE_PX,
        representative=lambda: iter(shown),
        **options,
    )


def _scores(file, pixels):
    opened = open_interpreter(file)
    given = opened.input.store_pixels(0.0, 255.0)[pixels]
    return np.array(
        [float(opened.output.restore(opened.infer(x[None]))[0]) for x in given]
    )


class TestWithThePackage:
    @pytest.fixture(autouse=True)
    def package(self):
        pytest.importorskip("ai_edge_quantizer")

    @pytest.mark.parametrize("io", ["uint8", "int8", "float32"])
    def test_gives_integers_and_the_scores_of_the_float_model(self, io, model, pixels):
        expected = np.asarray(model(np.float32(pixels) / 255))[:, 0]
        file = _file(model, AI_EDGE, pixels, io=io)
        assert audit(file, int8=True).quantisation["Conv2D"] == "int8, per channel"
        opened = open_interpreter(file)
        assert opened.input.dtype_name == opened.output.dtype_name == io
        # Two steps of 1/256, against a spread of many.
        assert np.ptp(expected) > 0.04
        assert np.abs(_scores(file, pixels) - expected).max() < 2 / 256


def test_all_recipes_leave_out_that_of_an_optional_package():
    settings = parse(["net.keras", "--manifest", "m.csv", "--recipe", ALL])
    recipes = [job.recipe for job in settings.jobs()]
    assert recipes == [each for each in RECIPES if each != AI_EDGE]


@pytest.mark.parametrize("io", ["uint8", "float32"])
def test_other_edges_change_no_score(io, model, pixels):
    inside = _file(model, "ptq_int8", pixels, io="int8")
    outside = with_edges_of(inside, io)
    opened = open_interpreter(outside)
    assert opened.input.dtype_name == opened.output.dtype_name == io
    np.testing.assert_array_equal(_scores(outside, pixels), _scores(inside, pixels))


def test_edges_of_a_float_file_are_refused(model, pixels):
    floating = _file(model, "float32", pixels, io="float32")
    with pytest.raises(ConversionError, match="expected int8 at both edges"):
        with_edges_of(floating, "uint8")
