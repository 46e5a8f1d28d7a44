"""The rows of a report as tables of text, for Markdown and HTML alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from benchmarks.published import Published
from benchmarks.results import MODEL
from benchmarks.summary import NOT_MEASURED, Durations, Row
from edge_runtime.evidence import Share
from edge_runtime.intervals import Interval

Value = TypeVar("Value")


@dataclass(frozen=True)
class Table:
    """Cells of text; the first column names the row.

    Attributes:
        title: what the table is about.
        head: name of each column, with its unit.
        rows: cells.
        caption: what one must know to read it.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str


def tables(rows: Sequence[Row]) -> tuple[Table, ...]:
    """All tables of one machine; those without content are left out."""
    return tuple(
        table
        for table in (
            overview(rows),
            latency_table(rows),
            stage_table(rows),
            start_table(rows),
            quality_table(rows),
        )
        if table.rows
    )


def overview(rows: Sequence[Row]) -> Table:
    """Speed, size and quality of each model in one line."""
    photos = sorted({row.quality[0].photos for row in rows if row.quality})
    return Table(
        "In one line each",
        (
            "model",
            "size KB",
            "interpreter median ms",
            "photo to verdict median ms",
            "recall",
            "specificity",
            "AUC",
        ),
        tuple(
            (
                row.name,
                _of_file(row, row.file_bytes, lambda size: f"{size / 1000:.0f}"),
                _of_file(row, row.interpreter, lambda found: _ms(found.median_ms)),
                _photo_median(row),
                *_main_quality(row),
            )
            for row in rows
        ),
        f"Recall, specificity and AUC on {' and '.join(photos) or 'no'} photos,"
        " at each file's own threshold, with 95 % intervals.",
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


def start_table(rows: Sequence[Row]) -> Table:
    """What it takes before the first verdict."""
    return Table(
        "Start and memory",
        ("model", "cold start ms", "load ms", "first inference ms", "peak memory MiB"),
        tuple(
            (
                row.name,
                _of_file(row, row.cold_start_ms, _ms),
                _of_file(row, row.load_ms, _ms),
                _of_file(row, row.first_inference_ms, _ms),
                _number(row.peak_memory_mib, ".0f"),
            )
            for row in rows
        ),
        "Cold start: importing the interpreter, reading and checking the file, warming"
        " up. Load: reading, checking and building the interpreter once more. Peak"
        " memory: of the whole fresh process, Python included.",
    )


def stage_table(rows: Sequence[Row]) -> Table:
    """Where the time between photo and verdict goes."""
    names = list(dict.fromkeys(name for row in rows for name in row.stages_ms))
    return Table(
        "Stages of photo to verdict",
        ("model", *(f"{name} ms" for name in names)),
        tuple(
            (row.name, *(_ms(row.stages_ms.get(name)) for name in names))
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
                _share(quality.recall),
                _share(quality.specificity),
                _estimate(quality.auc, quality.auc_delong),
                _interval(quality.auc_bootstrap),
                _number(quality.calibration_error, ".3f"),
                _number(quality.unusable, "d"),
            )
            for row in rows
            for quality in row.quality
        ),
        "At each file's own threshold, with 95 % intervals. A set named clean leaves"
        " out photos whose lesion is also in the training photos. Calibration error is"
        " that of the calibrated probability, in ten bins. Photos found unusable"
        " count by their score like the others.",
    )


def published_table(published: Published) -> Table:
    """What the seed project printed about its own networks."""
    return Table(
        "Published by the seed project, not measured here",
        ("network", "input px", "parameters", "recall", "specificity", "AUC", "lines"),
        tuple(
            (
                network.name,
                str(network.image_size_px),
                f"{network.parameters:,}",
                *_published_pair(published, network.recall, specificity),
                f"{network.auc:.3f}",
                network.lines,
            )
            for network in published.networks
            for specificity in (published.specificity(network),)
        ),
        f"Floating point, at threshold {published.threshold},"
        f" {published.malignant} malignant and {published.other} other photos of"
        f" {published.data}; latency not published. From the {published.source}."
        " Specificity follows from the printed false positives. "
        + " ".join(f"{n.name}: {n.note}" for n in published.networks if n.note),
    )


def _published_pair(
    published: Published, recall: float, specificity: float | None
) -> tuple[str, str]:
    if specificity is None:
        return "not published", "not published"
    return f"{recall:.3f}", f"{specificity:.3f}"


def _main_quality(row: Row) -> tuple[str, str, str]:
    if not row.quality:
        return (NOT_MEASURED,) * 3
    quality = row.quality[0]
    return (
        _share(quality.recall),
        _share(quality.specificity),
        _estimate(quality.auc, quality.auc_delong),
    )


def _percentiles(row: Row, found: Durations | None) -> tuple[str, str, str, str]:
    if found is None:
        return (_of_file(row, None, str),) * 4
    return _ms(found.median_ms), _ms(found.p90_ms), _ms(found.p95_ms), _ms(found.p99_ms)


def _photo_median(row: Row) -> str:
    return _ms(row.photo_to_verdict.median_ms if row.photo_to_verdict else None)


def _of_file(row: Row, value: Value | None, words: Callable[[Value], str]) -> str:
    """What only a model file has: the value, or why there is none."""
    if value is None:
        return NOT_MEASURED if row.kind == MODEL else "no model file"
    return words(value)


def _ms(value: float | None) -> str:
    """Three significant digits, but no fraction from 100 ms on."""
    if value is None:
        return NOT_MEASURED
    return f"{value:.0f}" if value >= 100 else f"{value:#.3g}"


def _number(value: int | float | None, form: str) -> str:
    return NOT_MEASURED if value is None else format(value, form)


def _share(share: Share | None) -> str:
    if share is None:
        return NOT_MEASURED
    return _estimate(share.value, Interval(share.low, share.high))


def _estimate(value: float | None, interval: Interval | None) -> str:
    if value is None:
        return NOT_MEASURED
    if interval is None:
        return f"{value:.3f}"
    return f"{value:.3f} ({_interval(interval)})"


def _interval(interval: Interval | None) -> str:
    if interval is None:
        return NOT_MEASURED
    return f"{interval.low:.3f}\N{EN DASH}{interval.high:.3f}"
