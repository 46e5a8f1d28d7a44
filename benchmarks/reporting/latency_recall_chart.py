"""Latency against recall, with specificity below it on the same axis, for Plotly.

A figure here is the plain dictionary that plotly.js draws, so that a report needs
nothing but that script. Recall is never drawn without specificity: every mark of the
upper panel has one in the lower panel.
"""

import math
from collections.abc import Iterable, Sequence
from html import escape

from benchmarks.reporting.chart_style import (
    GREY,
    GRID,
    Figure,
    Look,
    bar,
    layout,
    looks,
    shown_name,
    time_axis,
)
from benchmarks.reporting.published import Published
from benchmarks.reporting.summary import Durations, Headline, Row
from benchmarks.reporting.tables.overview import main_photos
from benchmarks.text.formatting import share_in_words

LOWEST_PUBLISHED_RECALL = 0.4
"""A network of the seed below it would squeeze all others; the caption names it."""


def latency_recall_figure(rows: Sequence[Row], published: Published | None) -> Figure:
    """The figure of one machine.

    Args:
        rows: those without latency or quality are left out; see ``caption``.
        published: figures of the seed for the strip at the right; None: no strip.
    """
    shown = [row for row in rows if _drawable(row)]
    look = looks(shown)
    traces = [trace for row in shown for trace in _traces(row, look[row.name])]
    if published:
        traces += _published_traces(published)
    layout = _layout(shown, with_strip=published is not None)
    for axis in ("yaxis", "yaxis2"):
        ours = [trace for trace in traces if trace["yaxis"] == axis.replace("axis", "")]
        layout[axis]["range"] = [_lowest(ours) - 0.01, 1.01]
    return {"data": traces, "layout": layout}


def caption(rows: Sequence[Row], published: Published | None) -> str:
    """How to read the figure, and what it leaves out."""
    sentences = [
        "Across: median from photo to verdict, bar from the 5th to the 95th percentile."
        f" Up: recall and specificity on {main_photos(rows)} at each file's own"
        " threshold, with 95 % intervals. Up and left is better."
    ]
    absent = [row.name for row in rows if not _drawable(row)]
    if absent:
        sentences.append(f"Not drawn, for want of a figure: {', '.join(absent)}.")
    if published:
        sentences.append(
            "At the right: the seed's networks as published (floating point, threshold"
            f" {published.threshold}, latency not published)."
        )
        sentences += [
            f"Not drawn: {network.name} (recall and specificity not published)."
            if specificity is None
            else f"Left out for its low recall: {network.name} (recall"
            f" {network.recall:.3f}, specificity {specificity:.3f})."
            for network in published.networks
            if (specificity := published.specificity(network)) is None
            or network.recall < LOWEST_PUBLISHED_RECALL
        ]
    return " ".join(sentences)


def _drawable(row: Row) -> bool:
    return bool(row.photo_to_verdict and row.headline and row.headline.recall)


def _traces(row: Row, look: Look) -> Iterable[Figure]:
    """A mark in the upper panel and one in the lower panel."""
    quality, latency = row.headline, row.photo_to_verdict
    if latency is None or quality is None:
        return
    if quality.recall is None or quality.specificity is None:
        return
    for axis, share in (("y", quality.recall), ("y2", quality.specificity)):
        yield {
            "type": "scatter",
            "mode": "markers",
            "name": shown_name(row),
            "legendgroup": row.name,
            "showlegend": axis == "y",
            "yaxis": axis,
            "x": [latency.median_ms],
            "y": [share.value],
            "error_x": bar([latency.median_ms], [latency.p5_ms], [latency.p95_ms]),
            "error_y": bar([share.value], [share.low], [share.high]),
            "marker": {"size": 11, "symbol": look.symbol, "color": look.colour},
            "hovertemplate": _hover(row, quality, latency),
        }


def _hover(row: Row, quality: Headline, latency: Durations) -> str:
    lines = [
        f"<b>{escape(row.name)}</b>",
        f"photo to verdict {latency.median_ms:.3g} ms",
        f"(5 to 95 %: {latency.p5_ms:.3g} to {latency.p95_ms:.3g} ms)",
    ]
    if row.interpreter:
        lines.append(f"interpreter alone {row.interpreter.median_ms:.3g} ms")
    lines.append(f"recall {share_in_words(quality.recall)}")
    lines.append(f"specificity {share_in_words(quality.specificity)}")
    if quality.auc is not None:
        lines.append(f"AUC {quality.auc:.3f}")
    return "<br>".join(lines) + "<extra></extra>"


def _published_traces(published: Published) -> list[Figure]:
    """The seed's networks, in a strip of their own: they have no latency."""
    marks = [
        (network.name, network.recall, specificity)
        for network in published.networks
        if (specificity := published.specificity(network)) is not None
        and network.recall >= LOWEST_PUBLISHED_RECALL
    ]
    hover = [
        f"<b>{name}</b><br>published, float, threshold {published.threshold}"
        f"<br>recall {recall:.3f}<br>specificity {specificity:.3f}"
        for name, recall, specificity in marks
    ]
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": "seed, as published",
            "legendgroup": "seed",
            "showlegend": axis == "y",
            "xaxis": "x2",
            "yaxis": axis,
            "x": [place * 3 / max(len(marks) - 1, 1) for place in range(len(marks))],
            "y": [mark[value] for mark in marks],
            "marker": {"size": 9, "symbol": "diamond-open", "color": GREY},
            "hovertext": hover,
            "hovertemplate": "%{hovertext}<extra></extra>",
        }
        for axis, value in (("y", 1), ("y2", 2))
    ]


def _lowest(traces: Iterable[Figure]) -> float:
    """Where an axis starts: the tenth below all marks and their bars."""
    ends: list[float] = [
        value - trace.get("error_y", {}).get("arrayminus", [0.0])[0]
        for trace in traces
        for value in trace["y"]
    ]
    return math.floor(min([0.85, *ends]) * 10) / 10


def _layout(rows: Sequence[Row], *, with_strip: bool) -> Figure:
    share_axis = {
        "gridcolor": GRID,
        "linecolor": GREY,
        "zeroline": False,
        "tickformat": ".2~f",
        "nticks": 8,
    }
    strip = {
        "domain": [0.87, 1],
        "anchor": "y2",
        "showticklabels": False,
        "showgrid": False,
        "zeroline": False,
        "linecolor": GREY,
        "title": {"text": "seed", "standoff": 8},
        "range": [-1, 4],
    }
    return {
        **layout(560, "photo to verdict, ms", ""),
        "margin": {"l": 52, "r": 10, "t": 16, "b": 48},
        "xaxis": {
            **time_axis(_ends(rows)),
            "title": {"text": "photo to verdict, ms", "standoff": 8},
            "domain": [0, 0.84] if with_strip else [0, 1],
            "anchor": "y2",
        },
        **({"xaxis2": strip} if with_strip else {}),
        "yaxis": {**share_axis, "domain": [0.53, 1], "title": {"text": "recall"}},
        "yaxis2": {
            **share_axis,
            "domain": [0, 0.47],
            "title": {"text": "specificity"},
        },
    }


def _ends(rows: Sequence[Row]) -> Iterable[float]:
    for row in rows:
        if row.photo_to_verdict:
            yield from (row.photo_to_verdict.p5_ms, row.photo_to_verdict.p95_ms)
