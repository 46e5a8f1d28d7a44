"""Work without a pause as a table."""

import statistics
from collections.abc import Sequence

from benchmarks.measure.sustained import Window
from benchmarks.reporting.summary import Row
from benchmarks.text.formatting import milliseconds
from benchmarks.text.tables import Table

NOT_KNOWN = "not known"


def drift_table(rows: Sequence[Row]) -> Table:
    """First and last tenth of each model's work, and its slowest stretch."""
    return Table(
        "Working without a pause",
        (
            "model",
            "minutes",
            "photos",
            "first tenth, median ms",
            "last tenth, median ms",
            "last by first",
            "slowest stretch, median ms",
            "its p90 ms",
            "hottest °C",
            "lowest clock MHz",
        ),
        tuple(
            (row.name, *_cells(row.curves.sustained))
            for row in rows
            if row.curves and row.curves.sustained
        ),
        "From photo to verdict, in equal stretches; the medians of the stretches"
        " compare. Last by first above 1: the machine slowed down.",
    )


def _cells(windows: Sequence[Window]) -> tuple[str, ...]:
    tenth = max(1, len(windows) // 10)
    first, last = _median(windows[:tenth]), _median(windows[-tenth:])
    slowest = max(windows, key=lambda window: window.median_ms)
    stretch = windows[-1].start_s / max(1, len(windows) - 1)
    warmths = [w.temperature_celsius for w in windows if w.temperature_celsius]
    clocks = [w.frequency_mhz for w in windows if w.frequency_mhz]
    return (
        f"{(windows[-1].start_s + stretch) / 60:.1f}",
        f"{sum(window.runs for window in windows):,}",
        milliseconds(first),
        milliseconds(last),
        f"{last / first:.2f}",
        milliseconds(slowest.median_ms),
        milliseconds(slowest.p90_ms),
        f"{max(warmths):.0f}" if warmths else NOT_KNOWN,
        f"{min(clocks):.0f}" if clocks else NOT_KNOWN,
    )


def _median(windows: Sequence[Window]) -> float:
    return statistics.median(window.median_ms for window in windows)
