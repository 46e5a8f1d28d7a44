"""How many threads: measured, never assumed."""

from types import SimpleNamespace

import numpy as np
import pytest

from edge_runtime.model import threads
from edge_runtime.model.threads import open_at_best


@pytest.fixture
def machine(monkeypatch):
    """Function: an imaginary machine; ms per inference by number of threads."""

    def imagine(cores, durations_ms):
        now = SimpleNamespace(ns=0)
        opened = []

        def open_model_file(file, *, threads):
            opened.append(threads)

            def infer(stored):
                now.ns += int(durations_ms[threads] * 1e6)

            return SimpleNamespace(
                threads=threads,
                infer=infer,
                input_shape=(1, 8, 8, 3),
                input=SimpleNamespace(dtype=np.uint8),
            )

        monkeypatch.setattr(threads, "open_model_file", open_model_file)
        monkeypatch.setattr(threads, "usable_cores", lambda: cores)
        monkeypatch.setattr(
            "edge_runtime.measuring.latency.time.perf_counter_ns", lambda: now.ns
        )
        return opened

    return imagine


@pytest.mark.parametrize(
    ("cores", "durations_ms", "expected"),
    [
        (4, {1: 0.3}, 1),
        (4, {1: 60, 2: 32, 4: 18}, 4),
        (4, {1: 60, 2: 32, 4: 30}, 2),
        (4, {1: 60, 2: 70}, 1),
        (2, {1: 60, 2: 32}, 2),
        (1, {1: 60}, 1),
    ],
)
def test_threads_are_added_while_they_pay(machine, cores, durations_ms, expected):
    machine(cores, durations_ms)
    assert open_at_best(None, None).threads == expected


def test_a_number_that_was_asked_for_is_not_measured(machine):
    opened = machine(4, {3: 60})
    assert open_at_best(None, 3).threads == 3
    assert opened == [3]
