import argparse

import pytest

from benchmarks.limits import Limit, read_limits
from benchmarks.results.comparison import Change
from edge_runtime.evaluation.intervals import Interval


def test_limits_are_read_in_order():
    assert read_limits("latency:1.10, recall:-0.01") == (
        Limit("latency", 1.1),
        Limit("recall", -0.01),
    )


@pytest.mark.parametrize(
    "word",
    ["", "latency", "latency:fast", "speed:1.1", "latency:0.9", "recall:0.01",
     "recall:-2", "latency:nan", "latency:inf"],
)  # fmt: skip
def test_what_is_no_limit_is_refused(word):
    with pytest.raises(argparse.ArgumentTypeError, match="expected FIGURE:LIMIT"):
        read_limits(word)


@pytest.mark.parametrize(
    ("value", "low", "high", "broken"),
    [
        (1.20, 1.15, 1.25, True),
        (1.20, 0.95, 1.40, False),  # Noise could have done it.
        (1.05, 1.04, 1.06, False),  # Certain, but allowed.
        (0.50, 0.40, 0.60, False),  # Faster.
    ],
)
def test_a_ratio_breaks_its_limit_only_beyond_it_and_beyond_noise(
    value, low, high, broken
):
    change = Change(value, Interval(low, high), 1.0)
    assert Limit("latency", 1.1).broken_by(change) is broken


@pytest.mark.parametrize(
    ("value", "low", "high", "broken"),
    [
        (-0.03, -0.05, -0.01, True),
        (-0.03, -0.07, 0.01, False),
        (0.02, 0.01, 0.03, False),
    ],
)
def test_a_loss_likewise(value, low, high, broken):
    change = Change(value, Interval(low, high), 0.0)
    assert Limit("recall", -0.01).broken_by(change) is broken
