"""What decoding at reduced scale came to: rows, their table, and the gate."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.reporting.markdown import text_table

TARGET_SPEEDUP, LARGEST_DIFFERENCE = 4.0, 0.01


@dataclass(frozen=True)
class Row:
    """One model at one scale, against the plain way on the same photos.

    Attributes:
        model: its card's name.
        scale: by which the photo's sides are divided while it is decoded.
        moved_px: by which the crop is moved, of 3000 pixels.
        plain_ms: median of Pillow's full decode, crop, resize and the interpreter.
        reduced_ms: median of the same with the JPEG decoded at reduced scale.
        speedup: median of the ratio, photo by photo.
        median_difference: of the probability.
        largest_difference: of the probability.
        within: photos whose probability is at most 0.01 off.
        largest_steps: of the raw score, in steps of an int8 output (1/256).
        decisions_changed: photos on the other side of the threshold.
        photos: how many there were.
        classify_ms: median of ``classify`` with its findings, at the scale in use.
    """

    model: str
    scale: int
    moved_px: int
    plain_ms: float
    reduced_ms: float
    speedup: float
    median_difference: float
    largest_difference: float
    within: int
    largest_steps: float
    decisions_changed: int
    photos: int
    classify_ms: float | None


def table(rows: Sequence[Row]) -> str:
    """The rows for a terminal, and for docs/runtime.md."""
    head = (
        "model", "scale", "full decode, ms", "reduced, ms",
        "times faster", "probability off, median", "largest", "at most 0.01",
        "steps of 1/256",
        "decisions changed", "classify, ms",
    )  # fmt: skip
    lines = [
        (
            row.model,
            _way(row),
            f"{row.plain_ms:.0f}",
            f"{row.reduced_ms:.1f}",
            f"{row.speedup:.1f}",
            f"{row.median_difference:.4f}",
            f"{row.largest_difference:.4f}",
            f"{row.within} of {row.photos}",
            f"{row.largest_steps:.0f}",
            f"{row.decisions_changed} of {row.photos}",
            "" if row.classify_ms is None else f"{row.classify_ms:.1f}",
        )
        for row in rows
    ]
    return text_table(head, lines)


def _way(row: Row) -> str:
    if row.moved_px:
        return "1/1, crop moved 1 px"
    return f"1/{row.scale}" + (" (in use)" if row.classify_ms is not None else "")


def kept(rows: Sequence[Row]) -> bool:
    """Whether the scale in use is fast enough and moves no score too far.

    Too far is further than 0.01, and further than the model moves it by itself when the
    crop is moved by a pixel of 3000.
    """
    itself = {row.model: row.largest_difference for row in rows if row.moved_px}
    return all(
        row.speedup >= TARGET_SPEEDUP
        and row.largest_difference <= max(LARGEST_DIFFERENCE, itself[row.model])
        for row in rows
        if row.classify_ms is not None
    )
