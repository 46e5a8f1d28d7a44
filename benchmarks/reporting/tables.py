"""The rows of a report as tables of text, for Markdown and HTML alike."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from benchmarks.measure.measurement import MODEL
from benchmarks.reporting.drift_table import drift_table
from benchmarks.reporting.quality_tables import detail_table, matched_table
from benchmarks.reporting.summary import Durations, Row
from benchmarks.text.formatting import (
    NO_FILE,
    NOT_MEASURED,
    estimate,
    interval_in_words,
    milliseconds,
    number,
    share_in_words,
)
from benchmarks.text.tables import Table

Value = TypeVar("Value")


def tables(rows: Sequence[Row]) -> tuple[Table, ...]:
    """All tables of one machine; those without content are left out."""
    return (
        overview(rows),
        *speed_tables(rows),
        *_filled(quality_table(rows), detail_table(rows), matched_table(rows)),
    )


def speed_tables(rows: Sequence[Row]) -> tuple[Table, ...]:
    """Those of durations and memory."""
    return _filled(
        latency_table(rows), stage_table(rows), start_table(rows), drift_table(rows)
    )


def _filled(*found: Table) -> tuple[Table, ...]:
    return tuple(table for table in found if table.rows)


def overview(rows: Sequence[Row]) -> Table:
    """Speed, size and quality of each model in one line."""
    return Table(
        "In one line each",
        (
            "model",
            "photo to verdict median ms",
            "recall",
            "specificity",
            "AUC",
            "interpreter median ms",
            "size KB",
        ),
        tuple(
            (
                row.name,
                _photo_median(row),
                *_main_quality(row),
                _of_file(
                    row, row.interpreter, lambda found: milliseconds(found.median_ms)
                ),
                _of_file(row, row.file_bytes, lambda size: f"{size / 1000:.0f}"),
            )
            for row in rows
        ),
        f"Recall, specificity and AUC on {main_photos(rows)}, at each file's own"
        " threshold, with 95 % intervals.",
    )


def main_photos(rows: Sequence[Row]) -> str:
    """Which photos the figures beside a latency come from."""
    names = sorted({row.quality[0].photos for row in rows if row.quality})
    return f"the photos of {' and '.join(names)}" if names else "no photos"


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
                _of_file(row, row.cold_start_ms, milliseconds),
                _of_file(row, row.load_ms, milliseconds),
                _of_file(row, row.first_inference_ms, milliseconds),
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


def quality_table(rows: Sequence[Row]) -> Table:
    """Quality on every set of photos."""
    return Table(
        "Quality",
        (
            "model",
            "photos",
            "malignant / other",
            "recall",
            "specificity",
            "AUC (DeLong)",
            "AUC interval, lesion bootstrap",
            "calibration error",
            "found unusable",
        ),
        tuple(
            (
                row.name,
                quality.photos,
                f"{quality.malignant} / {quality.other}",
                share_in_words(quality.recall),
                share_in_words(quality.specificity),
                estimate(quality.auc, quality.auc_delong),
                interval_in_words(quality.auc_bootstrap),
                number(quality.calibration_error, ".3f"),
                number(quality.unusable, "d"),
            )
            for row in rows
            for quality in row.quality
        ),
        "At each file's own threshold, with 95 % intervals. A set named clean leaves"
        " out photos whose lesion is also in the training photos. Calibration error is"
        " that of the calibrated probability, in ten bins. Photos found unusable"
        " count by their score like the others.",
    )


def _main_quality(row: Row) -> tuple[str, str, str]:
    if not row.quality:
        return (NOT_MEASURED,) * 3
    quality = row.quality[0]
    return (
        share_in_words(quality.recall),
        share_in_words(quality.specificity),
        estimate(quality.auc, quality.auc_delong),
    )


def _percentiles(row: Row, found: Durations | None) -> tuple[str, str, str, str]:
    if found is None:
        return (_of_file(row, None, str),) * 4
    return (
        milliseconds(found.median_ms),
        milliseconds(found.p90_ms),
        milliseconds(found.p95_ms),
        milliseconds(found.p99_ms),
    )


def _photo_median(row: Row) -> str:
    return milliseconds(
        row.photo_to_verdict.median_ms if row.photo_to_verdict else None
    )


def _of_file(row: Row, value: Value | None, words: Callable[[Value], str]) -> str:
    """What only a model file has: the value, or why there is none."""
    if value is None:
        return NOT_MEASURED if row.kind == MODEL else NO_FILE
    return words(value)
