"""Recall, specificity and AUC of a report as tables, source by source."""

from collections.abc import Iterable, Sequence

from benchmarks.reporting.summary import Row
from benchmarks.results.result import Estimate, Matched, Quality
from benchmarks.text.formatting import (
    NOT_MEASURED,
    estimate,
    interval_in_words,
    number,
    share_in_words,
)
from benchmarks.text.tables import Table, filled
from edge_runtime.evaluation.intervals import Interval
from edge_runtime.evaluation.sources import LEAST_MALIGNANT
from edge_runtime.model.evidence import Share

BY_LESION = "95 % intervals by drawing lesions with replacement."


MEAN = "mean"
"""In place of a source's name: the mean over sources."""


def quality_tables(rows: Sequence[Row]) -> tuple[Table, ...]:
    """Every figure of quality, on every set of photos."""
    return filled(quality_table(rows), detail_table(rows), matched_table(rows))


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
        f" which flatters: for comparing models only. {BY_LESION} The"
        " threshold is chosen anew for each.",
    )


def _judged(rows: Sequence[Row]) -> Iterable[tuple[Row, Quality]]:
    for row in rows:
        for quality in row.quality:
            yield row, quality


def _matched(quality: Quality) -> tuple[Matched, ...]:
    return quality.detail.matched if quality.detail else ()


def _outcomes(share: Share | None) -> tuple[str, str]:
    """How many photos it holds for, and how many not."""
    if share is None:
        return NOT_MEASURED, NOT_MEASURED
    return str(share.successes), str(share.n - share.successes)


def _in_words(found: Estimate) -> str:
    return estimate(found.value, Interval(found.low, found.high))
