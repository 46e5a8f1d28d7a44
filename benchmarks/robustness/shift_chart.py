"""The shift bench as a heat map: how much each change of the photo costs each model."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.reporting.chart_style import Chart, layout
from benchmarks.results.bench_file import read_bench
from benchmarks.robustness.shift_report import NO_SHIFT, ShiftReport, ShiftRow

FILE = "shifts.json"
STRENGTH = 2
"""The middle one: what a careless hand does, not what a vandal does."""


def read_shifts(folder: Path) -> ShiftReport | None:
    """What the shift bench left in the folder; None if it did not run.

    Raises:
        BenchmarkError: when the file is not the shift bench's.
    """
    return read_bench(folder / FILE, ShiftReport, "benchmarks.robustness.shift_bench")


def shift_chart(report: ShiftReport) -> Chart:
    """AUC of every model under every change of middle strength, and the loss."""
    models = list(dict.fromkeys(row.model for row in report.rows))
    plain = {row.model: row for row in report.rows if row.shift == NO_SHIFT}
    changed = [row for row in report.rows if row.strength == STRENGTH]
    shifts = list(dict.fromkeys(row.shift for row in changed))[::-1]
    found = {(row.shift, row.model): row for row in changed}
    grid = [[found.get((shift, model)) for model in models] for shift in shifts]
    frame = layout(140 + 21 * len(shifts), "", "")
    frame["xaxis"] |= {"side": "top", "tickangle": -40, "automargin": True}
    frame["yaxis"] |= {"automargin": True, "tickfont": {"size": 11}}
    frame["margin"] = {"l": 8, "r": 8, "t": 8, "b": 16}
    trace = {
        "type": "heatmap",
        "x": models,
        "y": shifts,
        "z": [[_change(row, plain) for row in line] for line in grid],
        "text": [[f"{row.auc:.2f}" if row else "" for row in line] for line in grid],
        "customdata": [[_words(row) for row in line] for line in grid],
        "texttemplate": "%{text}",
        "hovertemplate": "<b>%{x}</b>, %{y}<br>%{customdata}<extra></extra>",
        # Blue is better, orange worse: told apart by colour-blind readers.
        "colorscale": [[0, "#D55E00"], [0.5, "#ffffff"], [1, "#0072B2"]],
        "zmin": -0.15,
        "zmax": 0.15,
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
    }
    return Chart(
        "When camera, lamp or hand change",
        {"data": [trace] if shifts else [], "layout": frame},
        f"AUC on {report.photos} photos of {report.split}, changed at strength"
        f" {STRENGTH} of 3; orange: lower than on the photos as taken, blue: higher."
        " All strengths, with recall and specificity, are in shifts.md beside this"
        " page.",
    )


def _change(row: ShiftRow | None, plain: dict[str, ShiftRow]) -> float | None:
    if row is None or row.model not in plain:
        return None
    return row.auc - plain[row.model].auc


def _words(row: ShiftRow | None) -> str:
    if row is None:
        return "not measured"
    return (
        f"AUC {row.auc:.3f}<br>recall {row.recall:.3f}, specificity"
        f" {row.specificity:.3f}"
    )


def charts_of(report: ShiftReport | None) -> Sequence[Chart]:
    """The chart, or nothing if the shift bench did not run."""
    return () if report is None else (shift_chart(report),)
