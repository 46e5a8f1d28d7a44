"""Areas, calibration and matched recall as tables of text."""

from collections.abc import Iterable, Sequence

from benchmarks.reporting.summary import Row
from benchmarks.results.result import Estimate, Matched, Quality
from benchmarks.text.formatting import estimate
from benchmarks.text.tables import Table
from edge_runtime.evaluation.intervals import Interval

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
