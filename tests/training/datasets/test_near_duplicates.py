"""Copies are found however they were turned, scaled, trimmed or coded anew."""

import hashlib
import io

import numpy as np
import pytest
from PIL import Image

from edge_runtime.errors import PhotoError
from training.datasets.fine_detail import (
    SameDetail,
    fine_detail,
    peak,
    turned,
    turned_back,
    zoomed,
)
from training.datasets.fingerprints import SIDE_PX, Fingerprint, fingerprint, small_grey
from training.datasets.near_duplicates import (
    DuplicatePair,
    find_duplicates,
    near_duplicates,
)
from training.synthetic.lesions import draw_lesion

SIZE_PX = 160


@pytest.fixture(scope="module")
def originals():
    """Six lesions of both kinds; no two show the same.

    The even ones carry hair: bald, a drawing has no detail but furrows that are finer
    than a step of zoom, unlike any photo.
    """
    return [
        draw_lesion(900 + seed, size_px=SIZE_PX, malignant_like=kind, hair=not kind)
        for seed, kind in enumerate([False, True] * 3)
    ]


def recompressed(image, quality):
    file = io.BytesIO()
    Image.fromarray(image).save(file, format="JPEG", quality=quality)
    return np.asarray(Image.open(file))


def rescaled(image, size_px):
    return np.asarray(Image.fromarray(image).resize((size_px, size_px)))


def trimmed(image, share):
    margin_px = round(image.shape[0] * share / 2)
    return image[margin_px:-margin_px, margin_px:-margin_px]


def brightened(image):
    return np.clip(image * 1.15 + 10, 0, 255).astype(np.uint8)


