import argparse
import dataclasses

import numpy as np
import pytest

from benchmarks import compare
from benchmarks.compare import Limit, read_limits
from benchmarks.results.comparison import Change
from edge_runtime.evaluation.intervals import Interval


@pytest.fixture
def write(result, tmp_path):
    """Writes a result whose durations are ``slower`` times as long."""

    def written(folder, slower=1.0, name="cnn32.qat_int8", seed=0, **subject):
        samples = slower * np.random.default_rng(seed).gamma(100, 0.1, 200)
        measurement = result.measurement
        changed = dataclasses.replace(
            measurement,
            subject=dataclasses.replace(measurement.subject, name=name, **subject),
            timing=dataclasses.replace(
                measurement.timing,
                photo_to_verdict_ms=tuple(samples),
                interpreter_ms=tuple(samples / 4),
            ),
        )
        path = tmp_path / folder / f"{name}.json"
        dataclasses.replace(result, measurement=changed).write(path)

    return written


@pytest.fixture
def compared(tmp_path):
    def run(*words):
        return compare.main([str(tmp_path / "old"), str(tmp_path / "new"), *words])

    return run


GATE = ("--fail-on", "latency:1.10,recall:-0.01")


def test_a_slowdown_beyond_the_limit_fails_with_4(write, compared, capsys):
    write("old/pi")
    write("new/pi", slower=1.3, seed=1)
    assert compared(*GATE) == 4
    shown = capsys.readouterr()
    assert "pi/cnn32.qat_int8: latency 1.3" in shown.err
    assert "not a medical device" in shown.out
    assert "specificity" in shown.out


def test_noise_and_small_slowdowns_pass(write, compared):
    write("old/pi")
    write("new/pi", slower=1.02, seed=1)
    assert compared(*GATE) == 0


def test_lost_recall_fails_too(write, compared, capsys):
    write("old/pi", threshold_score=0.25)
    write("new/pi", threshold_score=0.95)
    assert compared("--fail-on", "recall:-0.01") == 4
    assert "recall -1.000" in capsys.readouterr().err


def test_repeats_in_folders_of_their_own_count_together(write, compared, capsys):
    for turn in range(3):
        write(f"old/{turn}/pi", seed=turn)
        write(f"new/{turn}/pi", seed=3 + turn)
    assert compared(*GATE) == 0
    assert "measured once" not in capsys.readouterr().out


def test_two_machines_compare_through_a_reference(write, compared, capsys):
    for name in ("cnn32.qat_int8", "colour_baseline"):
        write("old/pi", name=name)
        write("new/laptop", name=name, slower=0.1, seed=1)
    assert compared() == 1
    assert "--relative-to" in capsys.readouterr().err
    assert compared("--relative-to", "colour_baseline", *GATE) == 0
    assert compared("--relative-to", "nothing") == 1
    assert "nothing" in capsys.readouterr().err


def test_a_limit_on_what_was_not_measured_is_an_error(
    write, compared, result, tmp_path, capsys
):
    write("old/pi")
    bare = dataclasses.replace(result.measurement, scores=())
    path = tmp_path / "new/pi/cnn32.qat_int8.json"
    dataclasses.replace(result, measurement=bare, quality=()).write(path)
    assert compared("--fail-on", "recall:-0.01") == 1
    assert "recall, which was not measured" in capsys.readouterr().err


def test_a_limit_that_is_none_is_wrong_usage(compared):
    with pytest.raises(SystemExit) as stop:
        compared("--fail-on", "recall:0.5")
    assert stop.value.code == 2


def test_a_throttled_run_compares_with_nothing(
    write, compared, result, machine, tmp_path, capsys
):
    write("old/pi")
    hot = dataclasses.replace(machine, throttled="4")
    throttled = dataclasses.replace(result.measurement, machine_after=hot)
    path = tmp_path / "new/pi/cnn32.qat_int8.json"
    dataclasses.replace(result, measurement=throttled).write(path)
    assert compared() == 1
    assert "throttled" in capsys.readouterr().err


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
def test_a_loss_counts_beyond_the_interval(value, low, high, broken):
    change = Change(value, Interval(low, high), 0.0)
    assert Limit("recall", -0.01).broken_by(change) is broken
