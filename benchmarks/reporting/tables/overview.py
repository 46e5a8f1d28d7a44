"""The rows of a report as tables of text, for Markdown and HTML alike."""

from collections.abc import Sequence

from benchmarks.reporting.summary import Row
from benchmarks.reporting.tables.quality import quality_tables, source_table
from benchmarks.reporting.tables.speed import of_file, speed_tables
from benchmarks.text.formatting import (
    NOT_MEASURED,
    estimate,
    milliseconds,
    number,
    share_in_words,
)
from benchmarks.text.tables import Table, filled


def tables(rows: Sequence[Row]) -> tuple[Table, ...]:
    """All tables of one machine; those without content are left out."""
    return (
        *filled(source_table(rows)),
        overview(rows),
        *speed_tables(rows),
        *quality_tables(rows),
    )


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
                of_file(
                    row, row.interpreter, lambda found: milliseconds(found.median_ms)
                ),
                of_file(row, row.file_bytes, lambda size: f"{size / 1000:.0f}"),
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


def _main_quality(row: Row) -> tuple[str, str, str]:
    if (found := row.headline) is None:
        return (NOT_MEASURED,) * 3
    return (
        share_in_words(found.recall),
        share_in_words(found.specificity),
        estimate(found.auc, found.auc_interval),
    )


def _photo_median(row: Row) -> str:
    return milliseconds(
        row.photo_to_verdict.median_ms if row.photo_to_verdict else None
    )
