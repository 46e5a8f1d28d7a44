"""Findings about photos: what is called unusable, what is only a caution."""

import time

import numpy as np
import pytest
from PIL import Image, ImageFilter

from edge_runtime.photos.decoding import read_photo
from edge_runtime.photos.manifest import read_manifest
from edge_runtime.photos.measures import sharpness, structure
from edge_runtime.photos.preprocessing import as_picture, preprocess
from edge_runtime.photos.quality import FINDING_NAMES, photo_findings


def findings(image, size_px=64):
    return photo_findings(image, preprocess(image, size_px))


def names(image, size_px=64):
    return [finding.name for finding in findings(image, size_px)]


def even(level, side=200):
    return np.full((side, side, 3), level, np.uint8)


def blurred(image, radius_px):
    return np.asarray(
        Image.fromarray(image).filter(ImageFilter.GaussianBlur(radius_px))
    )


@pytest.mark.parametrize("size_px", [32, 64, 128])
def test_a_good_photo_has_no_findings(drawn, size_px):
    assert findings(drawn(300, 400), size_px) == ()


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        (0, ["dark", "uniform"]),
        (10, ["dark", "uniform"]),
        (128, ["uniform"]),
        (250, ["bright", "uniform"]),
        (255, ["bright", "uniform", "clipped"]),
    ],
)
def test_a_frame_without_a_picture_is_unusable(level, expected):
    found = findings(even(level))
    assert [finding.name for finding in found] == expected
    assert any(finding.unusable for finding in found)


def test_noise_on_a_wall_is_still_uniform():
    noise = np.random.default_rng(0).normal(150, 6, (600, 600, 3))
    assert "uniform" in names(noise.clip(0, 255).astype(np.uint8))


def test_a_small_photo_is_a_caution_only(drawn):
    (finding,) = findings(drawn(40, 60), 64)
    assert (finding.name, finding.value, finding.limit) == ("small", 40, 64)
    assert not finding.unusable


def test_a_photo_as_large_as_the_model_is_not_small(drawn):
    assert names(drawn(64, 90), 64) == []


def test_a_blurred_photo_is_a_caution_only(drawn):
    (finding,) = findings(blurred(drawn(300, 300), 6))
    assert finding.name == "blurred"
    assert not finding.unusable


def test_glare_is_a_caution_only(drawn):
    image = drawn(300, 300)
    image[:60, :60] = 255
    finding = next(found for found in findings(image) if found.name == "clipped")
    # 60 x 60 of 300 x 300 pixels, give or take a row at the edge after resizing.
    assert finding.value == pytest.approx(0.04, abs=0.002)
    assert not finding.unusable


def test_black_corners_of_a_contact_plate_are_no_fault(drawn):
    image = drawn(300, 300)
    rows, columns = np.mgrid[:300, :300] - 150
    image[rows**2 + columns**2 > 140**2] = 0
    assert "clipped" not in names(image)


def test_a_saturated_red_is_not_clipped(drawn):
    image = drawn(200, 200)
    image[..., 0] = 255
    assert "clipped" not in names(image)


@pytest.mark.parametrize("skin", [(244, 208, 177), (200, 150, 130), (75, 50, 40)])
def test_sharpness_does_not_depend_on_skin_tone(drawn, skin):
    # The same picture under every skin tone: light and dark differ by one factor, up
    # to whole levels, which are 2 % of the darkest channel.
    reference = drawn(128, 128, skin=(250, 250, 250))[..., 0].astype(np.float32)
    photo = (reference[..., np.newaxis] * skin / 250).astype(np.uint8)
    luma = photo @ np.array([0.299, 0.587, 0.114], np.float32)
    found, expected = (sharpness(each, each.mean()) for each in (luma, reference))
    assert found == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("exposure", [1.0, 0.6, 0.35])
def test_dark_skin_in_dim_light_is_usable(drawn, exposure):
    image = (drawn(300, 300, skin=(90, 60, 48)) * exposure).astype(np.uint8)
    assert not [finding for finding in findings(image) if finding.unusable]


def test_sharpness_is_that_of_the_formula():
    # One bright pixel on grey 100: the Laplacian there is -4 d, beside it d (4 times).
    luma = np.full((7, 7), 100, np.float32)
    luma[3, 3] += 10
    laplacian = np.array([-40.0] + 4 * [10.0] + 20 * [0.0])
    expected = laplacian.std() / luma.mean()
    assert sharpness(luma, luma.mean()) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("side", [1, 2])
def test_a_photo_of_a_few_pixels_is_judged_without_failing(side):
    assert "uniform" in names(even(128, side))


def test_messages_say_what_to_do():
    for image in (even(0), even(255), even(128)):
        for finding in findings(image):
            assert finding.message
            assert finding.value != finding.limit


