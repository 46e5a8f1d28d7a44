import dataclasses
import functools

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from benchmarks.measure.measurement import PhotoScore
from benchmarks.results.quality import quality_by_set, quality_by_source, share

# Enough for an interval that holds its estimate; a report uses ten times as many.
quality_by_set = functools.partial(quality_by_set, resamples=200)


def test_the_counts_of_a_small_set_are_those_counted_by_hand(scores):
    full, _ = quality_by_set(scores, "test", threshold=0.5, temperature=1.0)
    assert (full.malignant, full.other, full.unusable) == (3, 3, 0)
    assert (full.recall.successes, full.recall.n) == (2, 3)
    assert (full.specificity.successes, full.specificity.n) == (2, 3)
    # Of the nine pairs only 0.3 against 0.6 is in the wrong order.
    assert full.auc == pytest.approx(8 / 9)


def test_the_clean_set_leaves_out_lesions_seen_in_training(scores):
    _, clean = quality_by_set(scores, "test", threshold=0.5, temperature=1.0)
    assert clean.photos == "test_clean"
    assert (clean.malignant, clean.other) == (2, 3)
    assert clean.recall.value == 1.0


def test_a_split_without_seen_lesions_has_one_set(scores):
    unseen = [dataclasses.replace(score, lesion_in_train=False) for score in scores]
    sets = quality_by_set(unseen, "val", threshold=0.5, temperature=1.0)
    assert [found.photos for found in sets] == ["val"]


def test_a_score_equal_to_the_threshold_is_malignant(scores):
    full, _ = quality_by_set(scores, "test", threshold=0.3, temperature=1.0)
    assert full.recall.successes == 3


def test_intervals_hold_their_estimates(scores):
    full, _ = quality_by_set(scores, "test", threshold=0.5, temperature=1.0)
    assert full.auc_delong.low <= full.auc <= full.auc_delong.high
    assert full.auc_bootstrap.low <= full.auc <= full.auc_bootstrap.high
    assert full.recall.low < full.recall.value < full.recall.high


def test_photos_found_unusable_are_counted(scores):
    blank = [dataclasses.replace(scores[0], usable=False), *scores[1:]]
    full, *_ = quality_by_set(blank, "test", threshold=0.5, temperature=1.0)
    assert (full.unusable, full.recall.n) == (1, 3)


def test_one_class_only_gives_no_figure_rather_than_half_of_one(scores):
    malignant = [score for score in scores if score.malignant]
    full, _ = quality_by_set(malignant, "test", threshold=0.5, temperature=1.0)
    assert (full.malignant, full.other) == (3, 0)
    assert (full.auc, full.recall, full.specificity) == (None, None, None)


def test_a_share_carries_its_wilson_interval():
    # Wilson's interval of 9 in 10, from scipy.stats.binomtest(9, 10).proportion_ci.
    assert share(9, 10).low == pytest.approx(0.59585, abs=1e-5)
    assert share(9, 10).high == pytest.approx(0.98212, abs=1e-5)


def test_photos_found_unusable_are_also_left_out(scores):
    blank = [
        dataclasses.replace(photo, usable=place > 0)
        for place, photo in enumerate(scores)
    ]
    sets = quality_by_set(blank, "test", threshold=0.5, temperature=1.0)
    (usable,) = [found for found in sets if found.photos == "test_usable"]
    assert usable.malignant + usable.other == len(scores) - 1
    assert usable.unusable == 0


def test_every_group_has_its_own_figures(scores):
    groups = {
        photo.photo: f"tone {1 + place % 2}" for place, photo in enumerate(scores)
    }
    sets = quality_by_set(scores, "test", threshold=0.5, temperature=1.0, groups=groups)
    by_name = {found.photos: found for found in sets}
    for tone in (1, 2):
        own = [photo for photo in scores if groups[photo.photo] == f"tone {tone}"]
        found = by_name[f"test, tone {tone}"]
        assert found.malignant == sum(photo.malignant for photo in own)
        assert found.other == sum(not photo.malignant for photo in own)


def test_areas_are_those_that_scikit_learn_finds(scores):
    full, *_ = quality_by_set(scores, "test", threshold=0.5, temperature=1.0)
    labels = [photo.malignant for photo in scores]
    raw = [photo.score for photo in scores]
    detail = full.detail
    assert detail.pr_auc.value == pytest.approx(average_precision_score(labels, raw))
    assert detail.pr_auc.low <= detail.pr_auc.value <= detail.pr_auc.high
    assert detail.recall.value == full.recall.value
    assert detail.calibration_error.value == full.calibration_error


