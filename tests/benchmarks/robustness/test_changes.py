import numpy as np
import pytest
from PIL import Image

from benchmarks.robustness.changes import SHIFTS, SHORTCUTS, STRENGTHS, shifted

ALL = {**SHIFTS, **SHORTCUTS}

SIDE = 96


@pytest.fixture(scope="module")
def square():
    """Brown on pink, with an edge and fine grain; no channel clips at strength 2."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE - 0.5
    inside = (np.hypot(x * 1.3, y) < 0.25)[..., None]
    colours = np.where(inside, (110, 75, 60), (170, 125, 115))
    return (colours + rng.integers(-6, 7, (SIDE, SIDE, 1))).astype(np.uint8)


def _distance(one, other):
    return np.abs(one.astype(float) - other.astype(float)).mean()


@pytest.mark.parametrize("strength", STRENGTHS)
@pytest.mark.parametrize("name", ALL)
def test_photo_keeps_its_form_and_changes(square, name, strength):
    before = square.copy()
    after = shifted(square, ALL[name], strength, seed=3)
    assert after.shape == square.shape
    assert after.dtype == np.uint8
    assert _distance(after, square) > 0.05
    np.testing.assert_array_equal(square, before)


@pytest.mark.parametrize("name", SHIFTS)
def test_higher_strengths_change_more(square, name):
    one, _, three = (
        _distance(shifted(square, SHIFTS[name], strength, seed=3), square)
        for strength in STRENGTHS
    )
    assert three > one


@pytest.mark.parametrize("name", ["noisy", "hairy"])
def test_seed_decides_what_is_random(square, name):
    first = shifted(square, SHIFTS[name], 2, seed=1)
    np.testing.assert_array_equal(first, shifted(square, SHIFTS[name], 2, seed=1))
    assert _distance(first, shifted(square, SHIFTS[name], 2, seed=2)) > 0


@pytest.mark.parametrize(
    ("name", "factor"), [("brighter", 2**0.4), ("darker", 2**-0.45)]
)
def test_exposure_is_counted_in_stops(square, name, factor):
    after = shifted(square, SHIFTS[name], 2, seed=0)
    # Half a level of rounding on values of at least 69 * 0.73.
    np.testing.assert_allclose(after / (square * factor), 1, atol=0.5 / 39)


@pytest.mark.parametrize(("name", "warmer"), [("warmer", True), ("cooler", False)])
def test_white_balance_moves_red_against_blue(square, name, warmer):
    after = shifted(square, SHIFTS[name], 1, seed=0).astype(float)
    ratio = after[..., 0].mean() / after[..., 2].mean()
    assert (ratio > square[..., 0].mean() / square[..., 2].mean()) == warmer


@pytest.mark.parametrize(("name", "times"), [("smaller", 0.7), ("larger", 1.3)])
def test_lesion_changes_its_area_by_the_square(square, name, times):
    def area(pixels):
        return (pixels[..., 0] < 140).mean()

    after = shifted(square, SHIFTS[name], 2, seed=0)
    # The rim is one pixel wide on a lesion about 42 pixels across.
    assert area(after) / area(square) == pytest.approx(times**2, rel=0.08)


def test_off_centre_moves_the_lesion_right_and_down(square):
    def centre(pixels):
        rows, columns = np.nonzero(pixels[..., 0] < 140)
        return np.array([rows.mean(), columns.mean()])

    after = shifted(square, SHIFTS["off-centre"], 2, seed=0)
    moved = centre(after) - centre(square)
    np.testing.assert_allclose(moved, round(0.1 * SIDE), atol=1)


def test_turning_is_pillows_about_the_centre(square):
    after = shifted(square, SHIFTS["turned"], 2, seed=0)
    own = np.asarray(Image.fromarray(square).rotate(30, Image.Resampling.BILINEAR))
    middle = slice(SIDE // 4, -SIDE // 4)
    np.testing.assert_array_equal(after[middle, middle], own[middle, middle])


def test_ring_is_black_outside_and_leaves_the_middle(square):
    after = shifted(square, SHIFTS["dermoscope ring"], 3, seed=0)
    middle = slice(SIDE // 4, -SIDE // 4)
    assert after[0, 0].max() == 0
    np.testing.assert_array_equal(after[middle, middle], square[middle, middle])


def test_nothing_of_the_lesion_is_left_when_it_is_blanked_out(square):
    after = shifted(square, SHORTCUTS["lesion blanked out"], 1, seed=0)
    assert not (after[..., 0] < 140).any()
    np.testing.assert_array_equal(after[: SIDE // 6], square[: SIDE // 6])


def test_blanking_the_border_leaves_the_middle(square):
    after = shifted(square, SHORTCUTS["border blanked out"], 3, seed=0)
    middle = slice(SIDE // 4, -SIDE // 4)
    np.testing.assert_array_equal(after[middle, middle], square[middle, middle])
    assert len(np.unique(after[:8].reshape(-1, 3), axis=0)) == 1


def test_shuffling_keeps_every_pixel(square):
    after = shifted(square, SHORTCUTS["blocks shuffled"], 2, seed=0)
    np.testing.assert_array_equal(
        np.sort(after.reshape(-1, 3), axis=0), np.sort(square.reshape(-1, 3), axis=0)
    )
