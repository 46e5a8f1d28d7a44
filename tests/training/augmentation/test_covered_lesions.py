"""Covered photos: the lesion is gone, the skin around it is not."""

import numpy as np

from training.augmentation.covered_lesions import CANNOT_TELL, covered
from training.augmentation.pipelines import AUGMENTATIONS
from training.fitting.batches import AugmentedPhotos

SIDE = 40


def _photo(rng):
    pixels = rng.integers(150, 200, (SIDE, SIDE, 3), dtype=np.uint8)
    pixels[10:30, 10:30] = 40
    return pixels


def test_nothing_of_the_middle_is_left_and_something_of_the_border():
    rng = np.random.default_rng(0)
    kept = []
    for _ in range(50):
        pixels = _photo(rng)
        before = pixels.copy()
        changed = covered(pixels, rng)
        np.testing.assert_array_equal(pixels, before)
        middle = changed[16:24, 16:24].reshape(-1, 3)
        assert (middle == middle[0]).all()
        assert middle[0].mean() > 100
        kept.append((changed == pixels).all(axis=-1).mean())
    assert 0 < np.median(kept) < 0.6


def _batch(covered_share):
    rng = np.random.default_rng(1)
    supply = AugmentedPhotos(
        [_photo(rng) for _ in range(64)],
        np.arange(64) % 2,
        SIDE,
        AUGMENTATIONS["none"],
        batch_size=64,
        seed=3,
        covered=covered_share,
    )
    (batch,) = supply.epoch(1)
    return batch


def test_share_of_photos_is_covered_and_the_others_are_as_without():
    plain, some = _batch(0.0), _batch(0.25)
    changed = some.labels[:, 0] == CANNOT_TELL
    assert 6 <= changed.sum() <= 28
    assert not (plain.labels == CANNOT_TELL).any()
    np.testing.assert_array_equal(plain.pixels[~changed], some.pixels[~changed])
    assert (plain.pixels[changed] != some.pixels[changed]).any(axis=(1, 2, 3)).all()


def test_all_covered_say_nothing():
    assert (_batch(1.0).labels == CANNOT_TELL).all()
