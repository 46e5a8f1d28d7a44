"""The table of layer errors as CSV, as text and as a picture (SVG)."""

import csv
import io
from collections.abc import Collection, Sequence
from dataclasses import astuple, fields
from xml.sax.saxutils import escape

from convert.diagnosis.layer_errors import SOUND_DB, LayerError, culprit

_ROW_PX, _NAME_PX, _BAR_PX, _TOP_PX = 18, 300, 420, 46
_FULL_DB = 60.0
_POOR, _SOUND = "#b3432b", "#2b6fb3"


def csv_text(errors: Sequence[LayerError]) -> str:
    """One row a layer, worst first."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(field.name for field in fields(LayerError))
    for error in errors:
        writer.writerow(
            f"{value:.6g}" if isinstance(value, float) else value
            for value in astuple(error)
        )
    return file.getvalue()


def table_text(errors: Sequence[LayerError], most: int = 12) -> str:
    """The worst layers for a terminal."""
    lines = ["SNR dB  own loss  cosine   largest  of         layer (operation)"]
    lines += [
        f"{each.snr_db:6.1f}  {each.own_loss_db:8.1f}  {each.cosine:.4f}"
        f"  {each.largest_difference:8.3g}  {each.largest_value:8.3g}"
        f"   {each.layer} ({each.operation})"
        for each in errors[:most]
    ]
    if len(errors) > most:
        lines.append(f"and {len(errors) - most} better ones")
    return "\n".join(lines)


def advice(errors: Sequence[LayerError], layers: Collection[str]) -> str:
    """What follows from the table; ``layers`` are those that can be kept in float."""
    worst = culprit(errors, layers)
    if worst is not None:
        return (
            f"{worst.layer} loses {worst.own_loss_db:.0f} dB by itself: try"
            f" --keep-float {worst.layer}"
        )
    if errors and errors[0].snr_db < SOUND_DB:
        # A model that is converted whole has no layers that could be fine-tuned.
        other = ", or qat_int8 with more --steps" if layers else ""
        return (
            "no layer is to blame alone, the error grows on the way: try --recipe"
            f" int16x8{other}"
        )
    return f"every layer keeps {SOUND_DB:.0f} dB or more; no layer is to blame"


def picture(errors: Sequence[LayerError], title: str) -> str:
    """Bars of SNR, worst first, as SVG."""
    height = _TOP_PX + _ROW_PX * len(errors) + 10
    width = _NAME_PX + _BAR_PX + 60
    at_sound = _NAME_PX + _BAR_PX * SOUND_DB / _FULL_DB
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        ' font-family="sans-serif" font-size="11">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<text x="8" y="18" font-size="13">{escape(title)}</text>',
        '<text x="8" y="36" fill="#555555">signal to noise of each layer in dB, worst'
        f" first; the line is {SOUND_DB:.0f} dB</text>",
    ]
    for number, each in enumerate(errors):
        y = _TOP_PX + _ROW_PX * number
        length = _BAR_PX * min(max(each.snr_db, 0), _FULL_DB) / _FULL_DB
        colour = _POOR if each.snr_db < SOUND_DB else _SOUND
        parts.append(
            f'<text x="{_NAME_PX - 6}" y="{y + 13}" text-anchor="end">'
            f"{escape(each.layer[-44:])}</text>"
            f'<rect x="{_NAME_PX}" y="{y + 3}" width="{length:.1f}" height="12"'
            f' fill="{colour}"/>'
            f'<text x="{_NAME_PX + length + 4:.1f}" y="{y + 13}">'
            f"{each.snr_db:.1f}</text>"
        )
    parts.append(
        f'<line x1="{at_sound}" x2="{at_sound}" y1="{_TOP_PX}" y2="{height - 8}"'
        ' stroke="#555555" stroke-dasharray="3 3"/></svg>'
    )
    return "\n".join(parts) + "\n"
