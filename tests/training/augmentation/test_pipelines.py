import numpy as np
import pytest

from edge_runtime.photos.preprocessing import resize
from training.augmentation.pipelines import (
    AUGMENTATIONS,
    LEAST_KEPT_PX,
    MILD,
    _framed,
    _warped,
    augmentor,
    light,
    other_aspect,
    other_camera,
    other_resolution,
)
from training.synthetic.lesions import draw_lesion

every_augmentation = pytest.mark.parametrize("name", AUGMENTATIONS)
N_SEEDS = 2000
# Of a normal distribution, 4.5 standard deviations are left once in 150,000 times.
SPREAD = 4.5
SIDE_PX = 128


@pytest.fixture(scope="module")
def lesion():
    return draw_lesion(1, size_px=96, malignant_like=True)


@pytest.fixture(scope="module")
def signpost():
    """Quadrants of four reds, and a centred blue square half as wide as the photo."""
    square = np.zeros((SIDE_PX, SIDE_PX, 3), np.uint8)
    half, quarter = SIDE_PX // 2, SIDE_PX // 4
    square[:half, :half, 0], square[:half, half:, 0] = 40, 80
    square[half:, :half, 0], square[half:, half:, 0] = 120, 200
    square[quarter:-quarter, quarter:-quarter, 2] = 200
    return square


@pytest.fixture(scope="module")
def augmentor_draws(signpost):
    """What the Augmentor pipeline did to the signpost, one row a seed.

    Columns: turned, mirrored left to right, mirrored top to bottom, zoom, brightness.
    """
    return np.array([_seen(signpost, seed) for seed in range(N_SEEDS)])


@pytest.fixture(scope="module")
def colours():
    """A red card, (200, 60, 50), seen by 1,000 other cameras; shape (1000, 3)."""
    card = np.full((16, 16, 3), (200, 60, 50), np.uint8)
    draws = [
        other_camera(card, 8, np.random.default_rng(seed), 1.0) for seed in range(1000)
    ]
    return np.array([pixels[0, 0] for pixels in draws]).astype(float)


def _seen(signpost, seed):
    pixels = augmentor(signpost, 32, np.random.default_rng(seed)).astype(float)
    # The corners of the central square are in one quadrant each at every zoom.
    reds = pixels[[10, 10, 21, 21], [10, 21, 10, 21], 0]
    brightness = reds.max() / 200
    for turned in (0, 1):
        for left_right in (0, 1):
            for top_bottom in (0, 1):
                corners = np.array([[40, 80], [120, 200]])
                corners = np.rot90(corners, turned)
                corners = corners[:, ::-1] if left_right else corners
                corners = corners[::-1] if top_bottom else corners
                # A level is at most half a step from what brightness made of it.
                if np.abs(reds - corners.ravel() * brightness).max() <= 1.5:
                    zoom = np.sqrt(pixels[..., 2].mean() / (200 * brightness)) / 0.5
                    return turned, left_right, top_bottom, zoom, brightness
    raise AssertionError(f"seed {seed}: no known way to get {reds}")


def _expected_share(values, share):
    bound = SPREAD * np.sqrt(share * (1 - share) / len(values))
    return pytest.approx(share, abs=bound)


@every_augmentation
class TestEvery:
    def test_same_seed_gives_the_same_photo(self, name, lesion):
        first, second = (
            AUGMENTATIONS[name](lesion, 32, np.random.default_rng(5)) for _ in range(2)
        )
        np.testing.assert_array_equal(first, second)

    def test_other_seeds_give_other_photos(self, name, lesion):
        photos = {
            AUGMENTATIONS[name](lesion, 32, np.random.default_rng(seed)).tobytes()
            for seed in range(20)
        }
        # Of Augmentor's draws, half are one of its eight turned and mirrored forms.
        assert len(photos) > 10

    @pytest.mark.parametrize("side_px", [20, 33, 96])
    def test_gives_the_square_that_the_model_sees(self, name, side_px):
        square = draw_lesion(2, size_px=side_px)
        for seed in range(20):
            pixels = AUGMENTATIONS[name](square, 32, np.random.default_rng(seed))
            assert pixels.shape == (32, 32, 3)
            assert pixels.dtype == np.uint8

    def test_leaves_the_cached_photo_alone(self, name, lesion):
        before = lesion.copy()
        for seed in range(20):
            AUGMENTATIONS[name](lesion, 32, np.random.default_rng(seed))
        np.testing.assert_array_equal(lesion, before)


