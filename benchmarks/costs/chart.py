"""Cost curves: time above, memory below, one chart for each thing that grows."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.costs.cases import AXES, INTERPRETER, VERDICT, curve_name
from benchmarks.costs.report import FILE, CostReport, CostRow
from benchmarks.reporting.chart_style import (
    COLOURS,
    DASHES,
    GREY,
    GRID,
    SYMBOLS,
    Chart,
    Figure,
    layout,
    time_axis,
)
from benchmarks.results.bench_file import read_bench

_DASH = {INTERPRETER: DASHES[2], VERDICT: DASHES[0]}


def read_costs(folder: Path) -> CostReport | None:
    """What the cost bench left in the folder; None if it did not run.

    Raises:
        BenchmarkError: when the file is not the cost bench's.
    """
    return read_bench(folder / FILE, CostReport, "benchmarks.costs.cost_bench")


def cost_charts(report: CostReport | None) -> Sequence[Chart]:
    """One for each axis that was measured."""
    if report is None:
        return ()
    return tuple(
        Chart(
            f"What it costs to grow: {axis}",
            _figure([row for row in report.rows if row.axis == axis], axis),
            "Above: milliseconds of one photo; below: largest resident memory, MiB."
            " Dotted: the interpreter alone; solid: from photo to verdict. Every point"
            " is a process of its own.",
        )
        for axis in AXES
        if any(row.axis == axis for row in report.rows)
    )


def _figure(rows: Sequence[CostRow], axis: str) -> Figure:
    curves: dict[tuple[str, str], list[CostRow]] = {}
    for row in rows:
        name = curve_name(axis, row.model)
        curves.setdefault((name, row.measure), []).append(row)
    names = list(dict.fromkeys(name for name, _ in curves))
    traces = [
        _trace(name, sorted(points, key=_amount), names.index(name), place)
        for (name, _), points in curves.items()
        for place in ("y", "y2")
    ]
    amounts = sorted({row.amount for row in rows})
    plain = {"gridcolor": GRID, "linecolor": GREY, "zeroline": False}
    frame = layout(560, AXES[axis], "")
    frame |= {
        "margin": {"l": 56, "r": 10, "t": 16, "b": 48},
        "yaxis": {
            # Wide enough for several ticks where time hardly grows.
            **time_axis(row.cost.median_ms * by for row in rows for by in (0.5, 2)),
            "domain": [0.52, 1],
            "title": {"text": "ms a photo"},
        },
        "yaxis2": {
            **plain,
            "domain": [0, 0.44],
            "rangemode": "tozero",
            "title": {"text": "MiB"},
        },
    }
    frame["xaxis"] |= {
        "type": "log",
        "anchor": "y2",
        "tickvals": amounts,
        "ticktext": [f"{amount:g}" for amount in amounts],
    }
    return {"data": traces, "layout": frame}


def _amount(row: CostRow) -> float:
    return row.amount


def _trace(name: str, rows: Sequence[CostRow], place: int, axis: str) -> Figure:
    first, colour = rows[0], COLOURS[place % len(COLOURS)]
    above = axis == "y"
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name if first.measure == VERDICT else f"{name}, interpreter",
        "legendgroup": name,
        "showlegend": above,
        "x": [row.amount for row in rows],
        "y": list(_heights(rows, above=above)),
        "yaxis": axis,
        "line": {"color": colour, "dash": _DASH[first.measure], "width": 2},
        "marker": {"symbol": SYMBOLS[place % len(SYMBOLS)], "size": 8, "color": colour},
        "hovertemplate": f"%{{x:g}}: %{{y:.3g}} {'ms' if above else 'MiB'}"
        "<extra>%{fullData.name}</extra>",
    }


def _heights(rows: Iterable[CostRow], *, above: bool) -> Iterable[float | None]:
    for row in rows:
        yield row.cost.median_ms if above else row.cost.peak_mib
