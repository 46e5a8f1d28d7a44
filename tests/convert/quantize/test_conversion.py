from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from convert.checks.gates import input_finding
from convert.errors import ConversionError
from convert.graph.fold_batch_norm import folded
from convert.quantize import conversion
from convert.quantize.calibration_photos import representative_photos
from convert.quantize.conversion import converted, rebuilt
from convert.quantize.recipes import RECIPES, FineTuning
from convert.source.model import Source
from convert.source.scoring import (
    MEAN,
    STD,
    Photos,
    file_scores,
    keras_scores,
    read_photos,
)
from edge_runtime.model.interpreter import open_interpreter
from edge_runtime.model.quantization import Quantization
from edge_runtime.photos.manifest import photos_of, read_manifest
from edge_runtime.photos.preprocessing import load_pixels
from training.synthetic.dataset import draw_table

SIZE_PX = 16


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return read_manifest(draw_table(tmp_path_factory.mktemp("table"), 8, 8, size_px=32))


@pytest.fixture(scope="module")
def val(table):
    return read_photos(photos_of(table, "val"), SIZE_PX, "validation")


@pytest.fixture(scope="module", params=["relu_bn_relu", "bn_relu"])
def source(request, small_network):
    return Source(small_network(request.param), "small16", SIZE_PX, "0" * 64, {})


def _convert(source, model, recipe, photos):
    return converted(
        source,
        model,
        RECIPES[recipe],
        photos,
        representative_photos(photos),
        io="uint8",
        tuning=FineTuning(1, 1e-5),
    )


def test_photos_are_what_the_runtime_shows_a_model(table):
    photos = photos_of(table, "val")
    read = read_photos(photos, SIZE_PX, "validation")
    np.testing.assert_array_equal(
        read.pixels, [load_pixels(photo.path, SIZE_PX) for photo in photos]
    )
    assert read.labels.tolist() == [int(photo.malignant) for photo in photos]
    np.testing.assert_array_equal(np.rint(read.real * 255), read.pixels)


class TestRebuilt:
    def test_gives_the_models_own_probabilities(self, source, val):
        given = np.asarray(rebuilt(source, val)(val.real))[:, 0]
        assert np.abs(given - keras_scores(source, val)).max() <= 1e-5

    def test_stops_where_it_does_not(self, source, val, monkeypatch):
        def slipped(nodes):
            *others, last = folded(nodes)
            kernel, bias = last.weights
            return (*others, replace(last, weights=(kernel, bias + 0.01)))

        monkeypatch.setattr(conversion, "folded", slipped)
        with pytest.raises(ConversionError, match="small16 differs from the Keras"):
            rebuilt(source, val)


class TestConverted:
    def test_file_gives_the_models_own_scores(self, source, val, table):
        content = _convert(source, rebuilt(source, val), "float32", table)
        given = file_scores(open_interpreter(content), val)
        assert np.abs(given - keras_scores(source, val)).max() <= 1e-5

    @pytest.mark.parametrize("recipe", ["ptq_int8", "qat_int8"])
    def test_missing_class_is_found_before_fine_tuning(
        self, source, table, recipe, monkeypatch
    ):
        def refuse(*_):
            raise AssertionError("fine-tuned in vain")

        monkeypatch.setattr(conversion, "fine_tuned", refuse)
        photos = [x for x in table if x.split != "train" or not x.malignant]
        with pytest.raises(ConversionError, match="no malignant training photo"):
            _convert(source, None, recipe, photos)

    def test_input_covers_all_pixels_though_no_photo_does(self, source, val, table):
        levels = [load_pixels(photo.path, SIZE_PX) for photo in table]
        assert np.max(levels) < 255
        content = _convert(source, rebuilt(source, val), "ptq_int8", table)
        assert input_finding(open_interpreter(content)).passed


class TestInputFinding:
    @pytest.mark.parametrize(
        "given",
        [
            Quantization(1 / 255, 0, np.uint8),
            Quantization(float(np.float32(1 / 255)), -128, np.int8),
            Quantization.identity(),
        ],
        ids=lambda given: given.dtype_name,
    )
    def test_lets_the_pixel_itself_pass(self, given):
        assert input_finding(SimpleNamespace(input=given)).passed

    @pytest.mark.parametrize(
        "given",
        [
            Quantization(1 / 255, 1, np.uint8),
            Quantization(1 / 254, 0, np.uint8),
            Quantization(0.9 / 255, 0, np.uint8),
            Quantization(2 / 255, 0, np.int8),
        ],
        ids=["shifted", "wider", "narrower", "as-if-centred"],
    )
    def test_stops_at_any_other_range(self, given):
        found = input_finding(SimpleNamespace(input=given))
        assert not found.passed
        assert "stored input should be the pixel" in found.text


def test_a_real_input_is_a_pixel_divided_by_255():
    pixels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    real = Photos(pixels, np.zeros(1, np.int64)).real
    assert (MEAN, STD) == (0.0, 255.0)
    np.testing.assert_allclose(real, pixels / 255, rtol=1e-7)
