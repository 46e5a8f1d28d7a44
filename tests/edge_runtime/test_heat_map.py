"""Heat maps: they find what a score depends on, at a stated cost."""

import numpy as np
import pytest
from PIL import Image

from edge_runtime.__main__ import main
from edge_runtime.heat_map import INFERENCES, heat_map, overlay


@pytest.fixture
def pixels(drawn):
    return np.asarray(Image.fromarray(drawn(96, 96)).resize((64, 64)))


class TestMap:
    @pytest.mark.parametrize("row", [0, 5, 15])
    @pytest.mark.parametrize("column", [2, 9])
    def test_it_finds_the_only_part_that_matters(self, row, column):
        pixels = np.full((64, 64, 3), 128, np.uint8)
        part = np.s_[4 * row : 4 * row + 4, 4 * column : 4 * column + 4]
        pixels[part] = 250
        found = heat_map(lambda seen: 0.1 + 0.6 * seen[part].mean() / 255, pixels)
        assert np.unravel_index(found.gain.argmax(), (16, 16)) == (row, column)

    def test_what_speaks_against_is_negative(self):
        pixels = np.full((64, 64, 3), 128, np.uint8)
        pixels[:8, :8] = 250
        found = heat_map(lambda seen: 0.9 - seen[:8, :8].mean() / 500, pixels)
        assert found.gain[:2, :2].max() < 0
        assert np.count_nonzero(found.gain) == 4

    def test_a_score_of_nothing_gives_nothing(self, pixels):
        assert not heat_map(lambda seen: 0.5, pixels).gain.any()

    @pytest.mark.parametrize("size_px", [32, 33, 64, 100, 128])
    def test_it_costs_what_it_says(self, size_px):
        calls = []
        found = heat_map(
            lambda seen: calls.append(seen) or 0.5,
            np.zeros((size_px, size_px, 3), np.uint8),
        )
        assert len(calls) == found.inferences == INFERENCES == 129
        assert {seen.shape for seen in calls} == {(size_px, size_px, 3)}

    def test_it_leaves_the_photo_alone(self, classifier, drawn):
        size_px = classifier.card.input.size_px
        pixels = np.array(Image.fromarray(drawn(96, 96)).resize((size_px, size_px)))
        before = pixels.copy()
        heat_map(classifier.score, pixels)
        assert np.array_equal(pixels, before)


class TestPicture:
    def test_red_lies_where_the_score_rises(self, pixels):
        grey = np.full((100, 160, 3), 128, np.uint8)
        found = heat_map(lambda seen: 0.5, pixels)
        gain = found.gain.copy()
        gain[2:5, 2:5], gain[11:14, 11:14] = 2.0, -2.0
        page = np.asarray(overlay(grey, type(found)(gain, 129))).astype(int)
        red, blue, none = page[110, 110], page[400, 400], page[110, 400]
        assert red[0] > red[2] + 40
        assert blue[2] > blue[0] + 40
        assert abs(none - 128).max() < 10


class TestCommand:
    def test_it_writes_a_picture_and_says_the_cost(
        self, model_path, classifier, drawn, tmp_path, capsys
    ):
        photo, out = tmp_path / "photo.png", tmp_path / "map.png"
        Image.fromarray(drawn(300, 300)).save(photo)
        words = ["classify", str(model_path), str(photo), "--heatmap", str(out)]
        assert main(words) == 0
        assert "129 inferences" in capsys.readouterr().out
        with Image.open(out) as picture:
            assert picture.format == "PNG"

    def test_several_photos_get_a_folder_and_a_bad_one_is_named(
        self, model_path, classifier, drawn, tmp_path, capsys
    ):
        for name in ("a", "b"):
            (tmp_path / name).mkdir()
            Image.fromarray(drawn(99, 99)).save(tmp_path / name / "same.png")
        (tmp_path / "a" / "broken.jpg").write_bytes(b"x")
        out = tmp_path / "maps"
        places = [str(tmp_path / "a"), str(tmp_path / "b")]
        assert main(["classify", str(model_path), *places, "--heatmap", str(out)]) == 3
        assert len(list(out.glob("*.heatmap.png"))) == 2
        assert "broken.jpg" in capsys.readouterr().err
