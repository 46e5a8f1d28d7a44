"""How latency drifts while a machine works without a pause and gets warm."""

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edge_runtime.measuring.machine import Machine

WINDOWS = 120


@dataclass(frozen=True)
class Window:
    """A stretch of work, summed up.

    Attributes:
        start_s: since the work began.
        runs: how many were done.
        median_ms: half of them took no longer.
        p90_ms: 90 % of them took no longer.
        temperature_celsius: of the processor at the stretch's end; None where unknown.
        frequency_mhz: of the processor then; None where unknown.
    """

    start_s: float
    runs: int
    median_ms: float
    p90_ms: float
    temperature_celsius: float | None
    frequency_mhz: float | None


def sustain(
    act: Callable[[], object],
    seconds: float,
    state: Callable[[], Machine],
    *,
    windows: int = WINDOWS,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[Window, ...]:
    """Do it again and again for so many seconds.

    Args:
        act: what to do; takes nothing, its result is ignored.
        seconds: how long; every stretch has one run at least, however slow.
        state: describes the machine.
        windows: stretches of equal length.
        tell: called with stretches done and their number.
    """
    start = time.perf_counter()
    found = []
    for place in range(windows):
        tell(place, windows)
        end = start + seconds * (place + 1) / windows
        begun, samples_ms = time.perf_counter(), []
        if begun >= end:
            continue  # One slow run has used up this stretch too.
        for _ in itertools.count():
            start_ns = time.perf_counter_ns()
            act()
            samples_ms.append((time.perf_counter_ns() - start_ns) / 1e6)
            if time.perf_counter() >= end:
                break
        machine = state()
        median, p90 = np.percentile(samples_ms, (50, 90))
        found.append(
            Window(
                begun - start,
                len(samples_ms),
                float(median),
                float(p90),
                machine.temperature_celsius,
                machine.frequency_mhz,
            )
        )
    return tuple(found)


def drift(windows: tuple[Window, ...]) -> float | None:
    """Median of the last tenth by that of the first; None with less than two.

    >>> cool, hot = (Window(s, 9, ms, ms, None, None) for s, ms in ((0, 2.0), (5, 3.0)))
    >>> drift((cool, hot))
    1.5
    """
    if len(windows) < 2:
        return None
    tenth = max(1, len(windows) // 10)
    medians = [window.median_ms for window in windows]
    return float(np.median(medians[-tenth:]) / np.median(medians[:tenth]))
