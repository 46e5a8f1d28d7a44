import numpy as np
import pytest

from training.augmentation.artefacts import on_photo, round_frame, through_lens

SKIN = np.full((128, 128, 3), (220, 180, 160), np.uint8)
SEEDS = range(400)


def _photos(change, strength=1.0):
    return [change(SKIN, np.random.default_rng(seed), strength) for seed in SEEDS]


@pytest.mark.parametrize("change", [on_photo, through_lens, round_frame])
def test_without_strength_nothing_changes(change):
    for seen in _photos(change, strength=0.0):
        np.testing.assert_array_equal(seen, SKIN)


@pytest.mark.parametrize("change", [on_photo, through_lens, round_frame])
def test_same_seed_gives_the_same_photo(change):
    for one, other in zip(_photos(change)[:40], _photos(change)[:40], strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("change", [on_photo, through_lens, round_frame])
def test_milder_changes_fewer_photos(change):
    changed = [
        sum(not np.array_equal(seen, SKIN) for seen in _photos(change, strength))
        for strength in (1.0, 0.4)
    ]
    # 32 % and 57 % of photos at full strength; half as many or fewer below.
    assert changed[0] > 1.5 * changed[1] > 0


def test_hair_is_dark_thin_and_not_on_every_photo():
    dark = [np.mean(seen.mean(axis=-1) < 120) for seen in _photos(on_photo)]
    hairy = [share for share in dark if share > 0.001]
    assert 0.13 < len(hairy) / len(dark) < 0.27  # chance 0.2, 3 deviations
    assert np.median(hairy) < 0.2


def test_a_ring_leaves_the_middle_and_blackens_corners():
    ringed = [
        seen
        for seen in _photos(through_lens)
        if seen[:3, :3].max() < 60 and seen[-3:, -3:].max() < 60
    ]
    assert ringed
    for seen in ringed:
        assert seen[56:72, 56:72].mean() > 150


def test_a_round_frame_blackens_all_four_corners_and_leaves_the_middle():
    framed = [
        seen
        for seen in _photos(round_frame)
        if seen[[0, 0, -1, -1], [0, -1, 0, -1]].max() < 30
    ]
    # Chance 0.15, 3 deviations.
    assert 0.095 < len(framed) / len(SEEDS) < 0.205
    for seen in framed:
        np.testing.assert_array_equal(seen[56:72, 56:72], SKIN[56:72, 56:72])


def test_every_size_sees_the_same_ring():
    small = SKIN[:32, :32]
    agreed = 0
    for seed in SEEDS:
        large, seen = (
            through_lens(skin, np.random.default_rng(seed), 1.0).astype(float)
            for skin in (SKIN, small)
        )
        if large[:4, :4].mean() < 20:
            agreed += 1
            assert seen[0, 0].mean() < 60  # its grain apart
    assert agreed
