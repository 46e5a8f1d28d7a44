"""How many photos a site needs, and that its evidence is held out."""

import numpy as np
import pytest

from edge_runtime.errors import SiteFileError
from edge_runtime.evaluation.intervals import wilson
from edge_runtime.evaluation.metrics import threshold_at_recall
from edge_runtime.site_calibration.labelled import (
    LEAST_OTHER,
    held_out_calls,
    needed_malignant,
    refuse_too_few,
)


@pytest.mark.parametrize("target", [0.8, 0.9, 0.95, 1.0])
def test_so_many_bring_the_interval_within_a_tenth(target):
    # Where target * n is whole, the formula is Wilson's own.
    whole = next(
        n for n in range(needed_malignant(target), 10**4) if (target * n) % 1 == 0
    )
    assert wilson(round(target * whole), whole).low >= target - 0.10 - 1e-12
    half = needed_malignant(target) // 2
    assert wilson(int(target * half), half).low < target - 0.10


def test_photos_of_one_lesion_count_once():
    labels = np.array([1] * 200 + [0] * 200)
    lesions = np.array(
        [f"m{n % 20}" for n in range(200)] + [f"o{n}" for n in range(200)]
    )
    with pytest.raises(SiteFileError, match="20 malignant and 200 other") as caught:
        refuse_too_few(labels, lesions, 0.95)
    assert f"at least {needed_malignant(0.95)} and {LEAST_OTHER}" in str(caught.value)


def test_held_out_calls_never_saw_their_own_lesion():
    """One lesion far below the rest: its own threshold would find it, others' not."""
    generator = np.random.default_rng(0)
    labels = np.array([1] * 50 + [0] * 50)
    scores = np.where(labels == 1, 0.8, 0.3) + generator.normal(0, 0.05, 100)
    scores[0] = 0.01
    lesions = np.array([f"{n}" for n in range(100)])
    called = held_out_calls(labels, scores, lesions, 1.0)
    assert scores[0] >= threshold_at_recall(labels, scores, 1.0)
    assert not called[0]


def test_photos_of_one_lesion_are_held_out_together():
    labels = np.array([1] * 100 + [0] * 100)
    lesions = np.array([f"{label}-{n // 2}" for label in "mo" for n in range(100)])
    scores = np.full(200, 0.5)
    # A pair of photos of one lesion, both low: neither may set the other's threshold.
    scores[:2] = 0.1
    assert not held_out_calls(labels, scores, lesions, 1.0)[:2].any()
