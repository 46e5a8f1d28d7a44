"""Several conversions in one call, and the table that compares them."""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from convert.errors import AuditError, GateError
from convert.pipeline.settings import Settings
from edge_runtime.errors import EdgeRuntimeError
from edge_runtime.files.atomic import write_text
from edge_runtime.measuring.latency import measure_latency
from edge_runtime.measuring.machine import Machine, describe_machine
from edge_runtime.model.card import ModelCard
from edge_runtime.model.evidence import Comparison
from edge_runtime.model.file import read_model_file
from edge_runtime.model.interpreter import open_interpreter

MOST_AUC_LOST = 0.002
MOST_LESIONS_LOST = 1
"""The aim for ``qat_int8``, on every network."""

_HEADINGS = (
    "file", "kB", "AUC Keras", "AUC file", "lost", "gained", "alarms new", "gone",
    "largest", "scores", "ms", "s", "gates failed",
)  # fmt: skip
LEGEND = (
    "lost, gained: malignant photos of the validation split that only the Keras model,"
    " or only the file, calls, each at its own threshold for the target recall; alarms:"
    " the same of benign photos. largest: difference of one score. scores: different"
    " ones. ms: median of 20 inferences, the quietest of five rounds, one thread, this"
    " machine. s: the whole conversion. gates failed: those overridden by --accept."
)
_NOTICE = "Research and education; not a medical device."


@dataclass(frozen=True)
class Row:
    """One conversion that succeeded.

    Attributes:
        file: its name.
        size_bytes: of the whole file, with card and golden vectors.
        card: of the file.
        latency_ms: of one inference.
        seconds: that the conversion took.
    """

    file: str
    size_bytes: int
    card: ModelCard
    latency_ms: float
    seconds: float

    def cells(self) -> tuple[str, ...]:
        """As the table shows it."""
        changed = self.card.comparison
        return (
            self.file,
            f"{self.size_bytes / 1000:.0f}",
            f"{changed.auc_keras:.4f}",
            f"{changed.auc_file:.4f}",
            str(changed.malignant_lost),
            str(changed.malignant_gained),
            str(changed.benign_lost),
            str(changed.benign_gained),
            f"{changed.largest_difference:.3f}",
            str(changed.distinct_scores),
            f"{self.latency_ms:.3g}",
            f"{self.seconds:.0f}",
            ", ".join(self.card.provenance.accepted_gates),
        )


def table(rows: Sequence[Row], failed: Sequence[str]) -> str:
    """Markdown, with a line for each job that gave no file."""
    lines = [
        *_markdown(_HEADINGS, [row.cells() for row in rows]),
        "",
        LEGEND,
        *(f"not written: {name}" for name in failed),
    ]
    return "\n".join(lines)


def page(
    rows: Sequence[Row],
    failed: Mapping[str, str],
    waiting: int,
    command: str,
    machine: Machine,
) -> str:
    """The table with what it was made by, and whether fine-tuning reached its aim.

    Args:
        rows: conversions that gave a file.
        failed: others, and why.
        waiting: how many are still to be done; a page of a sweep that was stopped says
            so.
        command: for a shell.
        machine: that they ran on.
    """
    load = machine.load_average
    parts = [
        "# What conversion changes",
        f"Written by this command; edit neither.\n\n```\n{command}\n```",
        "\n".join(_markdown(_HEADINGS, [row.cells() for row in rows])),
        LEGEND,
        *(f"Not written: {name}. {why}" for name, why in failed.items()),
        *([f"Stopped before the last {waiting} conversions."] if waiting else []),
        *_aim(rows),
        f"Measured on {machine.cpu or machine.architecture}, {machine.cores} cores,"
        f" {machine.os}, Python {machine.python}"
        + ("." if load is None else f"; load average {load:.1f}."),
        _NOTICE,
    ]
    return "\n\n".join(parts) + "\n"


def _aim(rows: Sequence[Row]) -> list[str]:
    """Fine-tuning against calibration alone, for networks that have both."""
    found = {(row.card.network, row.card.recipe): row.card.comparison for row in rows}
    both = [
        (network, found[network, "ptq_int8"], found[network, "qat_int8"])
        for network in dict.fromkeys(network for network, _ in found)
        if {(network, "ptq_int8"), (network, "qat_int8")} <= found.keys()
    ]
    if not both:
        return []
    headings = (
        "network", "AUC lost, ptq_int8", "AUC lost, qat_int8", "lesions lost, ptq_int8",
        "lesions lost, qat_int8", "aim", "against ptq_int8",
    )  # fmt: skip
    cells = [
        (
            network,
            f"{_auc_lost(ptq):+.4f}",
            f"{_auc_lost(qat):+.4f}",
            str(ptq.malignant_lost),
            str(qat.malignant_lost),
            "reached" if _reaches_aim(qat) else "missed",
            _against(ptq, qat),
        )
        for network, ptq, qat in both
    ]
    return [
        "## Fine-tuning against calibration alone",
        f"The aim for qat_int8: at most {MOST_AUC_LOST} AUC and {MOST_LESIONS_LOST}"
        " malignant lesion of the validation split lost. Against ptq_int8: by AUC, and"
        " the mean difference of a score from the Keras model's.",
        "\n".join(_markdown(headings, cells)),
    ]


def _auc_lost(changed: Comparison) -> float:
    return changed.auc_keras - changed.auc_file


def _reaches_aim(changed: Comparison) -> bool:
    return (
        round(_auc_lost(changed), 6) <= MOST_AUC_LOST
        and changed.malignant_lost <= MOST_LESIONS_LOST
    )


def _against(ptq: Comparison, qat: Comparison) -> str:
    word = "better" if qat.auc_file >= ptq.auc_file else "worse"
    return f"{word}; {qat.mean_difference:.4f}, before {ptq.mean_difference:.4f}"


def _markdown(
    headings: Sequence[str], rows: Sequence[Sequence[str]]
) -> tuple[str, ...]:
    return (
        "| " + " | ".join(headings) + " |",
        "|---|" + "---:|" * (len(headings) - 1),
        *("| " + " | ".join(row) + " |" for row in rows),
    )


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