CHANGES = {
    "recompressed": lambda image: recompressed(image, 60),
    "scaled down": lambda image: rescaled(image, 112),
    "scaled up": lambda image: rescaled(image, 400),
    "turned left": lambda image: np.rot90(image),
    "upside down": lambda image: np.rot90(image, 2),
    "mirrored": lambda image: image[:, ::-1],
    "mirrored and turned": lambda image: np.rot90(image[::-1]),
    "trimmed": lambda image: trimmed(image, 0.05),
    "shifted": lambda image: image[8:, 8:],
    "brightened": brightened,
    "all of it": lambda image: recompressed(
        brightened(rescaled(np.rot90(trimmed(image, 0.05)), 224)), 75
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changed_copies_are_found_and_nothing_else(originals, change):
    copies = [np.ascontiguousarray(CHANGES[change](image)) for image in originals]
    greys = [small_grey(image) for image in (*originals, *copies)]
    expected = [(number, number + len(originals)) for number in range(len(originals))]
    assert near_duplicates(greys) == expected


def test_different_lesions_are_no_duplicates():
    greys = [
        small_grey(draw_lesion(seed, size_px=64, malignant_like=kind))
        for seed in range(10)
        for kind in (False, True)
    ]
    assert near_duplicates(greys) == []


@pytest.mark.parametrize("radius", [0.9, 0.6])
def test_photos_of_one_rim_are_no_duplicates(originals, radius):
    # The dark rim of a dermatoscope is alike in all photos that it took.
    x, y = np.meshgrid(np.linspace(-1, 1, SIZE_PX), np.linspace(-1, 1, SIZE_PX))
    inside = (np.hypot(x, y) < radius)[..., None]
    assert near_duplicates([small_grey(image * inside) for image in originals]) == []


def test_blank_photos_resemble_nothing(originals):
    blank = [
        np.full((SIDE_PX, SIDE_PX), level, np.uint8) for level in (0, 128, 129, 255)
    ]
    assert near_duplicates([*blank, small_grey(originals[0])]) == []


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_photos_have_no_duplicates(originals, count):
    assert near_duplicates([small_grey(originals[0])] * count) == []


def test_identical_files_are_chained_and_told_apart_from_near_copies(originals):
    one, other = small_grey(originals[0]), small_grey(originals[1])
    near = small_grey(np.ascontiguousarray(originals[0][:, ::-1]))
    fingerprints = [
        Fingerprint("a", one),
        Fingerprint("b", other),
        Fingerprint("a", one),
        Fingerprint("c", near),
        Fingerprint("a", one),
    ]
    assert find_duplicates(fingerprints) == (
        DuplicatePair(0, 2, exact=True),
        DuplicatePair(0, 3, exact=False),
        DuplicatePair(2, 4, exact=True),
    )


def test_without_looks_only_identical_files_are_found():
    fingerprints = [Fingerprint(name, None) for name in "abca"]
    assert find_duplicates(fingerprints) == (DuplicatePair(0, 3, exact=True),)


def test_candidates_can_be_watched(originals):
    watched = []

    def watch(candidates):
        watched.extend(candidates)
        return candidates

    greys = [small_grey(image) for image in (originals[0], originals[0][:, ::-1])]
    assert near_duplicates(greys, watch=watch) == [(0, 1)]
    assert {(first, second) for first, second, _ in watched} == {(0, 1)}


def test_the_eight_orientations_are_all_there_are():
    picture = np.arange(9, dtype=np.float32).reshape(3, 3)
    seen = {turned(picture, orientation).tobytes() for orientation in range(8)}
    assert len(seen) == 8
    assert np.fliplr(picture).tobytes() in seen
    assert np.flipud(picture).tobytes() in seen


def test_detail_of_a_picture_matches_itself_only(originals):
    greys = [small_grey(image) for image in originals]
    same = SameDetail(greys)
    assert same(0, 0, 0)
    assert not same(0, 1, 0)
    assert not same(0, 0, 1)


def test_detail_has_norm_one_and_ignores_brightness():
    grey = small_grey(draw_lesion(1, size_px=128)) // 2
    detail = fine_detail(grey)
    assert np.linalg.norm(detail) == pytest.approx(1, abs=1e-5)
    assert np.abs(fine_detail(grey + 90) - detail).max() < 1e-6
    assert not fine_detail(np.zeros_like(grey)).any()


def test_the_rim_of_a_black_frame_is_no_detail():
    grey = np.full((128, 128), 120, np.uint8)
    x, y = np.meshgrid(np.arange(128) - 63.5, np.arange(128) - 63.5)
    grey[np.hypot(x, y) > 40] = 0
    assert not fine_detail(grey).any()
    grey[60:64, 60:64] = 180
    rows, columns = np.nonzero(fine_detail(grey))
    assert 54 < min(rows.min(), columns.min()) <= max(rows.max(), columns.max()) < 70


def test_zoom_keeps_the_middle_and_the_size():
    grey = np.zeros((64, 64), np.uint8)
    grey[24:40, 24:40] = 200
    enlarged = zoomed(grey, 2.0)
    assert enlarged.shape == grey.shape
    # The square of 16 px covers 32 px then, give or take the blurred edge.
    assert 31 <= (enlarged[32] > 100).sum() <= 33
    assert zoomed(grey, 1.0) is grey


def test_fingerprint_is_the_files_hash_and_the_photos_grey(
    tmp_path, originals, write_photo
):
    path = write_photo(tmp_path / "photo.png", originals[0])
    print_ = fingerprint(path)
    assert print_.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert np.array_equal(print_.grey, small_grey(originals[0]))
    assert fingerprint(path, looks=False).grey is None


@pytest.mark.parametrize("content", [b"", b"no photo", None])
def test_photos_that_cannot_be_read_are_named(tmp_path, content):
    path = tmp_path / "bad.jpg"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PhotoError, match=r"bad\.jpg"):
        fingerprint(path)


@pytest.mark.parametrize("orientation", range(8))
def test_turning_a_spectrum_back_equals_turning_the_other_picture(orientation):
    rng = np.random.default_rng(orientation)
    one, other = rng.normal(size=(2, 16, 16)).astype(np.float32)
    spectra = np.fft.rfft2(one), np.fft.rfft2(other)
    laid = peak(spectra[0] * np.conj(np.fft.rfft2(turned(other, orientation))))
    back = peak(turned_back(spectra[0], orientation) * np.conj(spectra[1]))
    assert back == pytest.approx(laid, rel=1e-4)