@pytest.mark.parametrize("change", [light, augmentor, other_camera])
def test_no_border_appears(change):
    # What lies outside the photo is its mirror image: a plain card stays plain.
    card = np.full((50, 50, 3), (180, 120, 90), np.uint8)
    for seed in range(100):
        pixels = change(card, 32, np.random.default_rng(seed), 1.0)
        np.testing.assert_array_equal(np.ptp(pixels, axis=(0, 1)), 0)


def test_none_turns_and_shears_by_a_third_of_a_degree():
    # A ramp of one level a pixel shows a shift in levels. Turning by 0.3 degrees moves
    # a corner 181 pixels away by 0.95, the shear another 0.67; rounding adds 0.5 twice
    # (warp, resize).
    ramp = np.broadcast_to(np.arange(256, dtype=np.uint8)[None, :, None], (256, 256, 3))
    for seed in range(20):
        pixels = AUGMENTATIONS["none"](ramp, 256, np.random.default_rng(seed))
        nearest = min(
            np.abs(pixels.astype(int) - flipped).max()
            for flipped in (ramp, ramp[:, ::-1])
        )
        assert nearest <= 0.95 + 0.67 + 2 * 0.5


def test_none_mirrors_half_of_the_photos_each_way(signpost):
    corners = np.array(
        [
            AUGMENTATIONS["none"](signpost, 32, np.random.default_rng(seed))[8, 8, 0]
            for seed in range(400)
        ]
    )
    assert np.mean((corners == 80) | (corners == 200)) == _expected_share(corners, 0.5)
    assert np.mean((corners == 120) | (corners == 200)) == _expected_share(corners, 0.5)


class TestAugmentor:
    @pytest.mark.parametrize(
        ("column", "share"),
        [(0, 0.5), (1, 0.8), (2, 0.3)],
        ids=["turned", "left-right", "top-bottom"],
    )
    def test_turns_and_mirrors_as_often_as_published(
        self, augmentor_draws, column, share
    ):
        done = augmentor_draws[:, column]
        assert done.mean() == _expected_share(done, share)

    def test_zooms_as_often_and_as_far_as_published(self, augmentor_draws):
        # Where brightness stayed, blue counts the area of the central square exactly.
        zoom = augmentor_draws[augmentor_draws[:, 4] == 1, 3]
        unchanged = np.abs(zoom - 1) < 1e-9
        # The part seen is a whole number of pixels; for these zooms it is all of them.
        whole = (SIDE_PX / (SIDE_PX - 0.5) - SIDE_PX / (SIDE_PX + 0.5)) / 0.7
        assert 1 - unchanged.mean() == _expected_share(zoom, 0.3 * (1 - whole))
        assert 0.8 - 0.02 <= zoom.min() < 0.85
        assert 1.45 < zoom.max() <= 1.5 + 0.02

    def test_changes_brightness_as_often_and_as_far_as_published(self, augmentor_draws):
        brightness = augmentor_draws[:, 4]
        # Factors within half a level of 200 are rounded away.
        unseen = (1 / 200) / 0.9
        assert np.mean(brightness != 1) == _expected_share(
            brightness, 0.3 * (1 - unseen)
        )
        assert 0.3 - 1 / 400 <= brightness.min() < 0.35
        assert 1.15 < brightness.max() <= 1.2 + 1 / 400


