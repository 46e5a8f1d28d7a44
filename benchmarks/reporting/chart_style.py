"""Colours, marks and axes that all charts share, as Plotly's plain dictionaries."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from benchmarks.measure.measurement import MODEL
from benchmarks.reporting.summary import Row

# Okabe & Ito's palette, told apart by colour-blind readers; black is left for text.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "star")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
GREY = "#666666"
TEXT = "#1a1a1a"
GRID = "#dddddd"

Figure = dict[str, Any]


@dataclass(frozen=True)
class Chart:
    """One figure of a page.

    Attributes:
        title: what it shows.
        figure: what Plotly draws.
        caption: how to read it.
    """

    title: str
    figure: Figure
    caption: str


@dataclass(frozen=True)
class Look:
    """How one row is drawn, the same in every chart."""

    colour: str
    symbol: str
    dash: str


def looks(rows: Sequence[Row]) -> dict[str, Look]:
    """Each row's look, by its name; what is no model is grey."""
    return {
        row.name: Look(
            COLOURS[place % len(COLOURS)],
            SYMBOLS[place % len(SYMBOLS)],
            DASHES[place // len(COLOURS) % len(DASHES)],
        )
        if row.kind == MODEL
        else Look(GREY, "x", "dot")
        for place, row in enumerate(rows)
    }


def line(row: Row, look: Look, x: Sequence[float], y: Sequence[float]) -> Figure:
    """One row's line."""
    return {
        "type": "scatter",
        "mode": "lines",
        "name": shown_name(row),
        "legendgroup": row.name,
        "x": list(x),
        "y": list(y),
        "line": {"color": look.colour, "dash": look.dash, "width": 2},
    }


def shown_name(row: Row) -> str:
    """For the legend."""
    return escape(row.name if row.kind == MODEL else row.name.replace("_", " "))


def bar(
    values: Sequence[float], lows: Sequence[float], highs: Sequence[float]
) -> Figure:
    """Error bars from low to high."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [high - value for value, high in zip(values, highs, strict=True)],
        "arrayminus": [value - low for value, low in zip(values, lows, strict=True)],
        "thickness": 1.5,
        "width": 4,
    }


def dotted(start: tuple[float, float], end: tuple[float, float]) -> Figure:
    """A grey line to compare with, which no legend names."""
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [start[0], end[0]],
        "y": [start[1], end[1]],
        "line": {"color": GREY, "dash": "dot", "width": 1},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def layout(height: int, x_title: str, y_title: str) -> Figure:
    """A plain frame with two axes; ``page.js`` writes the legend below the chart.

    Plotly's own legend has to share the frame with the axis titles, and on a phone it
    covers them.
    """
    axis = {"gridcolor": GRID, "linecolor": GREY, "zeroline": False}
    return {
        "height": height,
        "margin": {"l": 52, "r": 10, "t": 16, "b": 48},
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": TEXT},
        "dragmode": False,
        "hovermode": "closest",
        "hoverlabel": {"bgcolor": "#ffffff", "font": {"color": TEXT}},
        "showlegend": False,
        "xaxis": {**axis, "title": {"text": x_title, "standoff": 8}},
        "yaxis": {**axis, "title": {"text": y_title}},
    }


def time_axis(durations_ms: Iterable[float]) -> Figure:
    """A logarithmic axis with 1, 2, 5 at each power of ten."""
    ends = [duration for duration in durations_ms if duration > 0] or [1.0, 10.0]
    low, high = math.log10(min(ends)) - 0.15, math.log10(max(ends)) + 0.15
    ticks = [
        digit * 10.0**power
        for power in range(math.floor(low), math.ceil(high) + 1)
        for digit in (1, 2, 5)
    ]
    return {
        "type": "log",
        "range": [low, high],
        "tickvals": ticks,
        "ticktext": [f"{tick:g}" for tick in ticks],
        "gridcolor": GRID,
        "linecolor": GREY,
    }
