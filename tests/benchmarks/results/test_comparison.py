import dataclasses

import numpy as np
import pytest
from scipy.stats import bootstrap as scipy_bootstrap

from benchmarks.measure.measurement import PhotoScore
from benchmarks.results.comparison import quality_changes, ratio_of_medians


def slowed_in_bursts(generator, n=300):
    """Durations as a busy machine gives them: neighbours are slow together."""
    busy = np.repeat(generator.random(n // 10) < 0.3, 10)
    return generator.gamma(20, 0.05, n) * np.where(busy, 1.5, 1.0)


def test_the_ratio_is_that_of_the_medians():
    change = ratio_of_medians([(1.0, 2.0, 9.0)], [(3.0, 3.0, 5.0)], resamples=200)
    assert change.value == 1.5


def test_a_true_factor_lies_in_the_interval_about_as_often_as_promised():
    generator = np.random.default_rng(1)
    held = 0
    for _ in range(200):
        old, new = (slowed_in_bursts(generator) for _ in range(2))
        interval = ratio_of_medians([old], [1.3 * new], resamples=200).interval
        held += interval.low <= 1.3 <= interval.high
    # 95 % of 200 are 190; 16 fewer would be five standard deviations.
    assert held >= 174


def test_independent_samples_give_the_interval_of_a_plain_bootstrap():
    generator = np.random.default_rng(2)
    old, new = (generator.gamma(20, 0.05, 400) for _ in range(2))
    expected = scipy_bootstrap(
        (new, old),
        lambda above, below: np.median(above) / np.median(below),
        vectorized=False,
        n_resamples=1000,
        method="percentile",
        rng=np.random.default_rng(3),
    ).confidence_interval
    found = ratio_of_medians([old], [new]).interval
    # Both ends wobble with the resamples by about a tenth of the interval.
    wobble = 0.3 * (expected.high - expected.low)
    assert found.low == pytest.approx(expected.low, abs=wobble)
    assert found.high == pytest.approx(expected.high, abs=wobble)


def test_repeats_that_differ_make_a_change_uncertain():
    steady = [1.0, 1.01, 0.99] * 30
    once = ratio_of_medians([steady], [[1.2 * x for x in steady]], resamples=500)
    assert once.certain
    old = [steady, [1.3 * x for x in steady], [0.9 * x for x in steady]]
    new = [[1.2 * x for x in run] for run in old]
    assert not ratio_of_medians(old, new, resamples=500).certain


def test_a_slower_machine_cancels_out_against_a_reference():
    change = ratio_of_medians(
        [(1.0, 1.0)], [(4.0, 4.0)], ([(10.0,)], [(40.0,)]), resamples=50
    )
    assert change.value == 1.0
    assert not change.certain


def test_no_samples_are_refused():
    with pytest.raises(ValueError, match="expected samples"):
        ratio_of_medians([], [(1.0,)])


class TestQuality:
    photos = tuple(
        PhotoScore(f"{place}.png", place % 2 == 0, f"l{place // 4}", False, 0.0, True)
        for place in range(80)
    )

    @pytest.fixture
    def side(self, result):
        """Function: a measurement with these scores and this threshold."""

        def made(threshold, scores=None, seed=0):
            noise = np.random.default_rng(seed).normal(0, 1, len(self.photos))
            drawn = tuple(
                dataclasses.replace(
                    photo, score=float(1 / (1 + np.exp(-(photo.malignant + draw))))
                )
                for photo, draw in zip(self.photos, noise, strict=True)
            )
            subject = dataclasses.replace(
                result.measurement.subject, threshold_score=threshold
            )
            return dataclasses.replace(
                result.measurement, subject=subject, scores=scores or drawn
            )

        return made

    def test_the_same_scores_are_no_change(self, side):
        for change in quality_changes(side(0.5), side(0.5), resamples=100).values():
            assert change.value == change.interval.low == change.interval.high == 0

    def test_a_lower_threshold_gains_recall_and_loses_specificity(self, side):
        found = quality_changes(side(0.7), side(0.4), resamples=300)
        assert found["recall"].value > 0
        assert found["specificity"].value < 0
        assert found["auc"].value == 0

    def test_photos_pair_by_name_whatever_their_order(self, side):
        turned = side(0.5, scores=side(0.5).scores[::-1][:60])
        assert quality_changes(side(0.5), turned, resamples=50)["auc"].value == 0

    def test_no_photo_in_common_is_refused(self, side):
        other = tuple(
            dataclasses.replace(photo, photo="x" + photo.photo) for photo in self.photos
        )
        with pytest.raises(ValueError, match="in common"):
            quality_changes(side(0.5), side(0.5, scores=other))


def test_of_several_sources_the_mean_difference_over_sources_counts(result):
    rng = np.random.default_rng(5)

    def side(lift):
        photos = tuple(
            PhotoScore(
                f"{source}{place}",
                place < malignant,
                f"{source}{place}",
                False,
                float(rng.random() * 0.5 + lift[source] * (place < malignant)),
                True,
                source,
            )
            for source, malignant in (("few", 20), ("many", 300))
            for place in range(400)
        )
        return dataclasses.replace(result.measurement, scores=photos)

    old = side({"few": 0.0, "many": 0.0})
    new = side({"few": 0.5, "many": 0.0})
    found = quality_changes(old, new, resamples=200)
    # From 0.5 to 1 in one of two sources; pooled it would be lost among the many.
    assert found["auc"].value == pytest.approx(0.25, abs=0.06)
    assert found["auc"].certain
