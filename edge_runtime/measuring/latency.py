"""How long one inference takes."""

import gc
import math
import time
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Protocol:
    """Warm-up and timed runs; both bounds of a pair hold.

    Attributes:
        warmup_runs: untimed runs before, at least so many.
        warmup_min_secs: and for at least so long.
        num_runs: timed runs, at least so many.
        min_secs: and for at least so long.
        max_secs: after so long no further run starts, whatever is missing.
        run_frequency: runs that start in a second, as a camera would ask for them; None
            starts each as soon as the last has ended.
    """

    warmup_runs: int
    warmup_min_secs: float
    num_runs: int
    min_secs: float
    max_secs: float
    run_frequency: float | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be done."""
        if self.num_runs < 1 or self.warmup_runs < 0:
            raise ValueError(
                "expected at least 1 run and 0 warm-up runs, got"
                f" {self.num_runs} and {self.warmup_runs}"
            )
        seconds = (self.warmup_min_secs, self.min_secs, self.max_secs)
        if not all(0 <= value < math.inf for value in seconds) or not self.max_secs:
            raise ValueError(
                f"expected seconds from 0, a maximum above it, got {seconds}"
            )
        if self.run_frequency is not None and not 0 < self.run_frequency < math.inf:
            raise ValueError(
                f"run_frequency must be above 0 a second; got {self.run_frequency}"
            )


LONGEST_SECS = 150.0
"""As in ``benchmark_model``."""

PRESETS = {
    "quick": Protocol(10, 0.2, 50, 0.5, 30.0),
    "standard": Protocol(20, 0.5, 200, 1.0, LONGEST_SECS),
    # Single stream of MLPerf Inference: at least 1,024 samples and 60 s; its figure is
    # the 90th percentile (Reddi et al. 2020, doi:10.1109/ISCA45697.2020.00045).
    "mlperf": Protocol(20, 0.5, 1024, 60.0, 600.0),
}


def counted(*, warmup: int, runs: int) -> Protocol:
    """Runs by number alone, for whoever wants just so many.

    >>> counted(warmup=1, runs=5).num_runs
    5
    """
    return Protocol(warmup, 0.0, runs, 0.0, 1e6)


KEPT_SAMPLES = 20_000
"""A minute of a small model would fill a result file with a million durations."""


@dataclass(frozen=True)
class Latency:
    """Durations of single calls, in milliseconds, in the order measured.

    The raw samples are kept: a summary can be recomputed, samples cannot. Median and
    percentiles, because one interruption by the system shifts a mean at will.

    Attributes:
        samples_ms: durations; of very many runs, evenly spaced ones.
        runs: how many runs were timed; ``len(samples_ms)`` unless given.
        late: runs that could not start when ``run_frequency`` wanted them to.

    >>> Latency((2.0, 1.0, 3.0)).median_ms
    2.0
    """

    samples_ms: tuple[float, ...]
    runs: int = 0
    late: int = 0

    def __post_init__(self) -> None:
        """Refuse fields that cannot be, or contradict each other."""
        if not self.samples_ms:
            raise ValueError("expected at least one sample, got none")
        if not self.runs:
            object.__setattr__(self, "runs", len(self.samples_ms))

    @property
    def median_ms(self) -> float:
        """Half of the calls took no longer than this."""
        return float(np.median(self.samples_ms))

    @property
    def p90_ms(self) -> float:
        """90 % of the calls took no longer than this."""
        return float(np.percentile(self.samples_ms, 90))

    @property
    def p95_ms(self) -> float:
        """95 % of the calls took no longer than this."""
        return float(np.percentile(self.samples_ms, 95))

    @property
    def p99_ms(self) -> float:
        """99 % of the calls took no longer than this."""
        return float(np.percentile(self.samples_ms, 99))


def measure_latency(infer: Callable[[], object], *, warmup: int, runs: int) -> Latency:
    """Time ``infer`` ``runs`` times, after ``warmup`` calls that are not counted.

    Args:
        infer: what to time; takes nothing, its result is ignored.
        warmup: calls before timing starts, so that caches and clocks settle.
        runs: timed calls; at least 1.

    Raises:
        ValueError: when ``runs`` or ``warmup`` is out of range.
    """
    if runs < 1 or warmup < 0:
        raise ValueError(
            f"runs must be at least 1 and warmup at least 0; got {runs} and {warmup}"
        )
    return measure(infer, counted(warmup=warmup, runs=runs))


def measure(infer: Callable[[], object], protocol: Protocol) -> Latency:
    """Time ``infer`` as the protocol asks.

    Python's garbage collector rests meanwhile: its pauses belong to no run.

    Args:
        infer: what to time; takes nothing, its result is ignored.
        protocol: how often.
    """
    with _without_collector():
        _warm_up(infer, protocol)
        return _timed(infer, protocol)


def _warm_up(infer: Callable[[], object], protocol: Protocol) -> None:
    start, done = time.perf_counter(), 0
    while (
        done < protocol.warmup_runs
        or time.perf_counter() - start < protocol.warmup_min_secs
    ):
        infer()
        done += 1


def _timed(infer: Callable[[], object], protocol: Protocol) -> Latency:
    samples_ms, late = array("d"), 0
    rate = protocol.run_frequency
    start = due = time.perf_counter()
    while _wanted(len(samples_ms), time.perf_counter() - start, protocol):
        if rate:
            late += _wait_until(due, tolerance=0.01 / rate)
            due = max(due, time.perf_counter()) + 1 / rate
        start_ns = time.perf_counter_ns()
        infer()
        samples_ms.append((time.perf_counter_ns() - start_ns) / 1e6)
    stride = -(-len(samples_ms) // KEPT_SAMPLES)
    return Latency(tuple(samples_ms[::stride]), len(samples_ms), late)


def _wanted(done: int, passed: float, protocol: Protocol) -> bool:
    """Whether another run should start after ``passed`` seconds."""
    if not done:
        return True
    enough = done >= protocol.num_runs and passed >= protocol.min_secs
    return not enough and passed < protocol.max_secs


def _wait_until(due: float, *, tolerance: float) -> bool:
    """Sleep until then; returns whether it is past by more than the tolerance."""
    left = due - time.perf_counter()
    if left > 0:
        time.sleep(left)
    return left < -tolerance


@contextmanager
def _without_collector() -> Iterator[None]:
    was_on = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
