"""All charts of one machine, in the order a page shows them."""

from collections.abc import Iterable, Sequence

from benchmarks.reporting.chart_style import (
    Chart,
    Figure,
    bar,
    dotted,
    layout,
    line,
    looks,
    time_axis,
)
from benchmarks.reporting.latency_recall_chart import caption, latency_recall_figure
from benchmarks.reporting.pareto_chart import pareto_figure
from benchmarks.reporting.published import Published
from benchmarks.reporting.summary import Row
from benchmarks.results.curves import COVERAGES, QUANTILES
from benchmarks.results.figures import FIXED_SPECIFICITY

STAGE_COLOURS = ("#0072B2", "#56B4E9", "#009E73", "#D55E00", "#E69F00", "#CC79A7")


def headline_charts(
    rows: Sequence[Row], published: Published | None
) -> tuple[Chart, ...]:
    """What stands first: latency beside recall and specificity."""
    return _drawn(
        Chart(
            "Latency beside recall and specificity",
            latency_recall_figure(rows, published),
            caption(rows, published),
        ),
        Chart(
            f"Recall at a specificity of {FIXED_SPECIFICITY:.2f}",
            pareto_figure(rows),
            f"Each model's threshold is set so that at least {FIXED_SPECIFICITY:.0%} of"
            " the other photos lie below it; then all compare by recall. The line joins"
            " the models that no other beats in both. Bars across: 5th to 95th"
            " percentile; up: 95 % interval by drawing lesions. The threshold is chosen"
            " on these very photos, which flatters: for comparing only.",
        ),
    )


def speed_charts(rows: Sequence[Row]) -> tuple[Chart, ...]:
    """Where the time goes, and whether it stays the same."""
    return _drawn(
        Chart(
            "How long photos take",
            distribution_figure(rows),
            "Share of photos whose verdict was there within so many milliseconds.",
        ),
        Chart(
            "Where the time goes",
            stage_figure(rows),
            "Median of each stage from photo to verdict; deciding includes judging the"
            " photo's own quality. Medians need not add up to the median of the whole.",
        ),
        Chart(
            "Working without a pause",
            drift_figure(rows),
            "Medians of equal stretches, from photo to verdict. A line that rises is a"
            " machine that slows down as it gets warm.",
        ),
    )


def probability_charts(rows: Sequence[Row]) -> tuple[Chart, ...]:
    """What the probabilities are worth; of photos of one source only."""
    return _drawn(
        Chart(
            "Is the probability calibrated?",
            reliability_figure(rows),
            "Photos in tenths of calibrated probability: predicted, and the"
            " share that is malignant, with 95 % Wilson intervals. On the dotted line"
            " both agree. The share depends on how many of these photos are malignant."
            " One model is shown; a name below shows another.",
        ),
        Chart(
            "What could be gained by leaving the unsure to a person",
            risk_figure(rows),
            "Error rate at each file's own threshold among the photos that lie farthest"
            " from it, by the share of photos that is kept.",
        ),
    )


def _drawn(*found: Chart) -> tuple[Chart, ...]:
    """Those that have something to show."""
    return tuple(chart for chart in found if chart.figure["data"])


def distribution_figure(rows: Sequence[Row]) -> Figure:
    """Cumulative share of photos by duration."""
    look = looks(rows)
    traces = [
        {
            **line(row, look[row.name], row.curves.photo_to_verdict_ms, _PERCENT),
            "hovertemplate": "%{y:.0f} % within %{x:.3g} ms"
            "<extra>%{fullData.name}</extra>",
        }
        for row in rows
        if row.curves and row.curves.photo_to_verdict_ms
    ]
    frame = layout(420, "photo to verdict, ms", "photos, %")
    ends = [value for trace in traces for value in trace["x"]]
    frame["xaxis"] |= time_axis(ends)
    return {"data": traces, "layout": frame}


_PERCENT = [float(percent) for percent in QUANTILES]


