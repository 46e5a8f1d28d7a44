"""Verdicts of several models on several photos, side by side in one table."""

import re
from collections.abc import Iterable, Mapping, Sequence

from benchmarks.text.tables import Table
from edge_runtime.verdict import INVESTIGATE, MONITOR, UNCERTAIN, UNUSABLE, Verdict

UNREADABLE = "cannot be read"

_MARKS = {INVESTIGATE: "!", UNCERTAIN: "?", MONITOR: "-", UNUSABLE: "x"}

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


def narrow_table(verdicts: Verdicts, thresholds: Mapping[str, float]) -> Table:
    """The same for a terminal: marks, no words; findings are left to ``cautions``."""
    shown = dict(zip(thresholds, without_common_end([*thresholds]), strict=True))
    rows = [
        ("threshold", *(f"{value:.2f}  " for value in thresholds.values())),
        *(
            (photo, *(_mark(of_photo.get(name)) for name in thresholds))
            for photo, of_photo in verdicts.items()
        ),
    ]
    marks = ", ".join(f"{mark} {decision}" for decision, mark in _MARKS.items())
    return Table(
        "Verdicts on drawn photos",
        # A network's name ends in its size; that goes below.
        ("photo", *(re.sub(r"_?(\d+)$", r" \1", name) for name in shown.values())),
        tuple(rows),
        f"Calibrated probability of malignancy, and the decision: {marks}."
        " A drawing has no diagnosis: these verdicts are neither right nor wrong.",
    )


def without_common_end(names: Sequence[str]) -> list[str]:
    """Names without the recipe where all have the same.

    >>> without_common_end(["cnn32.qat_int8", "cnn64.qat_int8"])
    ['cnn32', 'cnn64']
    >>> without_common_end(["cnn32.float32", "cnn32.qat_int8"])
    ['cnn32.float32', 'cnn32.qat_int8']
    """
    ends = {name.partition(".")[2] for name in names}
    return [name.partition(".")[0] if len(ends) == 1 else name for name in names]


def cautions(verdicts: Verdicts) -> Iterable[str]:
    """Each photo with findings that any model gave a verdict despite."""
    for photo, of_photo in verdicts.items():
        found = (
            finding.name
            for verdict in of_photo.values()
            for finding in verdict.findings
            if not finding.unusable
        )
        if names := ", ".join(dict.fromkeys(found)):
            yield f"{photo}: {names}"


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


def _mark(verdict: Verdict | None) -> str:
    if verdict is None:
        return UNREADABLE
    mark = _MARKS[verdict.decision]
    if verdict.decision == UNUSABLE:
        return mark
    return f"{verdict.probability:.2f} {mark}"


def _findings(of_photo: Mapping[str, Verdict]) -> str:
    if not of_photo:
        return ""
    found = (f.name for verdict in of_photo.values() for f in verdict.findings)
    return ", ".join(dict.fromkeys(found)) or "none"
