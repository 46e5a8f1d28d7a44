"""Regressions on what a finished network sees."""

import numpy as np
import pytest

from benchmarks.answers.frozen import (
    FACTOR,
    MUTATION,
    PLAIN,
    WEIGHTS,
    filled_up,
    probed,
)
from edge_runtime.evaluation.metrics import roc_auc

LABELS = (np.arange(200) % 4 == 0).astype(np.int64)


def _table():
    return np.random.default_rng(0).normal(size=(200, 5)) + 2 * LABELS[:, None]


def _splits():
    return np.array(["train", "val", "test", "train", "test"])[np.arange(200) % 5]


@pytest.mark.parametrize("balance", [PLAIN, WEIGHTS, MUTATION])
def test_what_parts_the_classes_is_learnt(balance):
    splits = _splits()
    scores = probed(_table(), LABELS, splits, balance, seed=0)
    test = splits == "test"
    assert roc_auc(LABELS[test], scores[test]) > 0.95


def test_balance_raises_the_rarer_class():
    table = np.random.default_rng(0).normal(size=(200, 5)) + 0.4 * LABELS[:, None]
    mean = {
        balance: probed(table, LABELS, _splits(), balance, seed=0).mean()
        for balance in (PLAIN, WEIGHTS, MUTATION)
    }
    assert mean[PLAIN] + 0.1 < min(mean[WEIGHTS], mean[MUTATION])


def test_mutated_vectors_are_of_the_rarer_label_until_both_are_as_many():
    rows, labels = filled_up(_table(), LABELS, np.random.default_rng(0))
    assert np.bincount(labels).tolist() == [150, 150]
    np.testing.assert_array_equal(rows[:200], _table())
    assert (labels[200:] == 1).all()
    # Variance of a + F (b - c) is 1 + 2 F^2 times that of a.
    spread = rows[200:].std() / _table()[LABELS == 1].std()
    assert spread == pytest.approx((1 + 2 * FACTOR**2) ** 0.5, abs=0.15)


def test_equal_counts_stay():
    labels = np.arange(10) % 2
    rows, same = filled_up(np.ones((10, 2)), labels, np.random.default_rng(0))
    assert len(rows) == len(same) == 10
