"""The durations and the memory of a report as tables."""

import statistics
from collections.abc import Callable, Sequence
from typing import TypeVar

from benchmarks.measure.measurement import MODEL
from benchmarks.measure.sustained import Window
from benchmarks.reporting.summary import Durations, Row
from benchmarks.text.formatting import (
    NO_FILE,
    NOT_MEASURED,
    milliseconds,
    number,
)
from benchmarks.text.tables import Table, filled

NOT_KNOWN = "not known"


def speed_tables(rows: Sequence[Row]) -> tuple[Table, ...]:
    """Those of durations and memory."""
    return filled(
        latency_table(rows), stage_table(rows), start_table(rows), drift_table(rows)
    )


def latency_table(rows: Sequence[Row]) -> Table:
    """All percentiles."""
    runs = sorted({row.photo_to_verdict.n for row in rows if row.photo_to_verdict})
    kinds = ("median", "p90", "p95", "p99")
    return Table(
        "Latency",
        (
            "model",
            *(f"interpreter {kind} ms" for kind in kinds),
            *(f"photo to verdict {kind} ms" for kind in kinds),
        ),
        tuple(
            (
                row.name,
                *_percentiles(row, row.interpreter),
                *_percentiles(row, row.photo_to_verdict),
            )
            for row in rows
        ),
        f"{' or '.join(map(str, runs)) or 'No'} timed runs each; p95: 95 % of them took"
        " no longer.",
    )


def stage_table(rows: Sequence[Row]) -> Table:
    """Where the time between photo and verdict goes."""
    names = list(dict.fromkeys(name for row in rows for name in row.stages_ms))
    return Table(
        "Stages of photo to verdict",
        ("model", *(f"{name} ms" for name in names)),
        tuple(
            (row.name, *(milliseconds(row.stages_ms.get(name)) for name in names))
            for row in rows
            if row.stages_ms
        ),
        "Medians, as the runtime reports them; each stage has its own, so they need"
        " not add up.",
    )


def start_table(rows: Sequence[Row]) -> Table:
    """What it takes before the first verdict."""
    return Table(
        "Start and memory",
        (
            "model",
            "cold start ms",
            "load ms",
            "first inference ms",
            "peak memory MiB",
            "energy per photo mJ",
        ),
        tuple(
            (
                row.name,
                of_file(row, row.cold_start_ms, milliseconds),
                of_file(row, row.load_ms, milliseconds),
                of_file(row, row.first_inference_ms, milliseconds),
                number(row.peak_memory_mib, ".0f"),
                number(row.millijoules, ".3g"),
            )
            for row in rows
            if (row.cold_start_ms, row.peak_memory_mib) != (None, None)
        ),
        "Cold start: importing the interpreter, reading and checking the file, warming"
        " up. Load: reading, checking and building the interpreter once more. Peak"
        " memory: of the whole fresh process, Python included. Energy: of the whole"
        " processor or board from photo to verdict, idle current included.",
    )


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


def _percentiles(row: Row, found: Durations | None) -> tuple[str, str, str, str]:
    if found is None:
        return (of_file(row, None, str),) * 4
    return (
        milliseconds(found.median_ms),
        milliseconds(found.p90_ms),
        milliseconds(found.p95_ms),
        milliseconds(found.p99_ms),
    )


Value = TypeVar("Value")


def of_file(row: Row, value: Value | None, words: Callable[[Value], str]) -> str:
    """What only a model file has: the value, or why there is none."""
    if value is None:
        return NOT_MEASURED if row.kind == MODEL else NO_FILE
    return words(value)