class TestStrong:
    def test_red_stays_the_strongest_colour_unless_all_colour_is_taken(self, colours):
        others = colours[:, 1:].max(axis=1)
        grey = np.ptp(colours, axis=1) == 0
        assert np.all((colours[:, 0] > others) | grey)

    def test_takes_all_colour_from_one_photo_in_twenty(self, colours):
        grey = np.ptp(colours, axis=1) == 0
        assert grey.mean() == _expected_share(grey, 0.05)

    def test_is_neither_brighter_nor_darker_on_average(self, colours):
        # The gains' logarithms are normal around 0 with deviation
        # sqrt(0.06**2 + 0.10**2 + ...) < 0.3, so their median is near 1. Clipping at
        # 255 moves no median of 200.
        coloured = colours[np.ptp(colours, axis=1) > 0]
        bound = SPREAD * 0.3 * np.sqrt(np.pi / 2 / len(coloured))
        assert np.median(coloured[:, 0]) / 200 == pytest.approx(1, rel=bound)

    def test_shows_the_same_card_in_many_colours(self, colours):
        assert len(np.unique(colours, axis=0)) > 900
        assert colours[:, 0].std() > 10


class TestMild:
    def test_takes_the_colour_of_no_photo(self):
        card = np.full((16, 16, 3), (200, 60, 50), np.uint8)
        for seed in range(200):
            pixels = other_camera(card, 8, np.random.default_rng(seed), MILD)
            assert np.ptp(pixels[0, 0]) > 50

    def test_changes_colours_less(self, colours):
        card = np.full((16, 16, 3), (200, 60, 50), np.uint8)
        mild = np.array(
            [
                other_camera(card, 8, np.random.default_rng(s), MILD)[0, 0]
                for s in range(300)
            ]
        )
        coloured = colours[np.ptp(colours, axis=1) > 0]
        assert np.all(mild.std(axis=0) < coloured.std(axis=0) * 0.6)

    def test_turns_by_right_angles_only(self):
        # A photo whose rows or columns are all alike stays so, wherever it is framed.
        ramp = np.linspace(0, 250, 64).round().astype(np.uint8)
        rows = np.broadcast_to(ramp[:, None, None], (64, 64, 3))
        for seed in range(50):
            pixels = other_camera(rows, 32, np.random.default_rng(seed), MILD).astype(
                int
            )
            assert min(np.ptp(pixels, axis=0).max(), np.ptp(pixels, axis=1).max()) == 0

    def test_no_strength_leaves_only_right_angles_and_mirror_images(self, lesion):
        square = resize(lesion, 32)
        forms = [
            np.rot90(form, k) for form in (square, square[:, ::-1]) for k in range(4)
        ]
        for seed in range(20):
            pixels = other_camera(lesion, 32, np.random.default_rng(seed), 0.0)
            # Going to floating point and back may round to the level beside.
            nearest = min(np.abs(pixels.astype(int) - form).max() for form in forms)
            assert nearest <= 1


class TestFramed:
    def test_nothing_to_do_changes_nothing(self, lesion):
        np.testing.assert_array_equal(_framed(lesion, 1.0, 0.0, 0.0), lesion)

    def test_twice_as_close_sees_the_middle_half(self, lesion):
        np.testing.assert_array_equal(
            _framed(lesion, 2.0, 0.0, 0.0), lesion[24:72, 24:72]
        )

    def test_half_as_close_sees_the_mirror_image_around(self, lesion):
        widths = ((48, 48), (48, 48), (0, 0))
        np.testing.assert_array_equal(
            _framed(lesion, 0.5, 0.0, 0.0), np.pad(lesion, widths, mode="symmetric")
        )

    def test_looking_aside_moves_the_centre(self, lesion):
        seen = _framed(lesion, 2.0, 0.25, -0.25)
        np.testing.assert_array_equal(seen, lesion[:48, 48:])

    def test_looking_past_the_edge_sees_the_mirror_image(self, lesion):
        seen = _framed(lesion, 1.0, 0.25, 0.0)
        np.testing.assert_array_equal(seen[:, :72], lesion[:, 24:])
        np.testing.assert_array_equal(seen[:, 72:], lesion[:, :71:-1])

    @pytest.mark.parametrize("scale", [0.75, 0.8, 1.1, 1.5])
    @pytest.mark.parametrize("shift", [-0.1, 0.1])
    def test_is_square_and_as_wide_as_the_zoom_says(self, lesion, scale, shift):
        seen = _framed(lesion, scale, shift, -shift)
        assert seen.shape == (round(96 / scale), round(96 / scale), 3)


