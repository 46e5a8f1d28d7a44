"""Latency against recall at one specificity for all: who is beaten by nobody."""

from collections.abc import Iterable, Sequence

from benchmarks.reporting.chart_style import (
    GREY,
    Figure,
    Look,
    bar,
    layout,
    looks,
    shown_name,
    time_axis,
)
from benchmarks.reporting.summary import Durations, Row
from benchmarks.results.figures import FIXED_SPECIFICITY
from benchmarks.results.result import Estimate, Matched
from benchmarks.text.formatting import estimate
from edge_runtime.evaluation.intervals import Interval

Mark = tuple[Row, Durations, Matched]


def pareto_figure(rows: Sequence[Row]) -> Figure:
    """One mark per row that has both figures, and the line of the unbeaten."""
    look = looks(rows)
    marks = list(_marks(rows))
    traces = [_mark(mark, look[mark[0].name]) for mark in marks]
    best = front([(d.median_ms, m.recall.value) for _, d, m in marks])
    if len(best) > 1:
        traces.insert(0, _front(best))
    frame = layout(430, "photo to verdict, ms", "recall")
    frame["xaxis"] |= time_axis(
        end for _, latency, _ in marks for end in (latency.p5_ms, latency.p95_ms)
    )
    return {"data": traces, "layout": frame}


def front(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Points that no other beats: none as fast has more recall.

    >>> front([(1.0, 0.8), (2.0, 0.7), (3.0, 0.9)])
    [(1.0, 0.8), (3.0, 0.9)]
    """
    best: list[tuple[float, float]] = []
    for latency, recall in sorted(points, key=lambda point: (point[0], -point[1])):
        if not best or recall > best[-1][1]:
            best.append((latency, recall))
    return best


def _marks(rows: Sequence[Row]) -> Iterable[Mark]:
    for row in rows:
        # At one specificity for all there is no mean over sources, nor a pooled figure.
        of_one = row.quality and row.quality[0].source is None
        detail = row.quality[0].detail if of_one else None
        if not detail or not row.photo_to_verdict:
            continue
        for matched in detail.matched:
            if (matched.held, matched.target) == ("specificity", FIXED_SPECIFICITY):
                yield row, row.photo_to_verdict, matched


def _mark(mark: Mark, look: Look) -> Figure:
    row, latency, matched = mark
    recall = matched.recall
    return {
        "type": "scatter",
        "mode": "markers",
        "name": shown_name(row),
        "legendgroup": row.name,
        "x": [latency.median_ms],
        "y": [recall.value],
        "error_x": bar([latency.median_ms], [latency.p5_ms], [latency.p95_ms]),
        "error_y": bar([recall.value], [recall.low], [recall.high]),
        "marker": {"size": 11, "symbol": look.symbol, "color": look.colour},
        "hovertemplate": f"<b>{shown_name(row)}</b><br>{latency.median_ms:.3g} ms"
        f"<br>recall {_in_words(matched.recall)}"
        f"<br>specificity {_in_words(matched.specificity)}<extra></extra>",
    }


def _in_words(found: Estimate) -> str:
    return estimate(found.value, Interval(found.low, found.high))


def _front(best: Sequence[tuple[float, float]]) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [latency for latency, _ in best],
        "y": [recall for _, recall in best],
        "line": {"color": GREY, "dash": "dot", "width": 1.5, "shape": "hv"},
        "hoverinfo": "skip",
        "showlegend": False,
    }
