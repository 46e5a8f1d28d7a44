"""Intervals and tests against scipy, brute force and their own promises."""

import itertools

import numpy as np
import pytest

from edge_runtime.evaluation import intervals
from edge_runtime.evaluation.intervals import (
    Interval,
    bootstrap,
    delong_interval,
    wilson,
)
from edge_runtime.evaluation.metrics import roc_auc

# Closed formulas in float64; scipy's and the standard library's normal quantile
# differ in the last digits.
EXACT = 1e-12


@pytest.fixture(scope="session")
def stats():
    """The oracle; absent on a device, where the tests that need it are skipped."""
    return pytest.importorskip("scipy.stats")


def _photos(seed, malignant=40, benign=60, shift=1.2):
    """Labels, and two correlated scores rounded to the 256 levels of an int8 model."""
    generator = np.random.default_rng(seed)
    labels = np.repeat([1, 0], [malignant, benign])
    shared = generator.normal(size=labels.size) + shift * labels
    noise = generator.normal(size=(2, labels.size))
    return labels, *np.rint(128 / (1 + np.exp(-(shared + 0.5 * noise)))) / 128


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
@pytest.mark.parametrize(("successes", "n"), [(0, 9), (9, 9), (1, 1), (283, 300)])
def test_wilson_equals_scipy(stats, successes, n, confidence):
    ours = wilson(successes, n, confidence=confidence)
    theirs = stats.binomtest(successes, n).proportion_ci(confidence, method="wilson")
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=EXACT)


@pytest.mark.parametrize("n", range(1, 60))
def test_wilson_ends_exactly_at_none_and_all(n):
    assert wilson(0, n).low == 0
    assert wilson(n, n).high == 1


@pytest.mark.parametrize(("successes", "n"), [(-1, 5), (6, 5), (0, 0)])
def test_impossible_counts_are_refused(successes, n):
    with pytest.raises(ValueError, match="successes"):
        wilson(successes, n)


@pytest.mark.parametrize(
    "counts", [(0, 0), (0, 1), (1, 8), (5, 5), (40, 21), (900, 800)]
)
def test_mcnemar_equals_the_binomial_test(stats, counts):
    n = sum(counts)
    expected = stats.binomtest(counts[0], n).pvalue if n else 1.0
    # scipy sums 1,700 float terms; ours is exact.
    assert intervals.mcnemar_exact(*counts) == pytest.approx(expected, rel=1e-9)


def test_mcnemar_refuses_negative_counts():
    with pytest.raises(ValueError, match=">= 0"):
        intervals.mcnemar_exact(-1, 3)


def _covariance_by_brute_force(labels, first, second):
    """DeLong's covariance of two AUCs, from the kernel over all pairs."""

    def kernel(scores):
        malignant, benign = scores[labels == 1], scores[labels == 0]
        rows = [[float(m > b) + (m == b) / 2 for b in benign] for m in malignant]
        return np.array(rows)

    a, b = kernel(first), kernel(second)
    per_malignant = np.cov(a.mean(axis=1), b.mean(axis=1))
    per_benign = np.cov(a.mean(axis=0), b.mean(axis=0))
    return per_malignant / a.shape[0] + per_benign / a.shape[1]


@pytest.mark.parametrize("seed", range(4))
def test_delong_interval_equals_brute_force(stats, seed):
    labels, scores, _ = _photos(seed)
    auc = roc_auc(labels, scores)
    deviation = _covariance_by_brute_force(labels, scores, scores)[0, 1] ** 0.5
    low, high = stats.norm.interval(0.95, auc, deviation)
    ours = delong_interval(labels, scores)
    assert (ours.low, ours.high) == pytest.approx((low, min(high, 1)), abs=EXACT)


def test_delong_interval_of_a_near_perfect_ranking_ends_at_one():
    labels = np.array([0, 0, 0, 1, 1, 1])
    scores = np.array([0.1, 0.2, 0.4, 0.3, 0.8, 0.9])
    assert delong_interval(labels, scores).high == 1
    assert delong_interval(labels, -scores).low == 0


@pytest.mark.parametrize("seed", range(4))
def test_delong_test_equals_brute_force(stats, seed):
    labels, first, second = _photos(seed)
    covariance = _covariance_by_brute_force(labels, first, second)
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    z = (roc_auc(labels, first) - roc_auc(labels, second)) / variance**0.5
    expected = 2 * stats.norm.sf(abs(z))
    assert intervals.delong_test(labels, first, second) == pytest.approx(
        expected, rel=1e-9
    )


def test_a_model_does_not_differ_from_itself():
    labels, scores, _ = _photos(0)
    assert intervals.delong_test(labels, scores, scores) == 1


def test_a_perfect_and_a_reversed_ranking_differ():
    labels = np.array([1, 1, 0, 0])
    scores = np.array([0.9, 0.8, 0.2, 0.1])
    assert intervals.delong_test(labels, scores, -scores) == 0


