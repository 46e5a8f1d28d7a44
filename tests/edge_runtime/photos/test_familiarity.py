"""Other things than lesions, as pictures: how far they are from what models know."""

import json

import numpy as np
import pytest
from PIL import Image

from edge_runtime.photos.decoding import read_photo
from edge_runtime.photos.familiarity import MEASURES, distance, fitted, measures
from edge_runtime.photos.manifest import read_manifest
from edge_runtime.photos.measures import structure
from edge_runtime.photos.preprocessing import as_picture, preprocess
from edge_runtime.photos.quality import FOREIGN, MOST_UNFAMILIAR, photo_findings


def far(image):
    look = as_picture(preprocess(image, min(128, *image.shape[:2])))
    return distance(look, structure(look))


@pytest.mark.parametrize("skin", [(244, 208, 177), (150, 100, 80), (70, 45, 35)])
@pytest.mark.parametrize("shape", [(48, 64), (300, 400)])
def test_a_lesion_on_any_skin_and_of_any_size_is_familiar(drawn, skin, shape):
    assert far(drawn(*shape, skin=skin)) < MOST_UNFAMILIAR


def test_exposure_changes_no_measure(drawn):
    bright = drawn(256, 256, skin=(240, 180, 156))
    dark = (bright * 0.5).astype(np.uint8)
    found, expected = (
        measures(look, structure(look))
        for look in (as_picture(preprocess(each, 128)) for each in (dark, bright))
    )
    # Whole levels: half as many of them carry the same picture.
    np.testing.assert_allclose(found, expected, atol=0.06)


def test_other_things_than_lesions_are_foreign():
    chance = np.random.default_rng(0)
    checks = np.kron(np.indices((8, 8)).sum(axis=0) % 2, np.ones((40, 40)))
    sky, grass = np.full((160, 320, 3), (120, 170, 225)), np.full((160, 320, 3), 60)
    for name, picture in {
        "noise": chance.integers(0, 256, (320, 320, 3)),
        "checks": 255 * np.repeat(checks[..., np.newaxis], 3, axis=2),
        "sky": np.concatenate([sky, grass]),
    }.items():
        assert far(picture.astype(np.uint8)) > FOREIGN, name


def test_the_finding_says_how_far_it_is(drawn):
    noise = np.random.default_rng(0).integers(0, 256, (320, 320, 3)).astype(np.uint8)
    found = {each.name: each for each in photo_findings(noise, preprocess(noise, 32))}
    assert found["unfamiliar"].value == pytest.approx(far(noise))
    assert found["unfamiliar"].unusable
    assert found["unfamiliar"].limit == FOREIGN


def test_whitening_makes_distances_of_deviation_one():
    chance = np.random.default_rng(0)
    mixing = chance.normal(0, 1, (4, 4))
    values = chance.normal(0, 1, (5000, 4)) @ mixing.T + 7
    mean, whitening = fitted(values)
    white = (values - mean) @ whitening.T
    np.testing.assert_allclose(np.cov(white.T), np.eye(4), atol=1e-9)


def test_the_page_knows_the_same_numbers(root):
    script = (root / "web_demo/static/js/familiar.js").read_text()
    here = json.loads((root / "edge_runtime/photos/familiar.json").read_text())
    values = script[script.index("{") : script.rindex("}") + 1]
    assert json.loads(values) == here
    assert len(here["mean"]) == len(MEASURES)


def test_few_real_lesions_are_called_unfamiliar(fanconic):
    photos = [
        photo
        for photo in read_manifest(fanconic / "manifest.csv", check_files=False)
        if photo.split != "test"
    ][::13]
    distances = np.array([far(read_photo(photo.path)) for photo in photos])
    # 0.3 % and 2.6 % of 700; of these 203, at most three standard deviations more.
    assert (distances > FOREIGN).mean() <= 0.02
    assert (distances > MOST_UNFAMILIAR).mean() <= 0.06


def test_a_small_photo_of_a_lesion_is_judged_too(drawn):
    small = np.asarray(Image.fromarray(drawn(320, 320)).resize((40, 40)))
    assert far(small) < FOREIGN


def test_the_measures_are_the_plain_statistics_of_the_picture(drawn):
    look = np.asarray(Image.fromarray(drawn(64, 64)))
    look = (look + np.random.default_rng(0).integers(0, 9, look.shape)).astype(np.uint8)
    picture = as_picture(look)
    colours = look.astype(float)
    red, green, blue = (colours[..., channel] for channel in range(3))
    largest, smallest = colours.max(axis=2), colours.min(axis=2)
    saturation = (largest - smallest) / largest
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    fields = luma.reshape(16, 4, 16, 4).mean(axis=(1, 3))
    detail = (luma - np.kron(fields, np.ones((4, 4)))).std()
    # numpy's gradient is half the difference of the neighbours, at all but the border.
    down, across = (slope[1:-1, 1:-1] for slope in np.gradient(luma))
    expected = {
        "saturation": saturation.mean(),
        "spread of saturation": np.log(saturation.std()),
        "spread of red": np.log((red / (colours.sum(axis=2) + 1)).std()),
        "spread of blue": np.log((blue / (colours.sum(axis=2) + 1)).std()),
        "detail": np.log(detail / luma.mean()),
        "detail over structure": np.log(detail / fields.std()),
        "edges": (np.hypot(down, across) > 0.15 * luma.mean()).mean(),
        "reddish": ((red > green) & (red > blue)).mean(),
        "structure": np.log(structure(picture)),
    }
    found = dict(zip(MEASURES, measures(picture, structure(picture)), strict=True))
    assert {name: found[name] for name in expected} == pytest.approx(expected)
    assert 0 < found["edges"] < 1
