import numpy as np
import pytest

from convert.checks.evidence import gather_evidence
from convert.errors import ConversionError
from edge_runtime.evaluation.temperature import calibrated
from edge_runtime.model.quantization import Quantization

OUTPUT = Quantization(1 / 256, 0, np.uint8)


@pytest.fixture
def lots():
    """Labels, the Keras model's scores, and those that a uint8 output can hold."""
    generator = np.random.default_rng(3)
    labels = np.arange(300) % 2
    keras_scores = np.clip(0.3 + 0.3 * labels + generator.normal(0, 0.2, 300), 0, 0.99)
    return labels, keras_scores, OUTPUT.restore(OUTPUT.store(keras_scores))


def test_evidence_is_of_one_piece(lots):
    labels, keras_scores, scores = lots
    found = gather_evidence(
        labels, keras_scores, scores, output=OUTPUT, target_recall=0.95
    )
    (accuracy,) = found.measured.accuracy
    assert found.threshold.recall == accuracy.recall
    assert found.threshold.specificity == accuracy.specificity
    assert accuracy.auc == found.comparison.auc_file
    assert found.uncertainty.low_score <= found.threshold.score
    probability = calibrated(found.threshold.score, found.temperature)
    assert found.threshold.probability == probability


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.nan, "gave no number for 1 of 300"),
        (np.inf, "gave no number for 1 of 300"),
    ],
)
@pytest.mark.parametrize("whose", [1, 2])
def test_scores_that_are_no_numbers_are_refused(lots, bad, message, whose):
    lots[whose][7] = bad
    with pytest.raises(ConversionError, match=message):
        gather_evidence(*lots, output=OUTPUT, target_recall=0.95)


def test_a_collapsed_output_is_refused(lots):
    labels, keras_scores, scores = lots
    with pytest.raises(ConversionError, match=r"all 300 photos the score 0\.5"):
        gather_evidence(
            labels,
            keras_scores,
            np.full_like(scores, 0.5),
            output=OUTPUT,
            target_recall=0.95,
        )


def test_a_split_of_one_class_is_refused(lots):
    _, keras_scores, scores = lots
    with pytest.raises(ConversionError, match="300 malignant and 0 benign"):
        gather_evidence(
            np.ones(300, int), keras_scores, scores, output=OUTPUT, target_recall=0.9
        )


def test_sources_of_other_prevalence_share_one_operating_point_over_sources(lots):
    labels, keras_scores, scores = lots
    # b is a's photos, malignant ones four times fewer, scores lower by a shift of
    # camera: pooled, temperature and threshold would be a's.
    kept = (labels == 0) | (np.arange(300) % 8 == 1)
    lower = OUTPUT.restore(OUTPUT.store(np.clip(scores - 0.15, 0, 1)))
    sources = np.repeat(["a", "b"], [300, kept.sum()])
    found = gather_evidence(
        np.append(labels, labels[kept]),
        np.append(keras_scores, keras_scores[kept]),
        np.append(scores, lower[kept]),
        output=OUTPUT,
        target_recall=0.95,
        sources=sources,
    )
    first, second = found.measured.accuracy
    assert min(first.recall.value, second.recall.value) >= 0.95
    lowest = min(first, second, key=lambda each: each.recall.value)
    assert found.threshold.source == lowest.source
    assert found.threshold.recall == lowest.recall
    assert found.comparison.auc_file == pytest.approx((first.auc + second.auc) / 2)
    assert found.uncertainty.share.value <= 0.10
