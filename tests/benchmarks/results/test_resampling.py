"""Weights in place of drawn photos, against drawing the photos and ranking them."""

import numpy as np
import pytest

from benchmarks.results.figures import Judged, drawn_figures, figures, quality_detail
from benchmarks.results.resampling import (
    at_specificity,
    counts_at_scores,
    drawn_weights,
)
from edge_runtime.evaluation import metrics
from edge_runtime.evaluation.intervals import bootstrap


@pytest.fixture(scope="module")
def judged():
    """Scores on the grid of an int8 model, with ties, and lesions of one to four."""
    generator = np.random.default_rng(5)
    labels = np.repeat([1, 0], (90, 130))
    raw = 1 / (1 + np.exp(-generator.normal(1.5 * labels - 0.5, 1.5)))
    lesions = np.array([f"{label}{place // 3}" for place, label in enumerate(labels)])
    return Judged(labels, np.round(raw * 64) / 64, lesions, 0.375, 1.3)


def test_every_figure_is_that_of_the_photos_as_often_as_they_were_drawn(judged):
    (weights,) = drawn_weights(judged.labels, judged.lesions, 20)
    found = figures(judged, weights)
    for row, drawn in enumerate(weights):
        photos = np.repeat(np.arange(drawn.size), drawn)
        labels, scores = judged.labels[photos], judged.scores[photos]
        called = scores >= judged.threshold
        assert found["auc"][row] == pytest.approx(metrics.roc_auc(labels, scores))
        assert found["pr_auc"][row] == pytest.approx(metrics.pr_auc(labels, scores))
        assert found["pauc"][row] == pytest.approx(metrics.pauc_tpr80(labels, scores))
        assert found["recall"][row] == metrics.recall(labels, called)
        assert found["specificity"][row] == metrics.specificity(labels, called)
        for target in (0.90, 0.95):
            threshold = metrics.threshold_at_recall(labels, scores, target)
            name = f"recall at recall {target}"
            assert found[name][row] == metrics.recall(labels, scores >= threshold)


def test_the_calibration_error_is_that_of_the_runtime(judged):
    from edge_runtime.evaluation.temperature import calibrated

    once = figures(judged, np.ones((1, judged.labels.size), np.int64))
    probabilities = np.asarray(calibrated(judged.scores, judged.temperature))
    assert once["calibration_error"][0] == pytest.approx(
        metrics.expected_calibration_error(judged.labels, probabilities)
    )


def test_intervals_agree_with_the_bootstrap_that_draws_lesions(judged):
    detail = quality_detail(drawn_figures(judged, 2000))
    drawn = bootstrap(
        metrics.roc_auc, judged.labels, judged.scores, groups=judged.lesions
    )
    # The ends of two bootstraps of 2,000 wobble by some hundredths of the interval.
    wobble = 0.15 * (drawn.high - drawn.low)
    assert detail.auc.low == pytest.approx(drawn.low, abs=wobble)
    assert detail.auc.high == pytest.approx(drawn.high, abs=wobble)


def test_photos_of_one_lesion_are_drawn_together(judged):
    (weights,) = drawn_weights(judged.labels, judged.lesions, 50)
    for lesion in np.unique(judged.lesions):
        (own,) = np.nonzero(judged.lesions == lesion)
        assert (weights[:, own] == weights[:, own[:1]]).all()


def test_the_lowest_threshold_that_keeps_the_specificity_is_taken():
    labels = np.array([0, 0, 0, 0, 0, 1, 1])
    scores = np.array([0.1, 0.2, 0.3, 0.4, 0.9, 0.35, 0.95])
    counts = counts_at_scores(np.ones((1, 7), np.int64), labels, scores)
    recall, specificity = at_specificity(counts, 0.6)
    # At 0.35 two of five others are called; at 0.3 it would be three.
    assert (recall[0], specificity[0]) == (1.0, 0.6)


def test_a_specificity_out_of_reach_calls_nobody():
    labels, scores = np.array([0, 1]), np.array([0.9, 0.1])
    counts = counts_at_scores(np.ones((1, 2), np.int64), labels, scores)
    assert [found[0] for found in at_specificity(counts, 0.5)] == [0.0, 1.0]
