"""How long one inference takes."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Latency:
    """Durations of single calls, in milliseconds, in the order measured.

    The raw samples are kept: a summary can be recomputed, samples cannot. Median and
    percentiles, because one interruption by the system shifts a mean at will.

    >>> Latency((2.0, 1.0, 3.0)).median_ms
    2.0
    """

    samples_ms: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse fields that cannot be, or contradict each other."""
        if not self.samples_ms:
            raise ValueError("expected at least one sample, got none")

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
    for _ in range(warmup):
        infer()
    samples_ms = []
    for _ in range(runs):
        start_ns = time.perf_counter_ns()
        infer()
        samples_ms.append((time.perf_counter_ns() - start_ns) / 1e6)
    return Latency(tuple(samples_ms))
