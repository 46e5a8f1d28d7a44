"""What a conversion changed, photo by photo, for people who want to look at them.

Written whether the file passed its gates or not: a failure is when one looks.
"""

import csv
import io
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from convert.checks.flips import Flips, flips_at_recall
from convert.checks.gates import Finding
from convert.checks.reliability import reliability_diagram
from edge_runtime.evaluation.intervals import delong_test, mcnemar_exact
from edge_runtime.evaluation.metrics import Labels, Scores
from edge_runtime.evaluation.temperature import calibrated
from edge_runtime.files.atomic import write_bytes, write_text
from edge_runtime.model.evidence import Comparison
from edge_runtime.photos.manifest import LabelledPhoto, sources_of
from edge_runtime.verdict import NOTICE

MOST_NAMED = 10
"""Photos named on the screen before it says how many more there are."""

CHANGES = {
    "malignant_lost": "malignant, called by the Keras model only",
    "malignant_gained": "malignant, called by the file only",
    "benign_lost": "not malignant, called by the file only (new false alarms)",
    "benign_gained": "not malignant, called by the Keras model only",
}
"""What a photo on which the two disagree can be; fields of ``Flips``."""


@dataclass(frozen=True)
class Report:
    """Keras model and file side by side on one split.

    Attributes:
        name: of the file.
        photos: of the split, in the order of the arrays.
        labels: 1 for malignant, 0 for benign.
        keras_scores: of the Keras model.
        file_scores: of the file.
        temperature: of the file's calibration.
        comparison: both in numbers.
        flips: positions of the photos that they call differently, each at its own
            threshold for the same recall.
        findings: what the gates saw.
    """

    name: str
    photos: Sequence[LabelledPhoto]
    labels: Labels
    keras_scores: Scores
    file_scores: Scores
    temperature: float
    comparison: Comparison
    flips: Flips
    findings: Sequence[Finding]

    @property
    def mcnemar_p(self) -> float:
        """P-value that both err equally often."""
        changed = self.flips
        only_keras = len(changed.malignant_lost) + len(changed.benign_lost)
        only_file = len(changed.malignant_gained) + len(changed.benign_gained)
        return mcnemar_exact(only_keras, only_file)

    @property
    def delong_p(self) -> float:
        """P-value that both have the same area under the curve."""
        return delong_test(self.labels, self.keras_scores, self.file_scores)


def report_of(
    name: str,
    photos: Sequence[LabelledPhoto],
    labels: Labels,
    keras_scores: Scores,
    file_scores: Scores,
    *,
    temperature: float,
    comparison: Comparison,
    target_recall: float,
    findings: Sequence[Finding],
) -> Report:
    """Put it together; see ``Report``."""
    sources = sources_of(photos)
    changed = flips_at_recall(labels, keras_scores, file_scores, target_recall, sources)
    return Report(
        name,
        photos,
        labels,
        keras_scores,
        file_scores,
        temperature,
        comparison,
        changed,
        findings,
    )


def changed_lines(report: Report) -> list[str]:
    """The photos that are called differently, lost lesions first, and the tests."""
    lines = []
    for field, meaning in CHANGES.items():
        positions = getattr(report.flips, field)
        if positions:
            lines.append(f"{len(positions)} {meaning}:")
        lines += [f"  {_line(report, each)}" for each in positions[:MOST_NAMED]]
        if more := len(positions) - MOST_NAMED:
            lines += [f"  and {more} more"] if more > 0 else []
    lines.append(
        f"McNemar p {report.mcnemar_p:.3f} (same errors), DeLong p"
        f" {report.delong_p:.3f} (same AUC)"
    )
    return lines


def tell(report: Report, folder: Path | None) -> None:
    """Say what changed on stderr; also write it where a folder is given."""
    print("\n".join(changed_lines(report)), file=sys.stderr)
    if folder is not None:
        print(f"report: {write_report(report, folder)}", file=sys.stderr)


def write_report(report: Report, folder: Path) -> Path:
    """Write ``report.json``, ``scores.csv`` and ``reliability.png``; gives the folder.

    Args:
        report: what to write.
        folder: gets a folder named like the file.
    """
    into = folder / report.name
    write_text(
        into / "report.json", json.dumps(_as_values(report), indent=2, allow_nan=False)
    )
    write_text(into / "scores.csv", _scores_csv(report))
    write_bytes(
        into / "reliability.png",
        reliability_diagram(
            report.labels,
            calibrated(report.file_scores, report.temperature),
            f"{report.name} on {report.comparison.split}; {NOTICE}",
        ),
    )
    return into


def _line(report: Report, position: int) -> str:
    return (
        f"{report.photos[position].path}: {report.keras_scores[position]:.3f} to"
        f" {report.file_scores[position]:.3f}"
    )


def _as_values(report: Report) -> dict[str, Any]:
    return {
        "name": report.name,
        "notice": NOTICE,
        "comparison": asdict(report.comparison),
        "mcnemar_p": report.mcnemar_p,
        "delong_p": report.delong_p,
        "changed": {
            field: [str(report.photos[each].path) for each in positions]
            for field, positions in asdict(report.flips).items()
        },
        "gates": [asdict(finding) for finding in report.findings],
    }


def _scores_csv(report: Report) -> str:
    change = {
        position: field
        for field, positions in asdict(report.flips).items()
        for position in positions
    }
    probabilities = calibrated(report.file_scores, report.temperature)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ("path", "malignant", "keras_score", "file_score", "probability", "change")
    )
    for number, photo in enumerate(report.photos):
        scores = (
            report.keras_scores[number], report.file_scores[number],
            probabilities[number],
        )  # fmt: skip
        written = [f"{score:.6f}" for score in scores]
        label = int(report.labels[number])
        writer.writerow((photo.path, label, *written, change.get(number, "")))
    return text.getvalue()
