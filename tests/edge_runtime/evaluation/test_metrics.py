"""Metrics against scikit-learn and against brute force over pairs and bins."""

import itertools

import numpy as np
import pytest

from edge_runtime.evaluation import metrics
from edge_runtime.evaluation.metrics import Confusion, confusion

# Sums of some hundred float64 terms in another order: errors near 1e-14.
EXACT = 1e-12


@pytest.fixture(scope="session")
def sklearn_metrics():
    """The oracle; absent on a device, where the tests that need it are skipped."""
    return pytest.importorskip("sklearn.metrics")


def _photos(seed, n=211, levels=None):
    """Labels and informative scores; ``levels`` makes ties, as int8 models do."""
    generator = np.random.default_rng(seed)
    labels = np.concatenate(([0, 1], generator.integers(0, 2, n - 2)))
    scores = 1 / (1 + np.exp(-(generator.normal(size=n) + 1.5 * labels - 0.7)))
    if levels:
        scores = np.rint(scores * levels) / levels
    return labels, scores


@pytest.fixture(params=[(0, None), (1, None), (2, 256), (3, 8), (4, 1)], ids=str)
def photos(request):
    return _photos(request.param[0], levels=request.param[1])


def test_roc_auc_is_the_share_of_won_pairs(photos):
    labels, scores = photos
    pairs = list(itertools.product(scores[labels == 1], scores[labels == 0]))
    won = sum((ours > theirs) + (ours == theirs) / 2 for ours, theirs in pairs)
    assert metrics.roc_auc(labels, scores) == pytest.approx(won / len(pairs), abs=EXACT)


def test_roc_auc_equals_scikit_learn(sklearn_metrics, photos):
    assert metrics.roc_auc(*photos) == pytest.approx(
        sklearn_metrics.roc_auc_score(*photos), abs=EXACT
    )


def test_pr_auc_equals_scikit_learn(sklearn_metrics, photos):
    assert metrics.pr_auc(*photos) == pytest.approx(
        sklearn_metrics.average_precision_score(*photos), abs=EXACT
    )


def test_pauc_equals_the_formula_of_isic_2024(sklearn_metrics, photos):
    labels, scores = photos
    scaled = sklearn_metrics.roc_auc_score(1 - labels, -scores, max_fpr=0.2)
    # scikit-learn rescales (McClish 1989) so that chance is 0.5 and the best 1; undo.
    chance, best = 0.2**2 / 2, 0.2
    area = chance + (best - chance) * (scaled - 0.5) / 0.5
    assert metrics.pauc_tpr80(labels, scores) == pytest.approx(area, abs=EXACT)


def test_pauc_of_scores_without_information_is_two_hundredths():
    labels, scores = np.array([0, 0, 1, 1]), np.full(4, 0.3)
    assert metrics.pauc_tpr80(labels, scores) == pytest.approx(0.02, abs=EXACT)


@pytest.mark.parametrize("threshold", [0.2, 0.5, 0.9])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("recall", "recall_score"),
        ("precision", "precision_score"),
    ],
)
def test_metric_of_decisions_equals_scikit_learn(
    sklearn_metrics, ours, theirs, threshold
):
    labels, scores = _photos(5)
    positive = scores >= threshold
    assert getattr(metrics, ours)(labels, positive) == pytest.approx(
        getattr(sklearn_metrics, theirs)(labels, positive), abs=EXACT
    )


def test_specificity_is_the_recall_of_the_other_class(sklearn_metrics):
    labels, scores = _photos(6)
    assert metrics.specificity(labels, scores >= 0.6) == pytest.approx(
        sklearn_metrics.recall_score(1 - labels, scores < 0.6), abs=EXACT
    )


def test_confusion_equals_scikit_learn(sklearn_metrics):
    labels, scores = _photos(7)
    tn, fp, fn, tp = sklearn_metrics.confusion_matrix(labels, scores >= 0.5).ravel()
    assert confusion(labels, scores >= 0.5) == Confusion(tp, fn, fp, tn)


def test_precision_is_zero_where_nothing_was_called_malignant():
    assert metrics.precision(np.array([0, 1]), np.array([False, False])) == 0


def test_brier_equals_scikit_learn(sklearn_metrics, photos):
    assert metrics.brier(*photos) == pytest.approx(
        sklearn_metrics.brier_score_loss(*photos), abs=EXACT
    )


@pytest.mark.parametrize("bins", [1, 7, 10])
def test_calibration_error_equals_a_loop_over_bins(photos, bins):
    labels, probabilities = photos
    total = 0.0
    for number, (low, high) in enumerate(
        itertools.pairwise(np.linspace(0, 1, bins + 1))
    ):
        inside = (probabilities > low) & (probabilities <= high)
        inside |= (number == 0) & (probabilities == 0)
        if inside.any():
            gap = labels[inside].mean() - probabilities[inside].mean()
            total += inside.mean() * abs(gap)
    ours = metrics.expected_calibration_error(labels, probabilities, bins=bins)
    assert ours == pytest.approx(total, abs=EXACT)


@pytest.mark.parametrize("target", [0.01, 0.5, 0.9, 0.95, 1.0])
def test_threshold_is_the_largest_score_that_reaches_the_recall(photos, target):
    labels, scores = photos
    enough = [s for s in scores if metrics.recall(labels, scores >= s) >= target]
    assert metrics.threshold_at_recall(labels, scores, target) == max(enough)


@pytest.mark.parametrize("labels", [[0, 0], [1, 1]])
def test_one_class_only_is_refused(labels):
    with pytest.raises(ValueError, match="both classes are needed"):
        metrics.roc_auc(np.array(labels), np.array([0.2, 0.3]))


@pytest.mark.parametrize(
    ("labels", "scores", "message"),
    [
        ([0, 1], [0.1, 0.2, 0.3], r"got \(2,\) and \(3,\)"),
        ([[0, 1]], [[0.1, 0.2]], r"shape \(n,\)"),
        ([], [], "n > 0"),
        ([0, 2], [0.1, 0.2], "labels must be 0 or 1"),
        ([0, 1], [0.1, np.nan], "NaN"),
    ],
)
def test_unusable_input_is_refused(labels, scores, message):
    with pytest.raises(ValueError, match=message):
        metrics.roc_auc(np.array(labels), np.array(scores))


@pytest.mark.parametrize("metric", [metrics.brier, metrics.expected_calibration_error])
def test_logits_are_not_taken_for_probabilities(metric):
    with pytest.raises(ValueError, match=r"must lie in \[0, 1\]"):
        metric(np.array([0, 1]), np.array([-2.0, 3.0]))


def test_scores_are_not_taken_for_decisions():
    with pytest.raises(ValueError, match="must be booleans"):
        metrics.recall(np.array([0, 1]), np.array([0.2, 0.7]))


@pytest.mark.parametrize("target", [0.0, 1.1])
def test_target_recall_beyond_its_range_is_refused(target):
    with pytest.raises(ValueError, match="target_recall"):
        metrics.threshold_at_recall(np.array([0, 1]), np.array([0.1, 0.2]), target)
