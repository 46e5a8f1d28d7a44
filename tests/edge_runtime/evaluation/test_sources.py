import numpy as np
import pytest

from edge_runtime.evaluation.metrics import recall, threshold_at_recall
from edge_runtime.evaluation.sources import (
    LEAST_MALIGNANT,
    balanced_weights,
    judged_sources,
    mean_auc,
    threshold_at_recall_of_all,
)


@pytest.fixture
def three():
    """Labels, scores and sources: b scores 0.2 lower than a; c has 5 malignant."""
    rng = np.random.default_rng(0)
    sources = np.repeat(["a", "b", "c"], [400, 200, 100])
    labels = np.concatenate(
        [np.arange(400) % 2, np.arange(200) % 4 == 0, np.arange(100) < 5]
    ).astype(int)
    scores = 0.4 + 0.3 * labels + rng.normal(0, 0.1, 700) - 0.2 * (sources == "b")
    scores[sources == "c"] = 0.01
    return labels, np.clip(scores, 0, 1), sources


def test_a_source_counts_from_twenty_malignant_photos():
    labels = np.concatenate([np.arange(50) < LEAST_MALIGNANT, np.arange(50) < 19])
    sources = np.repeat(["enough", "few"], 50)
    assert list(judged_sources(labels, sources)) == ["enough"]


def test_the_threshold_reaches_the_recall_in_every_source_and_is_the_highest(three):
    labels, scores, sources = three
    found = threshold_at_recall_of_all(labels, scores, 0.95, sources)

    def lowest(threshold):
        return min(
            recall(labels[sources == name], scores[sources == name] >= threshold)
            for name in "ab"
        )

    assert lowest(found) >= 0.95
    assert lowest(np.nextafter(found, 1)) < 0.95
    # Over photos pooled, b's lesions would pay for a's.
    assert lowest(threshold_at_recall(labels, scores, 0.95)) < 0.93


def test_a_source_that_does_not_count_moves_no_threshold(three):
    labels, scores, sources = three
    kept = sources != "c"
    assert threshold_at_recall_of_all(
        labels, scores, 0.95, sources
    ) == threshold_at_recall_of_all(labels[kept], scores[kept], 0.95, sources[kept])


def test_photos_of_one_source_are_judged_as_ever(three):
    labels, scores, _ = three
    assert threshold_at_recall_of_all(labels, scores, 0.9, None) == threshold_at_recall(
        labels, scores, 0.9
    )
    assert balanced_weights(labels, None) is None


def test_where_no_source_counts_all_photos_do(three):
    labels, scores, sources = three
    few = sources == "c"
    assert list(judged_sources(labels[few], sources[few])) == [""]
    assert threshold_at_recall_of_all(
        labels[few], scores[few], 0.9, sources[few]
    ) == threshold_at_recall(labels[few], scores[few], 0.9)


def test_labels_of_every_source_weigh_the_same(three):
    labels, _, sources = three
    weights = balanced_weights(labels, sources)
    assert weights.sum() == pytest.approx(1)
    for name in "ab":
        for label in (0, 1):
            part = weights[(sources == name) & (labels == label)]
            assert part.sum() == pytest.approx(0.25)
    assert not weights[sources == "c"].any()


def test_the_mean_auc_does_not_see_that_sources_differ(three):
    labels, scores, sources = three
    shifted = np.where(sources == "b", scores / 3, scores)
    assert mean_auc(labels, shifted, sources) == mean_auc(labels, scores, sources)
    assert mean_auc(labels, shifted, None) != mean_auc(labels, scores, None)
