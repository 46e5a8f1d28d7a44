import numpy as np
import pytest
from PIL import Image

from convert.errors import ConversionError
from convert.targets.resize_in_graph import int8_weights, pillow_weights, with_resize
from convert.tflite.editing import OpenGraph
from edge_runtime.model.file import read_model_file
from edge_runtime.model.interpreter import open_interpreter
from training.synthetic.lesions import draw_lesion

FROM_PX = 224


@pytest.mark.parametrize("size_px", [16, 32, 64, 100, 128, 224])
def test_weights_are_pillows(size_px):
    levels = np.random.default_rng(0).random((1, FROM_PX), np.float32)
    given = Image.fromarray(levels).resize((size_px, 1), Image.Resampling.BILINEAR)
    expected = levels @ pillow_weights(FROM_PX, size_px).T
    # Pillow's arithmetic on 32-bit floats.
    np.testing.assert_allclose(np.asarray(given), expected, atol=1e-6)


@pytest.mark.parametrize("size_px", [16, 32, 64, 128])
def test_integer_weights_keep_an_even_level(size_px):
    stored, scale = int8_weights(pillow_weights(FROM_PX, size_px))
    assert set((stored.astype(int).sum(axis=1) * scale).tolist()) == {1.0}


def _resize_alone(model):
    """A function: the pixels behind the resize, whose graph ends there."""
    graph = OpenGraph(with_resize(model, FROM_PX))
    kinds = [graph.kind(operator) for operator in graph.graph.operators]
    last = len(kinds) - kinds[::-1].index("TRANSPOSE")
    del graph.graph.operators[last:]
    graph.graph.outputs = graph.graph.operators[-1].outputs
    graph.model.signatureDefs = []
    opened = open_interpreter(graph.packed())

    def resized(image):
        stored = opened.infer(image[np.newaxis]).reshape(-1)
        size_px = int((stored.size / 3) ** 0.5)
        return (
            stored.reshape(size_px, size_px, 3).astype(int) - opened.output.zero_point
        )

    return resized


@pytest.mark.parametrize("network", ["cnn32", "cnn64", "cnn128"])
def test_pixels_inside_are_pillows_within_two_levels(root, network):
    file = read_model_file(root / f"models/{network}.qat_int8.tflite")
    size_px = file.card.input.size_px
    resized = _resize_alone(file.model)
    differences = []
    for seed in range(4):
        image = draw_lesion(seed, size_px=FROM_PX, malignant_like=bool(seed % 2))
        square = (size_px, size_px)
        pillow = Image.fromarray(image).resize(square, Image.Resampling.BILINEAR)
        differences.append(resized(image) - np.asarray(pillow, int))
    # Weights of 7 bits, where Pillow has 22.
    assert np.abs(differences).max() <= 2
    assert np.abs(differences).mean() < 0.5


@pytest.mark.parametrize("level", [0, 77, 255])
def test_even_area_keeps_its_level_exactly(root, level):
    file = read_model_file(root / "models/cnn64.qat_int8.tflite")
    resized = _resize_alone(file.model)
    image = np.full((FROM_PX, FROM_PX, 3), level, np.uint8)
    assert set(resized(image).ravel().tolist()) == {level}


@pytest.mark.parametrize("kind", ["float32", "int8_float_edges"])
def test_float_edges_give_the_scores_of_pillow(tiny_models, kind):
    small = open_interpreter(tiny_models[kind])
    large = open_interpreter(with_resize(tiny_models[kind], 64))
    assert large.input_shape == (1, 64, 64, 3)
    image = draw_lesion(3, size_px=64, malignant_like=True)
    pillow = Image.fromarray(image).resize((16, 16), Image.Resampling.BILINEAR)
    expected = small.infer(np.float32(np.asarray(pillow)[np.newaxis] / 255))
    given = large.infer(np.float32(image[np.newaxis] / 255))
    # Half a level of rounding in the small picture, and two in int8 weights.
    assert abs(float(given[0]) - float(expected[0])) < 0.05


def test_larger_model_is_refused(tiny_models):
    with pytest.raises(ConversionError, match="squares of at most 8 px"):
        with_resize(tiny_models["int8"], 8)
