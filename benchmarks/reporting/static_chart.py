"""Latency beside recall and specificity as SVG and PNG, for where no script runs."""

import io
from collections.abc import Sequence
from typing import Any

from benchmarks.errors import BenchmarkError
from benchmarks.reporting.chart_style import Look, looks
from benchmarks.reporting.summary import Row, Section
from edge_runtime.model.evidence import Share
from edge_runtime.verdict import NOTICE

FORMATS = ("svg", "png")
_MARKERS = {
    "circle": "o",
    "square": "s",
    "diamond": "D",
    "triangle-up": "^",
    "triangle-down": "v",
    "star": "*",
    "x": "x",
}


def static_charts(section: Section) -> dict[str, bytes]:
    """The charts of one machine in every format; the same rows give the same bytes.

    Returns:
        By what follows the machine's name: ``"svg"`` and ``"png"``, and
        ``"drift.svg"`` and ``"drift.png"`` where it worked without a pause.

    Raises:
        BenchmarkError: when Matplotlib is not installed.
    """
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise BenchmarkError(
            'static charts need Matplotlib; install it: pip install ".[train]"'
        ) from error
    with matplotlib.rc_context({"svg.hashsalt": "lesion-edge", "font.size": 9}):
        figure = Figure(figsize=(7, 6), layout="constrained")
        _draw(figure.subplots(2, 1, sharex=True), section.rows)
        drawn = {"": figure}
        if any(row.curves and row.curves.sustained for row in section.rows):
            drawn["drift."] = Figure(figsize=(7, 4), layout="constrained")
            _draw_drift(drawn["drift."].subplots(), section.rows)
        for figure in drawn.values():
            figure.suptitle(f"{section.machine}; {NOTICE}", fontsize=9)
        return {
            f"{name}{kind}": _encoded(
                figure, kind, {"Date": None} if kind == "svg" else {}
            )
            for name, figure in drawn.items()
            for kind in FORMATS
        }


def _draw_drift(panel: Any, rows: Sequence[Row]) -> None:
    """Median and 90th percentile of every stretch of work without a pause."""
    look = looks(rows)
    for row in rows:
        windows = row.curves.sustained if row.curves else ()
        if not windows:
            continue
        minutes = [window.start_s / 60 for window in windows]
        colour = look[row.name].colour
        panel.plot(
            minutes, [w.median_ms for w in windows], color=colour, label=row.name
        )
        panel.plot(
            minutes,
            [w.p90_ms for w in windows],
            color=colour,
            linestyle=":",
            label=f"{row.name}, 90th percentile",
        )
    panel.set_ylim(bottom=0)
    panel.set_xlabel("minutes of work without a pause")
    panel.set_ylabel("photo to verdict, ms")
    panel.grid(visible=True, color="#dddddd")
    panel.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)


def _draw(panels: Sequence[Any], rows: Sequence[Row]) -> None:
    """Recall above, specificity below, the same marks in both."""
    look = looks(rows)
    for panel, name in zip(panels, ("recall", "specificity"), strict=True):
        for row in rows:
            share = getattr(row.headline, name) if row.headline else None
            if share is not None and row.photo_to_verdict is not None:
                _mark(panel, row, share, look[row.name])
        panel.set_xscale("log")
        panel.set_ylabel(name)
        panel.grid(visible=True, color="#dddddd")
    panels[1].set_xlabel("photo to verdict, ms (median, 5th to 95th percentile)")
    # Outside, below: beside the marks it would cover some of them.
    panels[1].legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=3)


def _mark(panel: Any, row: Row, share: Share, look: Look) -> None:
    latency = row.photo_to_verdict
    if latency is None:
        return
    panel.errorbar(
        [latency.median_ms],
        [share.value],
        xerr=[
            [latency.median_ms - latency.p5_ms],
            [latency.p95_ms - latency.median_ms],
        ],
        yerr=[[share.value - share.low], [share.high - share.value]],
        fmt=_MARKERS[look.symbol],
        color=look.colour,
        capsize=2,
        label=row.name,
    )


def _encoded(figure: Any, kind: str, metadata: dict[str, None]) -> bytes:
    content = io.BytesIO()
    figure.savefig(content, format=kind, dpi=150, metadata=metadata)
    return content.getvalue()
