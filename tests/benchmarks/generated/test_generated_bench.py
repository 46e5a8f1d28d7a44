import json
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from benchmarks.generated.generated_bench import REAL, main
from benchmarks.generated.photo_sets import group, of_make_up
from edge_runtime.photos.manifest import photos_of, read_manifest


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("out")


@pytest.fixture
def rows(real, generated, out):
    """What the bench finds, by the set's name."""
    if not (out / "generated.json").exists():
        words = [*map(str, generated.values()), "--manifest", str(real)]
        assert main([*words, "--judge", "run", "--out", str(out)]) == 0
    return {
        row["name"]: row
        for row in json.loads((out / "generated.json").read_text())["rows"]
    }


def test_real_training_photos_are_the_nearest_and_noise_the_farthest(rows):
    assert [*rows] == [REAL, "good", "copies", "noise"]
    for figure in ("frechet", "kernel"):
        assert rows["noise"][figure] > 10 * abs(rows[REAL][figure])
        assert rows["good"][figure] < rows["noise"][figure] / 10


def test_a_probe_tells_noise_and_not_real_photos(rows):
    assert rows["noise"]["probe_features"] > 0.99
    assert rows[REAL]["probe_features"] < 0.7


def test_copies_are_near(rows):
    assert rows["copies"]["near"] > 0.9 > 0.1 > rows["good"]["near"]
    assert rows["copies"]["nearest"] < rows["good"]["nearest"]


def test_noise_is_foreign_bright_detail_without_a_label(rows):
    assert rows["noise"]["foreign"] > rows["good"]["foreign"]
    assert rows["noise"]["detail"] > 5
    assert rows["noise"]["spread"] < 0.5
    assert rows["noise"]["label_auc"] == pytest.approx(0.5, abs=0.15)


def test_a_grid_of_each_set_is_written(rows, out):
    for name in ("good", "copies", "noise"):
        with Image.open(out / f"{name}.jpg") as image:
            assert image.size == (660, 264)
            assert np.asarray(image).std() > 5
    assert not (out / f"{REAL}.jpg").exists()
    assert "0.5 would be perfect" in (out / "generated.md").read_text()


def test_real_photos_in_a_generated_table_are_refused(real, out, capsys):
    words = [str(real), "--manifest", str(real), "--judge", "run", "--out", str(out)]
    assert main(words) == 1
    assert "not generated" in capsys.readouterr().err


def test_a_source_without_real_photos_is_named(real):
    photos = photos_of(read_manifest(real), "test")
    wanted = Counter({("vienna", True): 5, ("graz", False): 1})
    with pytest.raises(Exception, match="no benign photo of graz"):
        of_make_up(photos, wanted, 0)
    drawn = of_make_up(photos, Counter({("vienna", True): 5, ("vienna", False): 2}), 0)
    assert Counter(map(group, drawn)) == {("vienna", True): 5, ("vienna", False): 2}
