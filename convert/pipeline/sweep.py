"""Several conversions in one call, and the table that compares them."""

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from convert.errors import AuditError, GateError
from convert.pipeline.settings import Settings
from convert.pipeline.summary import Row, page, table
from edge_runtime.errors import EdgeRuntimeError
from edge_runtime.files.atomic import write_text
from edge_runtime.measuring.latency import measure_latency
from edge_runtime.measuring.machine import describe_machine
from edge_runtime.model.file import read_model_file
from edge_runtime.model.interpreter import open_interpreter

_WARM_UP, _RUNS, _ROUNDS = 5, 20, 5


def sweep(
    jobs: Sequence[Settings],
    convert: Callable[[Settings], Path],
    *,
    command: str = "",
    summary: Path | None = None,
) -> int:
    """Do all jobs, print the table; returns the exit status.

    0 when all were converted, 4 when each failure was a gate, 3 otherwise.

    Args:
        jobs: conversions in order.
        convert: does one and gives the file's path.
        command: that asked for them, for the page.
        summary: page to write; again after each conversion, so that one that is stopped
            leaves what it found.
    """
    rows: list[Row] = []
    failures: dict[str, EdgeRuntimeError] = {}
    for job in jobs:
        name = f"{job.keras_model or job.builder}, {job.recipe}"
        start = time.perf_counter()
        try:
            path = convert(job)
        except EdgeRuntimeError as error:
            failures[name] = error
            print(f"error: {name}: {error}", file=sys.stderr)
        else:
            rows.append(_measured(path, time.perf_counter() - start))
        if summary is not None:
            failed = {name: str(error) for name, error in failures.items()}
            waiting = len(jobs) - len(rows) - len(failures)
            write_text(
                summary, page(rows, failed, waiting, command, describe_machine())
            )
    print(table(rows, list(failures)))
    if not failures:
        return 0
    gates = all(isinstance(each, (AuditError, GateError)) for each in failures.values())
    return 4 if gates else 3


def _measured(path: Path, seconds: float) -> Row:
    file = read_model_file(path)
    model = open_interpreter(file.model)
    square = np.zeros(model.input_shape, model.input.dtype)
    rounds = [
        measure_latency(lambda: model.infer(square), warmup=_WARM_UP, runs=_RUNS)
        for _ in range(_ROUNDS)
    ]
    # What the machine adds is never negative, so the quietest round is the truest.
    quietest_ms = min(each.median_ms for each in rounds)
    return Row(path.name, path.stat().st_size, file.card, quietest_ms, seconds)