def stage_figure(rows: Sequence[Row]) -> Figure:
    """Stacked bars, one per row."""
    shown = [row for row in reversed(rows) if row.stages_ms]
    names = dict.fromkeys(name for row in shown for name in row.stages_ms)
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "name": name,
            "x": [row.stages_ms.get(name, 0.0) for row in shown],
            "y": [row.name for row in shown],
            "marker": {"color": STAGE_COLOURS[place % len(STAGE_COLOURS)]},
            "hovertemplate": f"{name} %{{x:.3g}} ms<extra>%{{y}}</extra>",
        }
        for place, name in enumerate(names)
    ]
    frame = layout(70 + 46 * len(shown), "ms", "")
    frame |= {"barmode": "stack", "margin": {"l": 8, "r": 10, "t": 30, "b": 48}}
    # Names inside the plot would cover it on a phone, beside it they would squeeze it.
    frame["yaxis"] |= {"automargin": True, "tickfont": {"size": 11}}
    return {"data": traces, "layout": frame}


def reliability_figure(rows: Sequence[Row]) -> Figure:
    """Predicted against observed; the first row is shown, the others wait."""
    look = looks(rows)
    traces: list[Figure] = []
    for row in rows:
        bins = row.curves.reliability if row.curves else ()
        if not bins:
            continue
        observed = [found.observed for found in bins]
        shares = [share.value for share in observed]
        traces.append(
            {
                **line(row, look[row.name], [b.promised for b in bins], shares),
                "mode": "lines+markers",
                "marker": {"symbol": look[row.name].symbol, "size": 8},
                "error_y": bar(
                    shares, [s.low for s in observed], [s.high for s in observed]
                ),
                "text": [f"{s.successes} of {s.n}" for s in observed],
                "hovertemplate": "predicted %{x:.2f}<br>observed %{y:.2f} (%{text})"
                "<extra>%{fullData.name}</extra>",
                "visible": "legendonly" if traces else True,
            }
        )
    if traces:
        traces.append(dotted((0, 0), (1, 1)))
    frame = layout(460, "probability, calibrated", "share malignant")
    for axis in ("xaxis", "yaxis"):
        frame[axis]["range"] = [-0.02, 1.02]
    return {"data": traces, "layout": frame}


def risk_figure(rows: Sequence[Row]) -> Figure:
    """Error by coverage."""
    look = looks(rows)
    traces = [
        {
            **line(row, look[row.name], COVERAGES, row.curves.risk),
            "hovertemplate": "%{x:.0%} of the photos: %{y:.1%} wrong"
            "<extra>%{fullData.name}</extra>",
        }
        for row in rows
        if row.curves and row.curves.risk
    ]
    frame = layout(420, "share of photos kept", "error rate")
    frame["xaxis"] |= {"tickformat": ".0%", "range": [0.08, 1.02]}
    frame["yaxis"] |= {"tickformat": ".0%", "rangemode": "tozero"}
    return {"data": traces, "layout": frame}


def drift_figure(rows: Sequence[Row]) -> Figure:
    """Median by the time worked."""
    look = looks(rows)
    traces = [
        {
            **line(
                row,
                look[row.name],
                [window.start_s / 60 for window in windows],
                [window.median_ms for window in windows],
            ),
            "text": list(_states(row)),
            "hovertemplate": "after %{x:.1f} min: %{y:.3g} ms<br>%{text}"
            "<extra>%{fullData.name}</extra>",
        }
        for row in rows
        if row.curves and (windows := row.curves.sustained)
    ]
    frame = layout(400, "minutes of work", "photo to verdict, ms")
    frame["yaxis"] |= {"rangemode": "tozero"}
    return {"data": traces, "layout": frame}


def _states(row: Row) -> Iterable[str]:
    for window in row.curves.sustained if row.curves else ():
        warmth, clock = window.temperature_celsius, window.frequency_mhz
        yield (
            f"{'temperature not known' if warmth is None else f'{warmth:.0f} °C'},"
            f" {'clock not known' if clock is None else f'{clock:.0f} MHz'}"
        )