def test_matched_recall_is_reached_at_the_best_specificity(scores):
    full, *_ = quality_by_set(scores, "test", threshold=0.5, temperature=1.0)
    by_recall = [found for found in full.detail.matched if found.held == "recall"]
    for matched, target in zip(by_recall, (0.90, 0.95), strict=True):
        assert matched.target == target
        # All three malignant photos must be found; the lowest has 0.3, above two of
        # the three others.
        assert matched.recall.value == 1.0
        assert matched.specificity.value == pytest.approx(2 / 3)


def test_photos_of_one_compression_are_a_set_of_their_own(scores):
    subset = {photo.photo for photo in scores[1:5]}
    sets = quality_by_set(scores, "test", threshold=0.5, temperature=1.0, subset=subset)
    (found,) = [found for found in sets if found.photos == "test_one_compression"]
    assert (found.malignant, found.other) == (2, 2)


def test_at_matched_specificity_all_others_but_few_are_left_alone(scores):
    full, *_ = quality_by_set(scores, "test", threshold=0.5, temperature=1.0)
    (held,) = [found for found in full.detail.matched if found.held == "specificity"]
    # Of three others, 80 % are all three: the threshold lies above 0.6.
    assert held.specificity.value == 1.0
    assert held.recall.value == pytest.approx(2 / 3)


def drawn_source(name, malignant, other, lift, seed, origin=None):
    """Photos of one source; ``lift`` is added to the scores of malignant ones."""
    rng = np.random.default_rng(seed)
    return [
        PhotoScore(
            f"{name}{place}",
            place < malignant,
            f"{name}{place // 2}" if place >= malignant else f"{name}m{place}",
            False,
            float(
                np.clip(0.4 + lift * (place < malignant) + rng.normal(0, 0.15), 0, 1)
            ),
            True,
            name,
            origin,
        )
        for place in range(malignant + other)
    ]


@pytest.fixture(scope="module")
def of_sources():
    """Two sources with photos enough, one of them through two cameras, and a small."""
    return (
        *drawn_source("easy", 40, 60, 0.4, 0, "first"),
        *drawn_source("easy", 30, 0, 0.6, 1, "second"),
        *drawn_source("hard", 30, 90, 0.05, 2),
        *drawn_source("small", 5, 45, 0.3, 3),
    )


def by_source(scores):
    return quality_by_source(
        scores, "test", threshold=0.5, temperature=1.0, resamples=200
    )


def test_sources_are_judged_apart_and_never_pooled(of_sources):
    found = by_source(of_sources)
    assert [each.photos for each in found.quality] == [
        "test_clean of easy",
        "test_clean of hard",
        "test_clean of small",
        "test_clean of easy, origin first only",
    ]
    labels = np.array([p.malignant for p in of_sources if p.source == "hard"])
    raw = np.array([p.score for p in of_sources if p.source == "hard"])
    hard = found.quality[1]
    assert hard.auc == pytest.approx(roc_auc_score(labels, raw))
    assert hard.recall.value == pytest.approx((raw[labels] >= 0.5).mean())


def test_the_mean_over_sources_gives_each_the_same_weight(of_sources):
    found = by_source(of_sources)
    easy, hard, _, _ = found.quality
    mean = found.over_sources
    assert mean.sources == ("easy", "hard")
    assert mean.worst == "hard"
    assert mean.auc.value == pytest.approx((easy.auc + hard.auc) / 2)
    assert mean.recall.value == pytest.approx(
        (easy.recall.value + hard.recall.value) / 2
    )
    assert mean.auc.low < mean.auc.value < mean.auc.high
    # Of two independent sources: narrower than the wider one.
    wide = hard.detail.auc.high - hard.detail.auc.low
    assert mean.auc.high - mean.auc.low < wide


def test_few_malignant_photos_tell_a_specificity_only(of_sources):
    small = by_source(of_sources).quality[2]
    assert (small.auc, small.recall, small.calibration_error) == (None, None, None)
    assert small.specificity.n == 45


def test_a_row_of_one_camera_takes_away_what_the_camera_tells(of_sources):
    easy, *_, controlled = by_source(of_sources).quality
    assert (controlled.malignant, controlled.other) == (40, 60)
    assert controlled.auc < easy.auc


def test_lesions_of_the_training_photos_count_in_no_source(of_sources):
    marked = [
        dataclasses.replace(photo, lesion_in_train=photo.photo == "hard0")
        for photo in of_sources
    ]
    assert by_source(marked).quality[1].malignant == 29