def test_delong_needs_two_photos_of_each_class():
    with pytest.raises(ValueError, match="two photos of each class"):
        delong_interval(np.array([0, 0, 1]), np.array([0.1, 0.2, 0.3]))


def test_bootstrap_is_repeatable_and_depends_on_the_seed():
    labels, scores, _ = _photos(0)
    first = bootstrap(roc_auc, labels, scores, resamples=50, seed=1)
    assert first == bootstrap(roc_auc, labels, scores, resamples=50, seed=1)
    assert first != bootstrap(roc_auc, labels, scores, resamples=50, seed=2)


def test_bootstrap_keeps_the_number_of_photos_per_class():
    labels, scores, _ = _photos(0, malignant=7, benign=13)
    kept = bootstrap(
        lambda labels, _: 100 * labels.sum() + labels.size, labels, scores, resamples=20
    )
    assert kept == Interval(720, 720)


def test_bootstrap_agrees_with_delong():
    labels, scores, _ = _photos(1, malignant=150, benign=150)
    ours = bootstrap(roc_auc, labels, scores, resamples=1000)
    theirs = delong_interval(labels, scores)
    # Quantile ends of 1,000 resamples have a standard error near 0.08 standard
    # deviations, and the intervals are four deviations wide: allow three errors.
    deviation = (theirs.high - theirs.low) / (2 * 1.96)
    assert (ours.low, ours.high) == pytest.approx(
        (theirs.low, theirs.high), abs=0.3 * deviation
    )


def test_bootstrap_holds_the_true_share_as_often_as_promised():
    generator = np.random.default_rng(0)
    labels = np.repeat([1, 0], [60, 2])

    def share_found(labels, scores):
        return float(scores[labels == 1].mean())

    intervals_seen = [
        bootstrap(
            share_found,
            labels,
            (generator.random(62) < 0.8).astype(float),
            seed=turn,
            resamples=150,
            confidence=0.9,
        )
        for turn in range(100)
    ]
    held = sum(interval.low <= 0.8 <= interval.high for interval in intervals_seen)
    # 90 of 100 promised, with a binomial deviation of 3; the percentile bootstrap of a
    # share of 60 covers a little less. Three deviations, and one more below.
    assert 78 <= held <= 99


def test_groups_of_one_photo_change_nothing():
    labels, scores, _ = _photos(2)
    alone = np.arange(labels.size)
    grouped = bootstrap(roc_auc, labels, scores, groups=alone, resamples=50)
    assert grouped == bootstrap(roc_auc, labels, scores, resamples=50)


def test_photos_of_one_lesion_are_drawn_together():
    photos_of_lesion = np.array([4, 1, 3, 2, 5, 3, 1])
    lesions = np.repeat(np.arange(7), photos_of_lesion)
    # Not in order, and named: nothing may hang on neighbours or on numbers.
    mixed = np.random.default_rng(0).permutation(lesions)
    names = np.array([f"lesion {number}" for number in mixed])

    def photos_left_behind(_, scores):
        drawn = np.bincount(scores.astype(int), minlength=7)
        return float((drawn % photos_of_lesion).sum())

    left_behind = bootstrap(
        photos_left_behind,
        (mixed < 4).astype(int),
        mixed.astype(float),
        groups=names,
        resamples=99,
        confidence=0.999,
    )
    assert left_behind == Interval(0, 0)


def test_copies_of_photos_do_not_narrow_a_grouped_interval():
    labels, scores, _ = _photos(3)
    lesions = np.arange(labels.size)
    fourfold = (np.tile(labels, 4), np.tile(scores, 4))
    honest = bootstrap(roc_auc, labels, scores, resamples=300)
    grouped = bootstrap(roc_auc, *fourfold, groups=np.tile(lesions, 4), resamples=300)
    naive = bootstrap(roc_auc, *fourfold, resamples=300)
    # The same lesions are drawn, so the same AUCs come out, but for the order of sums.
    assert (grouped.low, grouped.high) == pytest.approx(
        (honest.low, honest.high), abs=EXACT
    )
    # Four independent copies would halve the width; allow 25 % of sampling error.
    assert naive.high - naive.low < 0.625 * (grouped.high - grouped.low)


def test_a_lesion_with_both_labels_is_refused():
    with pytest.raises(ValueError, match="one lesion has one label"):
        bootstrap(
            roc_auc, np.array([0, 1]), np.array([0.1, 0.9]), groups=np.array(["a", "a"])
        )


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0])
def test_confidence_beyond_its_range_is_refused(confidence):
    labels, scores, _ = _photos(0)
    calls = itertools.chain(
        (lambda: wilson(1, 2, confidence=confidence),),
        (lambda: delong_interval(labels, scores, confidence=confidence),),
        (lambda: bootstrap(roc_auc, labels, scores, confidence=confidence),),
    )
    for call in calls:
        with pytest.raises(ValueError, match="confidence"):
            call()


def test_no_resamples_are_refused():
    labels, scores, _ = _photos(0)
    with pytest.raises(ValueError, match="resamples"):
        bootstrap(roc_auc, labels, scores, resamples=0)
