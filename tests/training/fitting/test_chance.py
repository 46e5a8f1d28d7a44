"""A network that knows nothing is told apart from one that knows a little."""

import numpy as np
import pytest

from training.fitting.chance import no_better_than_chance, what_to_do
from training.fitting.sources import SourceScores

LABELS = np.tile([0, 1], 60)
EVEN = np.repeat(np.linspace(0, 1, 60), 2)


def _scores(shift):
    """Both labels evenly spread, the malignant ones moved."""
    return SourceScores(LABELS, EVEN + shift * LABELS)


@pytest.mark.parametrize("shift", [0.0, -0.5])
def test_chance_and_worse_are_told_with_their_interval(shift):
    found = no_better_than_chance({"": _scores(shift)})
    assert found.startswith("validation AUC 0.")
    assert "chance is 0.5" in found


def test_one_score_for_all_is_told():
    same = SourceScores(LABELS, np.full(120, 0.37))
    assert "same score" in no_better_than_chance({"": same})


def test_a_weak_network_is_better_than_chance():
    assert no_better_than_chance({"": _scores(0.2)}) is None


def test_one_source_that_is_known_is_enough():
    parts = {"a": _scores(0.0), "b": _scores(0.5)}
    assert no_better_than_chance(parts) is None
    assert "in a" in no_better_than_chance({"a": parts["a"]})


def test_a_handful_of_photos_cannot_tell():
    few = SourceScores(np.array([0, 0, 1]), np.array([0.2, 0.3, 0.1]))
    assert no_better_than_chance({"": few}) is None


def test_advice_names_photos_and_epochs():
    advice = what_to_do(252, [4, 1], LABELS)
    assert "252 photos in 5 epochs" in advice
    assert "60 malignant of 120" in advice
