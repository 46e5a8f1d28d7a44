import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from convert.checks.flips import comparison, flips, flips_at_recall


def test_each_photo_that_changed_is_put_where_it_belongs():
    #                  lost      gained    lost       gained     unchanged
    labels = np.array([1, 1, 1, 0, 0, 0, 1, 0])
    first = np.array([1, 1, 0, 0, 1, 1, 1, 0], bool)
    second = np.array([0, 0, 1, 1, 0, 0, 1, 0], bool)
    found = flips(labels, first, second)
    assert found.malignant_lost == (0, 1)
    assert found.malignant_gained == (2,)
    assert found.benign_lost == (3,)
    assert found.benign_gained == (4, 5)


def test_nothing_flips_when_only_the_scale_of_the_scores_changes():
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 2, 60)
    scores = generator.random(60)
    found = flips_at_recall(labels, scores, scores / 3 + 0.1, 0.9)
    assert found == flips(labels, scores > 2, scores > 2)


def drawn():
    generator = np.random.default_rng(1)
    labels = np.arange(200) % 2
    keras_scores = np.clip(0.3 + 0.3 * labels + generator.normal(0, 0.2, 200), 0, 1)
    return labels, keras_scores, np.rint(keras_scores * 20) / 20


def test_coarser_scores_are_compared_photo_by_photo():
    labels, keras_scores, file_scores = drawn()
    found = comparison(
        labels, keras_scores, file_scores, target_recall=0.9, split="val"
    )
    assert found.auc_keras == pytest.approx(roc_auc_score(labels, keras_scores))
    assert found.auc_file == pytest.approx(roc_auc_score(labels, file_scores))
    differences = [abs(a - b) for a, b in zip(keras_scores, file_scores, strict=True)]
    assert found.largest_difference == pytest.approx(max(differences))
    assert found.largest_difference <= 1 / 40
    assert found.mean_difference == pytest.approx(sum(differences) / 200)
    assert found.distinct_scores == len(set(file_scores))
    assert found.n == 200


def test_flips_account_for_the_change_in_recall():
    labels, keras_scores, file_scores = drawn()
    found = comparison(
        labels, keras_scores, file_scores, target_recall=0.9, split="val"
    )

    def called(scores):
        """Malignant photos found by the highest score that finds 90 of 100."""
        threshold = sorted(scores[labels == 1])[10]
        return int((scores[labels == 1] >= threshold).sum())

    gained = called(file_scores) - called(keras_scores)
    assert found.malignant_gained - found.malignant_lost == gained
