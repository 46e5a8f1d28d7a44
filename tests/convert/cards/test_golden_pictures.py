import io

import numpy as np
import pytest
from PIL import Image

from convert.cards.golden_pictures import golden_pngs
from edge_runtime.photos.decoding import read_photo
from edge_runtime.photos.preprocessing import preprocess


@pytest.fixture(scope="module")
def pngs():
    return golden_pngs(32)


@pytest.mark.parametrize("size_px", [32, 128])
def test_pictures_are_wider_than_high_by_an_odd_margin_and_must_be_shrunk(size_px):
    for png in golden_pngs(size_px).values():
        height, width, _ = read_photo(png).shape
        assert (width - height) % 2 == 1
        assert height > size_px


def test_colour_card_tells_exchanged_channels_apart(pngs):
    pixels = preprocess(read_photo(pngs["colour_card"]), 32)
    for order in ([2, 1, 0], [1, 0, 2], [0, 2, 1]):
        assert np.abs(pixels[..., order] - pixels.astype(int)).mean() > 40


def test_colour_card_tells_mirrored_and_turned_pictures_apart(pngs):
    pixels = preprocess(read_photo(pngs["colour_card"]), 32).astype(int)
    for wrong in (pixels[::-1], pixels[:, ::-1], np.rot90(pixels), np.rot90(pixels, 3)):
        assert np.abs(wrong - pixels).mean() > 40


def test_pictures_tell_resizing_without_antialiasing_apart(pngs):
    for name, png in pngs.items():
        image = Image.open(io.BytesIO(png)).convert("RGB")
        square = image.crop((4, 0, 4 + image.height, image.height))
        # What TensorFlow and OpenCV do by default: blend only the two nearest pixels.
        plain = square.transform(
            (32, 32),
            Image.Transform.AFFINE,
            (image.height / 32, 0, 0, 0, image.height / 32, 0),
            Image.Resampling.BILINEAR,
        )
        assert np.any(np.asarray(plain) != preprocess(read_photo(png), 32)), name


def test_same_seed_draws_the_same_pictures(pngs):
    assert golden_pngs(32) == pngs
    assert golden_pngs(32, seed=5) != pngs
