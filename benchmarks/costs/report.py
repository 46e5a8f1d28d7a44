"""What grows with what: rows, tables, and a table for a spreadsheet."""

import csv
import io
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from benchmarks.costs.cases import AXES, PHOTOS, Cost, curve_name
from benchmarks.text.formatting import machine_line, milliseconds, number
from benchmarks.text.tables import Table, markdown_table
from edge_runtime.measuring.machine import Machine
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
    yield "# What it costs to grow"
    yield f"**{NOTICE}**"
    yield (
        f"{machine_line(report.machine)}; commit {report.commit}. Every point"
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
    """One row a curve, one column an amount."""
    rows = [row for row in report.rows if row.axis == axis]
    amounts = sorted({row.amount for row in rows})
    several = len({row.measure for row in rows}) > 1
    curves: dict[str, dict[float, Cost]] = {}
    for row in rows:
        name = curve_name(axis, row.model) + f" {row.measure}" * several
        curves.setdefault(name, {})[row.amount] = row.cost
    return Table(
        f"{axis[0].upper()}{axis[1:]}",
        ("model", *(f"{amount:g} {AXES[axis]}" for amount in amounts)),
        tuple(
            (name, *(_cell(axis, costs.get(amount)) for amount in amounts))
            for name, costs in curves.items()
        ),
        "Milliseconds of one photo"
        + ("; seconds for all, the model's opening included" if axis == PHOTOS else "")
        + "; MiB of memory at most.",
    )


def _cell(axis: str, cost: Cost | None) -> str:
    if cost is None:
        return "not measured"
    total = f"{cost.total_s:.2f} s; " if axis == PHOTOS else ""
    return f"{milliseconds(cost.median_ms)}; {total}{number(cost.peak_mib, '.0f')}"
