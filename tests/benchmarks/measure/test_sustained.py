import itertools
import time

import pytest

from benchmarks.measure.sustained import Window, drift, sustain


def test_stretches_cover_the_time_and_count_every_run(machine):
    calls = itertools.count()
    start = time.perf_counter()
    windows = sustain(
        lambda: time.sleep(0.002) or next(calls), 0.3, lambda: machine, windows=5
    )
    assert time.perf_counter() - start >= 0.3
    assert sum(window.runs for window in windows) == next(calls)
    assert [window.start_s for window in windows] == sorted(
        window.start_s for window in windows
    )
    # A sleep takes at least its time.
    assert all(window.median_ms >= 2 for window in windows)
    assert windows[0].temperature_celsius == machine.temperature_celsius


def test_a_run_longer_than_a_stretch_leaves_stretches_out(machine):
    windows = sustain(lambda: time.sleep(0.1), 0.05, lambda: machine, windows=10)
    assert [window.runs for window in windows] == [1]


def window(place, median_ms):
    return Window(float(place), 5, median_ms, median_ms, None, None)


def test_drift_is_the_end_by_the_start():
    slow = tuple(window(place, 1.0 + place / 100) for place in range(120))
    # The middles of the last and the first twelve.
    assert drift(slow) == pytest.approx(2.135 / 1.055)


def test_one_stretch_has_no_drift():
    assert drift((window(0, 1.0),)) is None
    assert drift(()) is None
