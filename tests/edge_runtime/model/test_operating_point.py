import numpy as np
import pytest

from edge_runtime.evaluation.sources import judged_sources
from edge_runtime.evaluation.temperature import calibrated
from edge_runtime.model.operating_point import (
    accuracy,
    accuracy_by_source,
    chosen_threshold,
    share_of,
    uncertainty_band,
)
from edge_runtime.model.quantization import Quantization

stats = pytest.importorskip("scipy.stats", reason="scipy is the oracle")
metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is the oracle")

OUTPUT = Quantization(1 / 256, 0, np.uint8)


@pytest.fixture
def lots():
    """Labels, the Keras model's scores, and those that a uint8 output can hold."""
    generator = np.random.default_rng(3)
    labels = np.arange(300) % 2
    keras_scores = np.clip(0.3 + 0.3 * labels + generator.normal(0, 0.2, 300), 0, 0.99)
    return labels, keras_scores, OUTPUT.restore(OUTPUT.store(keras_scores))


def chosen(labels, scores, target_recall=0.95, output=OUTPUT):
    return chosen_threshold(
        labels,
        scores,
        target_recall=target_recall,
        temperature=1.3,
        output=output,
        split="val",
    )


@pytest.mark.parametrize("target_recall", [0.5, 0.9, 0.95, 1.0])
def test_threshold_is_the_highest_score_that_reaches_the_recall(lots, target_recall):
    labels, _, scores = lots
    malignant, other = scores[labels == 1], scores[labels == 0]
    reaching = [t for t in set(scores) if (malignant >= t).mean() >= target_recall]
    found = chosen(labels, scores, target_recall)
    assert found.score == max(reaching)
    assert found.recall.value == (malignant >= found.score).mean()
    assert found.specificity.value == (other < found.score).mean()
    assert (found.recall.n, found.specificity.n) == (malignant.size, other.size)


def test_stored_threshold_stands_for_exactly_the_score(lots):
    labels, _, scores = lots
    found = chosen(labels, scores)
    assert float(OUTPUT.restore(np.array(found.stored))) == found.score
    assert found.probability == calibrated(found.score, 1.3)


def test_float_output_has_no_stored_threshold(lots):
    labels, keras_scores, _ = lots
    scores = keras_scores.astype(np.float32)
    found = chosen(labels, scores, output=Quantization.identity())
    assert found.stored is None
    assert found.score in scores


@pytest.mark.parametrize("share", [0.02, 0.1, 0.3])
def test_band_is_the_widest_that_holds_at_most_its_share(lots, share):
    _, _, scores = lots
    threshold = float(np.median(scores))

    def held(low):
        return int(((scores >= low) & (scores < threshold)).sum())

    fitting = [low for low in {*scores, threshold} if held(low) <= share * scores.size]
    band = uncertainty_band(scores, threshold, temperature=1.3, share=share)
    assert band.low_score == min(low for low in fitting if low <= threshold)
    assert band.share.successes == held(band.low_score)
    assert band.low_probability == calibrated(band.low_score, 1.3)


def test_band_is_empty_where_too_many_share_the_score_below():
    scores = np.array([0.25] * 50 + [0.75] * 50)
    band = uncertainty_band(scores, 0.75, temperature=1.0)
    assert band.low_score == 0.75
    assert band.share.successes == 0


def test_band_is_empty_where_nothing_scores_below():
    band = uncertainty_band(np.array([0.5, 0.75]), 0.5, temperature=1.0)
    assert band.low_score == 0.5


def test_accuracy_keeps_the_threshold_it_is_given(lots):
    labels, _, scores = lots
    found = accuracy(labels, scores, 0.5, temperature=1.0, split="test_clean")
    assert found.recall.successes == sum(scores[labels == 1] >= 0.5)
    assert found.specificity.successes == sum(scores[labels == 0] < 0.5)
    assert found.auc == pytest.approx(metrics.roc_auc_score(labels, scores))
    assert found.auc_low < found.auc < found.auc_high
    assert 0 <= found.expected_calibration_error <= 1


def test_share_has_the_interval_of_wilson():
    share = share_of(57, 60)
    oracle = stats.binomtest(57, 60).proportion_ci(method="wilson")
    assert (share.low, share.high) == pytest.approx((oracle.low, oracle.high))
    assert (share.value, share.successes, share.n) == (0.95, 57, 60)


def test_of_several_sources_the_threshold_names_its_rule_and_the_lowest_recall(sites):
    labels, scores, sources = sites
    found = chosen_threshold(
        labels,
        scores,
        target_recall=0.95,
        temperature=1.0,
        output=OUTPUT,
        split="val",
        sources=sources,
    )
    assert "at least 0.95 in every source" in found.rule
    reached = {
        name: (scores[(sources == name) & (labels == 1)] >= found.score).mean()
        for name in "ab"
    }
    assert found.source == min(reached, key=reached.get)
    assert found.recall.value == pytest.approx(min(reached.values()))
    assert found.recall.n == (labels[sources == found.source] == 1).sum()


def test_the_band_holds_at_most_its_share_of_every_source(sites):
    labels, scores, sources = sites
    groups = tuple(judged_sources(labels, sources).values())
    band = uncertainty_band(scores, 0.5, temperature=1.0, share=0.05, groups=groups)
    held = [
        ((band.low_score <= scores[mask]) & (scores[mask] < 0.5)).mean()
        for mask in groups
    ]
    assert max(held) == pytest.approx(band.share.value)
    assert max(held) <= 0.05
    assert "of every source" in band.rule
    wider = np.unique(scores[scores < band.low_score])[-1]
    assert max(((wider <= scores[m]) & (scores[m] < 0.5)).mean() for m in groups) > 0.05


def test_sources_are_measured_apart_and_one_with_few_lesions_by_specificity(sites):
    labels, scores, sources = sites
    found = accuracy_by_source(
        labels, scores, 0.5, temperature=1.0, split="val", sources=sources
    )
    assert [each.source for each in found.accuracy] == ["a", "b"]
    assert [each.recall.n for each in found.accuracy] == [100, 50]
    (few,) = found.few_malignant
    assert (few.source, few.malignant) == ("c", 5)
    assert few.specificity.n == 95
    other = scores[(sources == "c") & (labels == 0)]
    assert few.specificity.successes == (other < 0.5).sum()


@pytest.fixture
def sites():
    """Labels, scores and sources; c has 5 malignant photos, b scores lower than a."""
    rng = np.random.default_rng(4)
    sources = np.repeat(["a", "b", "c"], [300, 200, 100])
    labels = np.concatenate(
        [np.arange(300) % 3 == 0, np.arange(200) % 4 == 0, np.arange(100) < 5]
    ).astype(int)
    drawn = 0.4 + 0.2 * labels - 0.1 * (sources == "b") + rng.normal(0, 0.1, 600)
    scores = OUTPUT.restore(OUTPUT.store(np.clip(drawn, 0, 0.99)))
    return labels, scores, sources
