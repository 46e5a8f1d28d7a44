"""The rows of a report as tables of text, for Markdown and HTML alike."""

import statistics
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from benchmarks.measure.measurement import MODEL
from benchmarks.measure.sustained import Window
from benchmarks.reporting.summary import Durations, Row
from benchmarks.results.result import Estimate, Matched, Quality
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
from edge_runtime.evaluation.intervals import Interval
from edge_runtime.evaluation.sources import LEAST_MALIGNANT
from edge_runtime.model.evidence import Share

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


BY_LESION = "95 % intervals by drawing lesions with replacement."


def detail_table(rows: Sequence[Row]) -> Table:
    """All figures that come with a bootstrap over lesions."""
    return Table(
        "Quality, intervals by lesion",
        (
            "model",
            "photos",
            "recall",
            "specificity",
            "pAUC (recall from 0.8)",
            "PR AUC",
            "calibration error",
        ),
        tuple(
            (
                row.name,
                quality.photos,
                *map(
                    _in_words,
                    (
                        detail.recall,
                        detail.specificity,
                        detail.pauc,
                        detail.pr_auc,
                        detail.calibration_error,
                    ),
                ),
            )
            for row, quality in _judged(rows)
            if (detail := quality.detail)
        ),
        "Recall and specificity at each file's own threshold. pAUC: area between the"
        " ROC curve and 80 % recall, at most 0.2, by chance 0.02. PR AUC: average"
        f" precision, by chance the share of malignant photos. {BY_LESION}",
    )


def matched_table(rows: Sequence[Row]) -> Table:
    """Models at the same recall, so that their specificities compare."""
    return Table(
        "At matched recall and specificity",
        ("model", "photos", "held at", "recall", "specificity"),
        tuple(
            (
                row.name,
                quality.photos,
                f"{matched.held} {matched.target:.2f}",
                _in_words(matched.recall),
                _in_words(matched.specificity),
            )
            for row, quality in _judged(rows)
            for matched in _matched(quality)
        ),
        "The threshold is the one that just reaches what is held, on these very photos,"
        f" which flatters: for comparing models, not for promises. {BY_LESION} The"
        " threshold is chosen anew for each.",
    )


def _judged(rows: Sequence[Row]) -> Iterable[tuple[Row, Quality]]:
    for row in rows:
        for quality in row.quality:
            yield row, quality


def _matched(quality: Quality) -> tuple[Matched, ...]:
    return quality.detail.matched if quality.detail else ()


def _in_words(found: Estimate) -> str:
    return estimate(found.value, Interval(found.low, found.high))


Value = TypeVar("Value")


def tables(rows: Sequence[Row]) -> tuple[Table, ...]:
    """All tables of one machine; those without content are left out."""
    return (
        *_filled(source_table(rows)),
        overview(rows),
        *speed_tables(rows),
        *quality_tables(rows),
    )


def quality_tables(rows: Sequence[Row]) -> tuple[Table, ...]:
    """Every figure of quality, on every set of photos."""
    return _filled(quality_table(rows), detail_table(rows), matched_table(rows))


MEAN = "mean"
"""In place of a source's name: the mean over sources."""


def source_table(rows: Sequence[Row], only: str | None = None) -> Table:
    """Every source by itself, after the mean over sources; the report leads with it.

    Args:
        rows: of one machine.
        only: the name of one source, or ``MEAN``; None shows all.
    """
    return Table(
        "Source by source",
        (
            "model",
            "photos",
            "malignant / other",
            "AUC",
            "pAUC (recall from 0.8)",
            "recall",
            "specificity",
            "calibration error",
        ),
        tuple(
            cells
            for row in rows
            for source, cells in _source_rows(row)
            if only in (None, source)
        ),
        "Photos of lesions that are not in training, at each file's own threshold."
        " Sources are never pooled; the mean gives every source the same weight, and"
        f" its intervals come from lesions drawn anew within each. {BY_LESION} Shares"
        " of one source have Wilson intervals, its AUC DeLong's. A source with fewer"
        f" than {LEAST_MALIGNANT} malignant photos has a specificity only and does not"
        " count. Where a source's photos came through several cameras or copies, each"
        " with enough photos has its own row, which camera and label cannot tell"
        " apart. pAUC is at most 0.2, by chance 0.02.",
    )


