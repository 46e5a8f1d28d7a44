"""What the shift bench found, as rows and as a table; pure functions of the scores.

Photos of several sources are never pooled: each is judged by itself. A row has the mean
AUC, the recall of the source that loses most, and the mean specificity.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.robustness.changes import SHORTCUTS
from edge_runtime.evaluation.sources import Names, judged_sources, mean_auc
from edge_runtime.model.operating_point import recall_and_specificity

NO_SHIFT = "as taken"
NOTICE = "Research and education; not a medical device."
UP_TO = 2
"""Strengths that careless hands and other cameras reach; 3 is beyond."""


@dataclass(frozen=True)
class Scorer:
    """Something that judges squares.

    Attributes:
        name: of the model file, or of the baseline.
        size_px: side of the square it looks at.
        threshold: at or above it a score means malignant.
        score: from pixels ``(size, size, 3)`` to a score in [0, 1].
    """

    name: str
    size_px: int
    threshold: float
    score: Callable[[NDArray[np.uint8]], float]


@dataclass(frozen=True)
class ShiftRow:
    """One model on one version of the photos.

    Attributes:
        model: its name.
        shift: what was changed.
        strength: 1 to 3; 0 for the photos as taken.
        auc: area under the ROC curve; of several sources the mean.
        recall: at the model's own threshold; of several sources the lowest.
        specificity: at the same threshold; of several sources the mean.
    """

    model: str
    shift: str
    strength: int
    auc: float
    recall: float
    specificity: float


@dataclass(frozen=True)
class ShiftReport:
    """All rows, and what they were measured on.

    Attributes:
        split: whose photos.
        photos: how many.
        commit: of the checkout; None outside one.
        rows: by version, then by model.
        sources: that count; empty where all photos are of one.
    """

    split: str
    photos: int
    commit: str | None
    rows: tuple[ShiftRow, ...]
    sources: tuple[str, ...] = ()


def row_of(
    scorer: Scorer,
    shift: str,
    strength: int,
    labels: NDArray[np.int64],
    scores: NDArray[np.float64],
    sources: Names | None = None,
) -> ShiftRow:
    """Judge one version's scores; all arrays of shape ``(n,)``.

    Sources of fewer than ``LEAST_MALIGNANT`` malignant photos do not count.
    """
    rates = [
        recall_and_specificity(labels[mask], scores[mask], scorer.threshold)
        for mask in judged_sources(labels, sources).values()
    ]
    return ShiftRow(
        model=scorer.name,
        shift=shift,
        strength=strength,
        auc=mean_auc(labels, scores, sources),
        recall=min(recall.value for recall, _ in rates),
        specificity=float(np.mean([found.value for _, found in rates])),
    )


def worst(rows: Sequence[ShiftRow], model: str, up_to: int) -> ShiftRow:
    """The changed version on which ``model`` loses most AUC, up to a strength."""
    return min(
        (row for row in _changed(rows, up_to) if row.model == model),
        key=lambda row: row.auc,
    )


def lowest_recall(rows: Sequence[ShiftRow], model: str, up_to: int) -> ShiftRow:
    """The changed version on which ``model`` finds the fewest malignant lesions."""
    return min(
        (row for row in _changed(rows, up_to) if row.model == model),
        key=lambda row: row.recall,
    )


def _changed(rows: Sequence[ShiftRow], up_to: int) -> list[ShiftRow]:
    return [
        row for row in rows if 1 <= row.strength <= up_to and row.shift not in SHORTCUTS
    ]


def markdown(report: ShiftReport) -> str:
    """A summary of the worst cases and every row, as Markdown."""
    models = list(dict.fromkeys(row.model for row in report.rows))
    return "\n".join(
        [
            f"# Shift bench: {report.photos} photos of the {report.split} split",
            "",
            f"{NOTICE} Each file at its own threshold. {_sources_in_words(report)}"
            f"Commit {report.commit}.",
            "",
            *_summary(report.rows, models),
            "",
            *_every_row(report.rows, models),
            "",
        ]
    )


def _sources_in_words(report: ShiftReport) -> str:
    if not report.sources:
        return ""
    return (
        f"AUC and specificity are means of {', '.join(report.sources)}; recall is the"
        " lowest of them. "
    )


def _summary(rows: Sequence[ShiftRow], models: Sequence[str]) -> list[str]:
    """Photos as taken, then the extremes over strengths up to ``UP_TO``."""
    lines = [
        "| model | AUC as taken | worst AUC | by | lowest recall (its specificity)"
        " | lowest specificity (its recall) |",
        "|---|---|---|---|---|---|",
    ]
    for model in models:
        own = [row for row in rows if row.model == model]
        taken = next(row for row in own if row.strength == 0)
        changed = _changed(own, UP_TO)
        bad = worst(rows, model, UP_TO)
        missed = lowest_recall(rows, model, UP_TO)
        alarmed = min(changed, key=lambda row: row.specificity)
        lines.append(
            f"| {model} | {taken.auc:.3f} | {bad.auc:.3f} | {bad.shift} {bad.strength}"
            f" | {missed.recall:.3f} ({missed.specificity:.3f}), {missed.shift}"
            f" {missed.strength} | {alarmed.specificity:.3f} ({alarmed.recall:.3f}),"
            f" {alarmed.shift} {alarmed.strength} |"
        )
    return lines


def _every_row(rows: Sequence[ShiftRow], models: Sequence[str]) -> list[str]:
    lines = [
        "AUC, recall / specificity. What AUC is left with the lesion blanked out is",
        "read off the skin around it, the camera or the compression:",
        "",
        "| change | strength | " + " | ".join(models) + " |",
        "|---|---|" + "---|" * len(models),
    ]
    versions = dict.fromkeys((row.shift, row.strength) for row in rows)
    found = {(row.model, row.shift, row.strength): row for row in rows}
    for shift, strength in versions:
        cells = [
            f"{row.auc:.3f}, {row.recall:.3f} / {row.specificity:.3f}"
            for row in (found[model, shift, strength] for model in models)
        ]
        lines.append(f"| {shift} | {strength or ''} | " + " | ".join(cells) + " |")
    return lines
