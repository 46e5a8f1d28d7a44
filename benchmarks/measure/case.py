"""One case of the benchmark, in a process of its own.

``benchmarks.measure.fresh_process`` starts it as ``python -m benchmarks.measure.case``, writes the case to
its standard input and reads lines of JSON: progress, then one measurement or error.
"""

import dataclasses
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from benchmarks.errors import BenchmarkError
from benchmarks.measure.cases import Case, Tell
from benchmarks.measure.measurement import Measurement
from benchmarks.measure.worker import measure_baseline, measure_model
from edge_runtime.errors import EdgeRuntimeError
from edge_runtime.files.strict_json import build


def measure(case: Case, tell: Tell) -> Measurement:
    """Measure the case in this process, which should be a fresh one.

    Raises:
        EdgeRuntimeError: when the model file cannot be used, or no photo be read.
    """
    if case.cpus is not None:
        _stay_on(case.cpus)
    if case.model is not None:
        return measure_model(case, case.model, tell)
    if case.baseline is not None:
        return measure_baseline(case, case.baseline, tell)
    raise BenchmarkError("a case needs a model file or a fitted baseline; got neither")


def _stay_on(cpus: Sequence[int]) -> None:
    """Bind this process, and every thread it starts, to these cores."""
    if not hasattr(os, "sched_setaffinity"):
        raise BenchmarkError("--cpus needs Linux; leave it out on this system")
    try:
        os.sched_setaffinity(0, cpus)
    except OSError as error:
        usable = sorted(os.sched_getaffinity(0))
        raise BenchmarkError(
            f"the process cannot be bound to the cores {list(cpus)} ({error}); there"
            f" are {usable}"
        ) from error


def say(kind: str, value: Any) -> None:
    """Write one line of JSON for the process that waits."""
    print(json.dumps({kind: value}, allow_nan=False), flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the case on standard input; returns the exit status."""
    case = build(Case, json.load(sys.stdin), "case")
    try:
        measurement = measure(case, lambda *progress: say("progress", progress))
    except EdgeRuntimeError as error:
        say("error", str(error))
        return 1
    say("measurement", dataclasses.asdict(measurement))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
