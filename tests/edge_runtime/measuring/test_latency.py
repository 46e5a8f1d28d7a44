"""Timing of single calls."""

import statistics
import time

import pytest

from edge_runtime.measuring.latency import Latency, measure_latency


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
