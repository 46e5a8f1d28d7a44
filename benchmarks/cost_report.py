"""What grows with what: rows, tables, and a table for a spreadsheet."""

import csv
import io
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from benchmarks.cost_cases import AXES, PHOTOS, Cost
from benchmarks.markdown import markdown_table
from benchmarks.table import Table
from benchmarks.wording import milliseconds, number
from edge_runtime.machine import Machine
from edge_runtime.verdict import NOTICE

FILE, PAGE, SHEET = "costs.json", "costs.md", "costs.csv"


@dataclass(frozen=True)
class CostRow:
    """One point of a curve; fields as in ``cost_cases``.

    Attributes:
        axis: what grows.
        measure: what was timed.
        model: name of the file.
        amount: how far it has grown.
        cost: what it took.
    """

    axis: str
    measure: str
    model: str
    amount: float
    cost: Cost


@dataclass(frozen=True)
class CostReport:
    """All curves, and what they were measured on.

    Attributes:
        commit: of the checkout; None outside one.
        machine: before the first timing.
        command: that measures them again.
        rows: by axis, then by model, then growing.
    """

    commit: str | None
    machine: Machine
    command: str
    rows: tuple[CostRow, ...]


def costs_csv(report: CostReport) -> str:
    """One line a point."""
    text = io.StringIO(newline="")
    lines = [
        {
            "axis": row.axis,
            "unit": AXES[row.axis],
            "amount": f"{row.amount:g}",
            "measure": row.measure,
            "model": row.model,
            **asdict(row.cost),
            "notice": NOTICE,
        }
        for row in report.rows
    ]
    writer = csv.DictWriter(text, list(lines[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def costs_markdown(report: CostReport) -> str:
    """The page."""
    return "\n\n".join(_parts(report)) + "\n"


def _parts(report: CostReport) -> Iterator[str]:
    machine = report.machine
    yield "# What it costs to grow"
    yield f"**{NOTICE}**"
    yield (
        f"{machine.cpu or machine.board or machine.architecture}, {machine.cores}"
        f" cores, {machine.os}, Python {machine.python}; load average before:"
        f" {number(machine.load_average, '.1f')}; commit {report.commit}. Every point"
        " is a process of its own; medians, one thread unless threads grow. Memory is"
        " the largest resident memory of the process, Python and its libraries"
        " included."
    )
    for axis in AXES:
        if any(row.axis == axis for row in report.rows):
            yield from markdown_table(axis_table(report, axis))
    yield "### Measure again"
    yield f"```\n{report.command}\n```"


def axis_table(report: CostReport, axis: str) -> Table:
    """One row an amount, two columns a curve."""
    rows = [row for row in report.rows if row.axis == axis]
    curves = list(dict.fromkeys((row.model, row.measure) for row in rows))
    found = {(row.model, row.measure, row.amount): row.cost for row in rows}
    several = len({measure for _, measure in curves}) > 1
    head = [
        f"{model} {measure} {unit}" if several else f"{model} {unit}"
        for model, measure in curves
        for unit in _units(axis)
    ]
    return Table(
        f"{axis[0].upper()}{axis[1:]}",
        (AXES[axis], *head),
        tuple(
            (
                f"{amount:g}",
                *(
                    cell
                    for curve in curves
                    for cell in _cells(axis, found.get((*curve, amount)))
                ),
            )
            for amount in sorted({row.amount for row in rows})
        ),
        _caption(axis),
    )


def _units(axis: str) -> tuple[str, ...]:
    return ("ms", "s", "MiB") if axis == PHOTOS else ("ms", "MiB")


def _cells(axis: str, cost: Cost | None) -> tuple[str, ...]:
    if cost is None:
        return ("",) * len(_units(axis))
    memory = number(cost.peak_mib, ".0f")
    if axis == PHOTOS:
        return milliseconds(cost.median_ms), f"{cost.total_s:.2f}", memory
    return milliseconds(cost.median_ms), memory


def _caption(axis: str) -> str:
    if axis == PHOTOS:
        return "Median of a photo, and seconds for all with the model's opening."
    return "Milliseconds of one photo, also where several go in at once."