class TestWarped:
    def test_nothing_to_do_changes_nothing(self, lesion):
        warped = _warped(lesion, 0.0, 0.0, scale=1.0, side=96)
        np.testing.assert_array_equal(warped, lesion)

    @pytest.mark.parametrize("quarters", [1, 2, 3])
    def test_quarter_turns_are_those_of_numpy(self, lesion, quarters):
        warped = _warped(lesion, -quarters * np.pi / 2, 0.0, scale=1.0, side=96)
        # Sines of these angles are off by 1e-16: between pixels, levels may round.
        difference = warped.astype(int) - np.rot90(lesion, quarters)
        assert np.abs(difference).max() <= 1

    def test_scale_is_a_zoom_about_the_centre(self):
        # The brightest point of a smooth hill at the centre stays there, and a
        # distance of 10 becomes one of 20.
        across = np.arange(64) - 31.5
        hill = 250 * np.exp(-(across[:, None] ** 2 + across**2) / 800)
        square = np.repeat(hill[..., None], 3, axis=-1).round().astype(np.uint8)
        warped = _warped(square, 0.0, 0.0, scale=2.0, side=64).astype(int)
        expected = 250 * np.exp(-((across / 2)[:, None] ** 2 + (across / 2) ** 2) / 800)
        # Rounding of the hill and of the interpolation, and its bend between pixels:
        # second derivative at most 250 / 400 a pixel squared, times 1/8 each way.
        bend = 2 * 250 / 400 / 8
        assert np.abs(warped[..., 0] - expected).max() <= 0.5 + 1 + bend

    def test_shear_moves_rows_sideways(self):
        edge = np.zeros((64, 64, 3), np.uint8)
        edge[:, 32:] = 255
        warped = _warped(edge, 0.0, 0.25, scale=1.0, side=64)
        first_white = (warped[..., 0] > 127).argmax(axis=1)
        # Rows 16 apart differ by 4 columns.
        assert abs(first_white[40] - first_white[24]) == 4
        assert abs(first_white[32] - 32) <= 1


def test_resizing_is_the_runtimes_own(lesion):
    # With nothing drawn but a mirror image, what is left of `none` is the resize.
    card = np.full((96, 96, 3), 77, np.uint8)
    pixels = AUGMENTATIONS["none"](card, 32, np.random.default_rng(0))
    np.testing.assert_array_equal(pixels, resize(card, 32))


class TestSources:
    def test_keeps_less_detail_of_some_photos_and_never_too_little(self, lesion):
        sides = np.array(
            [
                len(other_resolution(lesion, np.random.default_rng(seed), 1.0))
                for seed in range(400)
            ]
        )
        assert np.mean(sides < 96) == pytest.approx(0.4, abs=3 * 0.0245)
        assert LEAST_KEPT_PX <= sides.min() < 50

    def test_a_photo_without_detail_to_lose_stays(self):
        small = draw_lesion(1, size_px=LEAST_KEPT_PX)
        for seed in range(50):
            seen = other_resolution(small, np.random.default_rng(seed), 1.0)
            np.testing.assert_array_equal(seen, small)

    def test_squashes_half_of_the_photos_one_way_or_the_other(self):
        # A round spot; its width against its height is what a squashed frame changes.
        axis = np.arange(128) - 63.5
        spot = np.hypot(axis, axis[:, None]) < 30
        card = np.where(spot[..., None], 0, 255).repeat(3, axis=2).astype(np.uint8)
        aspects = []
        for seed in range(400):
            dark = other_aspect(card, np.random.default_rng(seed), 1.0)[..., 0] < 128
            aspects.append(dark.any(axis=0).sum() / dark.any(axis=1).sum())
        wide, tall = np.array(aspects) > 1.02, np.array(aspects) < 0.98
        # A twelfth of the squashed ones is too little to be seen in 60 px.
        assert wide.mean() == pytest.approx(0.23, abs=0.07)
        assert tall.mean() == pytest.approx(0.23, abs=0.07)
        assert 1.28 < max(aspects) < 1.36
        assert 0.73 < min(aspects) < 0.79

    def test_without_strength_resolution_and_aspect_stay(self, lesion):
        for change in (other_resolution, other_aspect):
            for seed in range(50):
                seen = change(lesion, np.random.default_rng(seed), 0.0)
                np.testing.assert_array_equal(seen, lesion)