def _source_rows(row: Row) -> Iterable[tuple[str, tuple[str, ...]]]:
    """Cells, each after the name of its source."""
    if (mean := row.over_sources) is not None:
        yield (
            MEAN,
            (
                row.name,
                f"mean of {len(mean.sources)} sources; worst: {mean.worst}",
                "-",
                *map(
                    _in_words,
                    (
                        mean.auc,
                        mean.pauc,
                        mean.recall,
                        mean.specificity,
                        mean.calibration_error,
                    ),
                ),
            ),
        )
    for quality in row.quality:
        if quality.source is None:
            continue
        detail = quality.detail
        few = f"fewer than {LEAST_MALIGNANT} malignant"
        yield (
            quality.source,
            (
                row.name,
                quality.photos,
                f"{quality.malignant} / {quality.other}",
                estimate(quality.auc, quality.auc_delong) if detail else few,
                _in_words(detail.pauc) if detail else few,
                share_in_words(quality.recall) if detail else few,
                share_in_words(quality.specificity),
                _in_words(detail.calibration_error) if detail else few,
            ),
        )


def confusion_table(rows: Sequence[Row], source: str | None) -> Table:
    """The confusion matrix of every file on one source, a row for each.

    Args:
        rows: of one machine.
        source: whose photos; None where the split is of one source.
    """
    return Table(
        "Confusion matrix",
        (
            "model",
            "malignant: found",
            "malignant: missed",
            "other: called malignant",
            "other: left alone",
        ),
        tuple(
            (
                row.name,
                *_outcomes(quality.recall),
                *_outcomes(quality.specificity)[::-1],
            )
            for row in rows
            if (quality := first_quality(row, source))
            and (quality.recall or quality.specificity)
        ),
        "Photos, counted at each file's own threshold.",
    )


def first_quality(row: Row, source: str | None) -> Quality | None:
    """A row's figures on all photos of one source, not only on some of them."""
    return next((each for each in row.quality if each.source == source), None)


def _outcomes(share: Share | None) -> tuple[str, str]:
    """How many photos it holds for, and how many not."""
    if share is None:
        return NOT_MEASURED, NOT_MEASURED
    return str(share.successes), str(share.n - share.successes)


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
            "recall",
            "specificity",
            "AUC",
            "photo to verdict median ms",
            "photos per second",
            "interpreter median ms",
            "size KB",
        ),
        tuple(
            (
                row.name,
                *_main_quality(row),
                _photo_median(row),
                number(row.photos_per_second, ".0f"),
                _of_file(
                    row, row.interpreter, lambda found: milliseconds(found.median_ms)
                ),
                _of_file(row, row.file_bytes, lambda size: f"{size / 1000:.0f}"),
            )
            for row in rows
        ),
        f"{headline_caption(rows)} Photos per second: one after another in one process,"
        " from the mean duration.",
    )


def headline_caption(rows: Sequence[Row]) -> str:
    """Where the figures beside a latency come from."""
    return (
        f"Recall, specificity and AUC on {main_photos(rows)}, at each file's own"
        " threshold, with 95 % intervals."
    )


def main_photos(rows: Sequence[Row]) -> str:
    """Which photos the figures beside a latency come from."""
    names = sorted({row.headline.photos for row in rows if row.headline})
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
            if quality.source is None
        ),
        "At each file's own threshold, with 95 % intervals. A set named clean leaves"
        " out photos whose lesion is also in the training photos. Calibration error is"
        " that of the calibrated probability, in ten bins. Photos found unusable"
        " count by their score like the others.",
    )


def _main_quality(row: Row) -> tuple[str, str, str]:
    if (found := row.headline) is None:
        return (NOT_MEASURED,) * 3
    return (
        share_in_words(found.recall),
        share_in_words(found.specificity),
        estimate(found.auc, found.auc_interval),
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
