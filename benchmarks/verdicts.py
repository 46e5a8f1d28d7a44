"""Verdicts of several models on several photos, side by side in one table."""

from collections.abc import Mapping, Sequence

from benchmarks.table import Table
from edge_runtime.verdict import UNUSABLE, Verdict

UNREADABLE = "cannot be read"

Verdicts = Mapping[str, Mapping[str, Verdict]]
"""Verdicts by photo and model; a photo that could not be read has none."""


def verdict_table(verdicts: Verdicts, thresholds: Mapping[str, float]) -> Table:
    """One row per photo, one column per model.

    Args:
        verdicts: of every photo, in the order to show them.
        thresholds: of every model, on the calibrated scale, in the order to show them.
    """
    rows = [
        ("threshold", *(f"{value:.2f}" for value in thresholds.values()), ""),
        *(
            (
                photo,
                *(_cell(of_photo.get(name)) for name in thresholds),
                _findings(of_photo),
            )
            for photo, of_photo in verdicts.items()
        ),
    ]
    return Table(
        "Verdicts on drawn photos",
        ("photo", *thresholds, "findings"),
        tuple(rows),
        "Decision and calibrated probability of malignancy. A drawing has no diagnosis:"
        " these verdicts are neither right nor wrong.",
    )


def unusable_photos(verdicts: Verdicts) -> Sequence[str]:
    """Each photo that got no verdict of any use, with the reason."""
    return [
        f"{photo}: {finding.message}"
        for photo, of_photo in verdicts.items()
        for verdict in list(of_photo.values())[:1]
        for finding in verdict.findings
        if finding.unusable
    ]


def _cell(verdict: Verdict | None) -> str:
    if verdict is None:
        return UNREADABLE
    if verdict.decision == UNUSABLE:
        return UNUSABLE
    return f"{verdict.decision} {verdict.probability:.2f}"


def _findings(of_photo: Mapping[str, Verdict]) -> str:
    if not of_photo:
        return ""
    found = (f.name for verdict in of_photo.values() for f in verdict.findings)
    return ", ".join(dict.fromkeys(found)) or "none"
