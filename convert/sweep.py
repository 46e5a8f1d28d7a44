"""Several conversions in one call, and the table that compares them."""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from convert.errors import AuditError, GateError
from convert.settings import Settings
from edge_runtime.card import ModelCard
from edge_runtime.errors import EdgeRuntimeError
from edge_runtime.interpreter import open_interpreter
from edge_runtime.latency import measure_latency
from edge_runtime.model_file import read_model_file

_WARM_UP, _RUNS = 5, 50
_HEADINGS = (
    "file", "kB", "AUC Keras", "AUC file", "lost", "gained", "alarms new", "gone",
    "largest", "scores", "ms", "s",
)  # fmt: skip
LEGEND = (
    "lost, gained: malignant photos of the validation split that only the Keras model,"
    " or only the file, calls, each at its own threshold for the target recall; alarms:"
    " the same of benign photos. largest: difference of one score. scores: different"
    " ones. ms: median of 50 inferences, one thread, this machine. s: conversion."
)


@dataclass(frozen=True)
class Row:
    """One conversion that succeeded."""

    path: Path
    card: ModelCard
    latency_ms: float
    seconds: float

    def cells(self) -> tuple[str, ...]:
        """As the table shows it."""
        changed = self.card.comparison
        return (
            self.path.name,
            f"{self.path.stat().st_size / 1000:.0f}",
            f"{changed.auc_keras:.4f}",
            f"{changed.auc_file:.4f}",
            str(changed.malignant_lost),
            str(changed.malignant_gained),
            str(changed.benign_lost),
            str(changed.benign_gained),
            f"{changed.largest_difference:.3f}",
            str(changed.distinct_scores),
            f"{self.latency_ms:.2f}",
            f"{self.seconds:.0f}",
        )


def sweep(jobs: Sequence[Settings], convert: Callable[[Settings], Path]) -> int:
    """Do all jobs, print the table; returns the exit status.

    0 when all were converted, 4 when each failure was a gate, 3 otherwise.
    """
    rows, failures = [], []
    for job in jobs:
        name = f"{job.keras_model or job.builder}, {job.recipe}"
        start = time.perf_counter()
        try:
            path = convert(job)
        except EdgeRuntimeError as error:
            failures.append((name, error))
            print(f"error: {name}: {error}", file=sys.stderr)
            continue
        rows.append(_measured(path, time.perf_counter() - start))
    print(table([row.cells() for row in rows], [name for name, _ in failures]))
    if not failures:
        return 0
    gates = all(isinstance(error, (AuditError, GateError)) for _, error in failures)
    return 4 if gates else 3


def table(rows: Sequence[Sequence[str]], failed: Sequence[str]) -> str:
    """Markdown, with a line for each job that gave no file."""
    lines = [
        "| " + " | ".join(_HEADINGS) + " |",
        "|---|" + "---:|" * (len(_HEADINGS) - 1),
        *("| " + " | ".join(row) + " |" for row in rows),
        "",
        LEGEND,
        *(f"not written: {name}" for name in failed),
    ]
    return "\n".join(lines)


def _measured(path: Path, seconds: float) -> Row:
    file = read_model_file(path)
    model = open_interpreter(file.model)
    square = np.zeros(model.input_shape, model.input.dtype)
    latency = measure_latency(lambda: model.infer(square), warmup=_WARM_UP, runs=_RUNS)
    return Row(path, file.card, latency.median_ms, seconds)
