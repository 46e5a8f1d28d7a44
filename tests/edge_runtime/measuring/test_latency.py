"""Timing of single calls."""

import gc
import math
import statistics
import time

import pytest

from edge_runtime.measuring.latency import (
    KEPT_SAMPLES,
    PRESETS,
    Latency,
    Protocol,
    counted,
    measure,
    measure_latency,
)


def test_warm_up_calls_are_made_and_not_counted():
    calls = []
    latency = measure_latency(lambda: calls.append(1), warmup=3, runs=5)
    assert len(calls) == 8
    assert len(latency.samples_ms) == 5


def test_samples_are_milliseconds():
    latency = measure_latency(lambda: time.sleep(0.005), warmup=0, runs=3)
    # sleep never wakes early; how late it wakes is up to the system.
    assert min(latency.samples_ms) >= 5
    assert min(latency.samples_ms) < 500


def test_summaries_agree_with_the_standard_library():
    samples_ms = tuple(float(number) for number in range(101))
    latency = Latency(samples_ms)
    cuts = statistics.quantiles(samples_ms, n=100, method="inclusive")
    assert latency.median_ms == statistics.median(samples_ms)
    assert latency.p90_ms == pytest.approx(cuts[89])
    assert latency.p95_ms == pytest.approx(cuts[94])
    assert latency.p99_ms == pytest.approx(cuts[98])


@pytest.mark.parametrize(("warmup", "runs"), [(0, 0), (-1, 1), (0, -5)])
def test_impossible_counts_are_refused(warmup, runs):
    with pytest.raises(ValueError, match="runs"):
        measure_latency(lambda: None, warmup=warmup, runs=runs)


def test_no_samples_have_no_summary():
    with pytest.raises(ValueError, match="sample"):
        Latency(())


def test_runs_go_on_until_the_number_and_the_seconds_are_reached():
    by_seconds = measure(lambda: time.sleep(0.01), Protocol(0, 0, 2, 0.2, 10))
    # A sleep takes at least its time, so 0.2 s hold 20 at most, and one more.
    assert 2 < by_seconds.runs <= 21
    assert measure(lambda: None, Protocol(0, 0, 7, 0, 10)).runs == 7


def test_the_longest_time_ends_it_before_the_number():
    latency = measure(lambda: time.sleep(0.02), Protocol(0, 0, 10_000, 0, 0.1))
    assert 1 <= latency.runs <= 5


def test_even_the_shortest_time_measures_once():
    assert measure(lambda: time.sleep(0.02), Protocol(0, 0, 5, 0, 1e-9)).runs == 1


def test_warm_up_lasts_as_long_as_asked():
    calls = []
    measure(lambda: calls.append(time.perf_counter()), Protocol(1, 0.1, 1, 0, 10))
    assert calls[-1] - calls[0] >= 0.1


def test_a_fixed_rate_waits_for_each_start():
    starts = []
    protocol = Protocol(0, 0, 5, 0, 10, run_frequency=50)
    latency = measure(lambda: starts.append(time.perf_counter()), protocol)
    assert starts[-1] - starts[0] >= 4 / 50 - 1e-6
    assert latency.runs == 5


def test_runs_that_cannot_keep_the_rate_are_counted():
    protocol = Protocol(0, 0, 5, 0, 10, run_frequency=1000)
    # All find their time past but the first, unless the system holds even that up.
    assert measure(lambda: time.sleep(0.01), protocol).late in (4, 5)


def test_the_garbage_collector_rests_and_wakes_again():
    seen = []
    measure(lambda: seen.append(gc.isenabled()), counted(warmup=1, runs=2))
    assert seen == [False] * 3
    assert gc.isenabled()


def test_of_very_many_runs_evenly_spaced_ones_are_kept():
    latency = measure(lambda: None, counted(warmup=0, runs=3 * KEPT_SAMPLES - 1))
    assert latency.runs == 3 * KEPT_SAMPLES - 1
    assert len(latency.samples_ms) == KEPT_SAMPLES


def test_the_mlperf_preset_asks_for_what_single_stream_asks():
    # MLPerf Inference rules: single stream, minimum 1,024 queries and 60 s.
    assert PRESETS["mlperf"].num_runs >= 1024
    assert PRESETS["mlperf"].min_secs >= 60


@pytest.mark.parametrize(
    "values",
    [
        {"num_runs": 0},
        {"warmup_runs": -1},
        {"min_secs": -1.0},
        {"max_secs": 0.0},
        {"max_secs": math.inf},
        {"run_frequency": 0.0},
        {"warmup_min_secs": math.nan},
    ],
)
def test_a_protocol_that_cannot_be_is_refused(values):
    fields = {
        "warmup_runs": 1, "warmup_min_secs": 0.0, "num_runs": 1, "min_secs": 0.0,
        "max_secs": 1.0,
    }  # fmt: skip
    with pytest.raises(ValueError, match=r"expected|above 0"):
        Protocol(**{**fields, **values})
