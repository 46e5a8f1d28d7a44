"""The one definition of what a model sees."""

import numpy as np
import pytest

from edge_runtime.photos.decoding import read_photo
from edge_runtime.photos.preprocessing import (
    as_picture,
    centre_square,
    load_pixels,
    planes_of,
    preprocess,
    resize,
)


def antialiased_bilinear(line, size):
    """The triangle filter whose support grows with the reduction, one output a time."""
    scale = len(line) / size
    support = max(scale, 1.0)
    centres = np.arange(len(line)) + 0.5
    outputs = []
    for index in range(size):
        far = np.abs(centres - (index + 0.5) * scale) / support
        weights = (1 - far).clip(0)
        outputs.append(np.tensordot(weights / weights.sum(), line, axes=1))
    return np.array(outputs)


@pytest.mark.parametrize(
    ("height", "width", "top", "left"),
    [(4, 4, 0, 0), (4, 7, 0, 1), (7, 4, 1, 0), (4, 8, 0, 2), (1, 9, 0, 4)],
)
def test_the_square_lies_in_the_centre(height, width, top, left):
    image = np.arange(height * width * 3, dtype=np.uint8).reshape(height, width, 3)
    side = min(height, width)
    expected = image[top : top + side, left : left + side]
    np.testing.assert_array_equal(centre_square(image), expected)


def test_planes_are_the_colours_one_after_the_other(drawn):
    image = drawn(5, 7)
    planes = planes_of(as_picture(image))
    np.testing.assert_array_equal(planes, image.transpose(2, 0, 1))


@pytest.mark.parametrize(("side", "size_px"), [(97, 32), (144, 64), (40, 64), (64, 64)])
def test_resize_is_the_antialiased_triangle_filter(drawn, side, size_px):
    image = drawn(side, side)
    across = antialiased_bilinear(image.swapaxes(0, 1).astype(float), size_px)
    expected = antialiased_bilinear(across.swapaxes(0, 1), size_px)
    # Pillow rounds to whole levels after each of its two passes: half a level twice.
    assert np.abs(resize(image, size_px) - expected).max() <= 1.01


def test_an_image_of_the_right_size_is_left_alone(drawn):
    image = drawn(64, 64)
    np.testing.assert_array_equal(preprocess(image, 64), image)


def test_only_the_centre_counts(drawn):
    wide = drawn(60, 100)
    np.testing.assert_array_equal(
        preprocess(wide, 32), preprocess(wide[:, 20:80].copy(), 32)
    )


def test_a_coloured_card_keeps_its_colours():
    card = np.zeros((50, 70, 3), np.uint8)
    card[:] = (250, 120, 10)
    assert (preprocess(card, 32) == (250, 120, 10)).all()


def test_an_upright_and_a_wide_photo_are_treated_alike(drawn):
    image = drawn(60, 100)
    turned = np.ascontiguousarray(image.swapaxes(0, 1))
    # The two passes of the filter change places, each rounding once.
    difference = preprocess(turned, 32).swapaxes(0, 1).astype(int)
    assert np.abs(difference - preprocess(image, 32)).max() <= 1


@pytest.mark.parametrize("size_px", [32, 64, 128])
def test_decoding_at_reduced_scale_hardly_shows(drawn, encoded, size_px):
    jpeg = encoded(drawn(1050, 1400), "JPEG", quality=95)
    reduced = load_pixels(jpeg, size_px).astype(int)
    whole = preprocess(read_photo(jpeg), size_px)
    # 0.1 to 0.3 levels on photos; the drawn edge is sharper than a camera's, and a side
    # that 8 does not divide moves the crop by up to half a reduced pixel.
    assert np.abs(reduced - whole).mean() < 1


def test_a_photo_smaller_than_the_model_is_enlarged(drawn):
    assert preprocess(drawn(9, 12), 32).shape == (32, 32, 3)
