import numpy as np
import pytest

from edge_runtime.photos.crop import CENTRE, Crop, CropError, parsed
from edge_runtime.photos.preprocessing import centre_square, read_square


def test_the_middle_is_the_square_that_was_always_judged():
    random = np.random.default_rng(4)
    for width, height in random.integers(1, 60, (200, 2)):
        image = random.integers(0, 256, (height, width, 3)).astype(np.uint8)
        assert np.array_equal(read_square(image, 32), centre_square(image))


def test_every_square_lies_inside():
    random = np.random.default_rng(5)
    for width, height in random.integers(1, 400, (500, 2)):
        x, y, side = random.uniform((0, 0, 0.02), 1)
        left, top, px = Crop(x, y, side).box(width, height)
        assert 0 <= left <= left + px <= width and 0 <= top <= top + px <= height
        assert px >= 1


@pytest.mark.parametrize(
    "words", ["", "0.5", "0.5,0.5", "a,b,c", "1,1,0", "2,0.5,1", "inf,0,1", "0,0,nan"]
)
def test_what_is_no_square_is_refused(words):
    with pytest.raises(CropError, match="expected"):
        parsed(words)


def test_words_and_squares_are_each_others():
    assert parsed(str(CENTRE)) == CENTRE
    assert parsed("0.25, 0.5, 0.3") == Crop(0.25, 0.5, 0.3)