def test_few_real_photos_are_cautioned_and_none_refused(fanconic):
    photos = [
        photo
        for photo in read_manifest(fanconic / "manifest.csv", check_files=False)
        if photo.split != "test"
    ][::24]
    found = [findings(read_photo(photo.path)) for photo in photos]
    assert not [each for each in found if any(finding.unusable for finding in each)]
    # 1.7 % of all 2,637; of these 110, at most three standard deviations more.
    assert sum(bool(each) for each in found) <= 0.055 * len(photos)


def test_real_photos_out_of_focus_are_cautioned(fanconic):
    photos = [
        photo
        for photo in read_manifest(fanconic / "manifest.csv", check_files=False)
        if photo.split == "train"
    ][::100]
    images = [blurred(read_photo(photo.path), 3) for photo in photos]
    # A Gaussian of 3 px blurred all of a sample of 150.
    assert np.mean(["blurred" in names(image) for image in images]) > 0.9


class TestLesionAndSkin:
    @pytest.mark.parametrize("skin", [(200, 150, 130), (120, 80, 60), (70, 45, 35)])
    @pytest.mark.parametrize("slope", [0.1, 0.3])
    def test_skin_without_a_lesion_is_unusable(self, skin, slope):
        noise = np.random.default_rng(0).normal(0, 0.05, (400, 400, 1))
        light = 1 + np.linspace(-slope, slope, 400)[np.newaxis, :, np.newaxis]
        image = (np.array(skin) * light * (1 + noise)).clip(0, 255).astype(np.uint8)
        found = {finding.name for finding in findings(image) if finding.unusable}
        assert "no_lesion" in found

    def test_an_even_slope_of_light_is_no_structure(self):
        rows, columns = np.mgrid[:256, :256]
        slope = (40 + 0.3 * rows + 0.2 * columns).astype(np.uint8)
        look = as_picture(np.repeat(slope[..., np.newaxis], 3, axis=2))
        assert structure(look) < 0.01

    @pytest.mark.parametrize(
        ("order", "expected"),
        [((2, 1, 0), True), ((0, 0, 0), True), ((0, 1, 2), False)],
    )
    def test_blue_and_grey_photos_are_not_skin(self, drawn, order, expected):
        photo = drawn(300, 300)[:, :, list(order)]
        assert ("not_skin" in names(photo)) == expected

    def test_what_is_accepted_stays_as_a_caution(self, drawn):
        photo = drawn(300, 300)[:, :, [2, 1, 0]]
        pixels = preprocess(photo, 64)
        refused, accepted = (
            next(found for found in each if found.name == "not_skin")
            for each in (
                photo_findings(photo, pixels),
                photo_findings(photo, pixels, accepted=("not_skin",)),
            )
        )
        assert (refused.unusable, accepted.unusable) == (True, False)
        assert refused.value == accepted.value

    @pytest.mark.parametrize(
        ("side_px", "size_px", "unusable"),
        [(15, 32, True), (16, 32, False), (23, 128, True), (24, 128, False)],
    )
    def test_far_too_small_is_unusable(self, drawn, side_px, size_px, unusable):
        small = findings(drawn(side_px, side_px + 4), size_px)[0]
        assert (small.name, small.unusable) == ("small", unusable)

    def test_every_finding_has_a_public_name(self, drawn):
        seen = {name for level in (0, 250) for name in names(even(level))}
        assert seen <= {*FINDING_NAMES}


def test_structure_is_what_the_best_plane_leaves(drawn):
    look = preprocess(drawn(300, 400), 128)
    fields = preprocess(look, 16).reshape(-1, 3).astype(float)
    rows, columns = np.mgrid[:16, :16].reshape(2, -1)
    plane = np.stack([np.ones(256), rows, columns], axis=1)
    left = fields - plane @ np.linalg.lstsq(plane, fields, rcond=None)[0]
    found = structure(as_picture(look))
    assert found == pytest.approx(left.std(axis=0).max() / fields.mean())


def test_the_look_keeps_to_its_own_thread(drawn):
    """A BLAS would wake one on every core, and wait for it on a busy machine."""
    photo = drawn(300, 300)
    pixels = preprocess(photo, 64)
    photo_findings(photo, pixels)
    before = time.process_time(), time.thread_time()
    for _ in range(100):
        photo_findings(photo, pixels)
    whole, own = time.process_time() - before[0], time.thread_time() - before[1]
    # A tenth is room for what else the process does; with a BLAS it was 90 %.
    assert whole <= 1.1 * own + 0.01


def test_contrast_is_the_deviation_of_the_most_varied_channel():
    noise = np.random.default_rng(0).normal(150, (0.5, 2, 1), (128, 128, 3)).round()
    (uniform,) = (
        finding
        for finding in findings(noise.astype(np.uint8), 128)
        if finding.name == "uniform"
    )
    luma = noise @ [0.299, 0.587, 0.114]
    assert uniform.value == pytest.approx(noise[..., 1].std() / luma.mean(), rel=1e-6)
