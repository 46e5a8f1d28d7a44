"""Changes that another camera, lamp or hand makes to a photo, at three strengths.

Each change takes the decoded centre square, uint8 RGB, and gives a square of the same
size. Strength 1 is what two phones differ by, 2 what a careless hand adds, 3 what a
reader would call a bad photo. Nothing here is random but grain and hair, which are
seeded by the photo.
"""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Change = Callable[[Pixels, float, np.random.Generator], Pixels]

STRENGTHS = (1, 2, 3)
LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601


@dataclass(frozen=True)
class Shift:
    """One row of ``SHIFTS``.

    Attributes:
        name: what changes, in plain words.
        change: makes the change.
        amounts: what the three strengths mean to ``change``.
        unit: of the amounts.
    """

    name: str
    change: Change
    amounts: tuple[float, float, float]
    unit: str


def to_bytes(values: NDArray[Any]) -> Pixels:
    """Rounded and clipped to what a photo can hold."""
    return np.asarray(np.rint(values.clip(0, 255)), np.uint8)


def _balance(square: Pixels, amount: float, _rng: np.random.Generator) -> Pixels:
    """Red times ``amount``, blue divided by it: warmer above 1, cooler below."""
    return to_bytes(square * np.array([amount, 1, 1 / amount], np.float32))


def _tint(square: Pixels, amount: float, _rng: np.random.Generator) -> Pixels:
    return to_bytes(square * np.array([1, amount, 1], np.float32))


def _exposure(square: Pixels, amount: float, _rng: np.random.Generator) -> Pixels:
    return to_bytes(square * np.float32(2**amount))


def _contrast(square: Pixels, amount: float, _rng: np.random.Generator) -> Pixels:
    middle = np.float32(square.mean())
    return to_bytes((square - middle) * np.float32(amount) + middle)


def _gamma(square: Pixels, amount: float, _rng: np.random.Generator) -> Pixels:
    return to_bytes(np.float32(255) * (square / np.float32(255)) ** np.float32(amount))


def _saturation(square: Pixels, amount: float, _rng: np.random.Generator) -> Pixels:
    grey = (square @ LUMA)[..., None]
    return to_bytes(grey + (square - grey) * np.float32(amount))


def _blur(square: Pixels, amount: float, _rng: np.random.Generator) -> Pixels:
    """Gaussian, radius in thousandths of the side."""
    radius = amount / 1000 * len(square)
    return np.asarray(Image.fromarray(square).filter(ImageFilter.GaussianBlur(radius)))


def _noise(square: Pixels, amount: float, rng: np.random.Generator) -> Pixels:
    return to_bytes(square + rng.normal(0, amount, square.shape))


def _jpeg(square: Pixels, amount: float, _rng: np.random.Generator) -> Pixels:
    stored = io.BytesIO()
    Image.fromarray(square).save(stored, "JPEG", quality=int(amount))
    with Image.open(stored) as photo:
        return np.asarray(photo.convert("RGB"))


def _from_centre(side: int) -> Floats:
    """Distance from the centre; 1 at the middle of an edge; shape ``(side, side)``."""
    axis = (np.arange(side, dtype=np.float32) + 0.5) / side * 2 - 1
    return np.hypot(axis[:, None], axis[None, :])


def _vignette(square: Pixels, amount: float, _rng: np.random.Generator) -> Pixels:
    """Light lost at a corner, as a share."""
    lost = np.float32(amount / 2) * _from_centre(len(square)) ** 2
    return to_bytes(square * (1 - lost)[..., None])


def _corners(square: Pixels, amount: float, _rng: np.random.Generator) -> Pixels:
    """The black ring of a dermoscope, from ``amount`` half-sides outwards."""
    return np.where(_from_centre(len(square))[..., None] > amount, 0, square).astype(
        np.uint8
    )


def _mirrored(square: Pixels, margin: int) -> Pixels:
    widths = ((margin, margin), (margin, margin), (0, 0))
    return np.pad(square, widths, mode="symmetric")


def _scale(square: Pixels, amount: float, _rng: np.random.Generator) -> Pixels:
    """The lesion ``amount`` times as large; what is outside the photo is mirrored."""
    side = len(square)
    seen = round(side / amount)
    margin = max(0, (seen - side + 1) // 2)
    padded = _mirrored(square, margin)
    start = (len(padded) - seen) // 2
    part = padded[start : start + seen, start : start + seen]
    picture = Image.fromarray(np.ascontiguousarray(part))
    return np.asarray(picture.resize((side, side), Image.Resampling.BILINEAR))


def _aside(square: Pixels, amount: float, _rng: np.random.Generator) -> Pixels:
    """The lesion moved right and down by a share of the side."""
    side, by = len(square), round(amount * len(square))
    return _mirrored(square, by)[:side, :side]


def _turned(square: Pixels, amount: float, _rng: np.random.Generator) -> Pixels:
    side, margin = len(square), len(square) // 4
    turned = Image.fromarray(_mirrored(square, margin)).rotate(
        amount, Image.Resampling.BILINEAR
    )
    return np.asarray(turned)[margin : margin + side, margin : margin + side]


def _hair(square: Pixels, amount: float, rng: np.random.Generator) -> Pixels:
    """So many dark hairs, each a bent line from edge to edge."""
    side = len(square)
    picture = Image.fromarray(square)
    draw = ImageDraw.Draw(picture)
    for _ in range(int(amount)):
        ends = rng.uniform(0, 1, (3, 2))
        ends[0, 0], ends[2, 0] = -0.1, 1.1
        steps = np.linspace(0, 1, 24)[:, None]
        course = (1 - steps) ** 2 * ends[0] + 2 * steps * (1 - steps) * ends[1]
        course = (course + steps**2 * ends[2]) * side
        if rng.random() < 0.5:
            course = course[:, ::-1]
        draw.line(
            [(float(x), float(y)) for x, y in course],
            fill=(35, 25, 20),
            width=max(1, round(side / 110)),
        )
    return np.asarray(picture)


def _ruler(square: Pixels, amount: float, _rng: np.random.Generator) -> Pixels:
    """Printed marks along the lower edge, as long as a share of the side."""
    side = len(square)
    picture = Image.fromarray(square)
    draw = ImageDraw.Draw(picture)
    for mark in range(1, 20):
        length = amount * side * (1 if mark % 5 == 0 else 0.5)
        x = mark / 20 * side
        draw.line([(x, side), (x, side - length)], fill=(30, 30, 35), width=1)
    return np.asarray(picture)


SHIFTS: Mapping[str, Shift] = {
    shift.name: shift
    for shift in (
        Shift("warmer", _balance, (1.05, 1.10, 1.20), "times red"),
        Shift("cooler", _balance, (0.95, 0.90, 0.82), "times red"),
        Shift("greener", _tint, (1.03, 1.06, 1.12), "times green"),
        Shift("brighter", _exposure, (0.2, 0.4, 0.7), "stops"),
        Shift("darker", _exposure, (-0.2, -0.45, -0.9), "stops"),
        Shift("more contrast", _contrast, (1.10, 1.25, 1.5), "times"),
        Shift("less contrast", _contrast, (0.9, 0.78, 0.6), "times"),
        Shift("gamma up", _gamma, (1.1, 1.25, 1.5), "exponent"),
        Shift("gamma down", _gamma, (0.9, 0.8, 0.67), "exponent"),
        Shift("more saturated", _saturation, (1.15, 1.3, 1.6), "times"),
        Shift("less saturated", _saturation, (0.85, 0.7, 0.4), "times"),
        Shift("blurred", _blur, (7, 14, 28), "thousandths of the side"),
        Shift("noisy", _noise, (4, 8, 16), "levels of 255"),
        Shift("compressed", _jpeg, (60, 35, 15), "JPEG quality"),
        Shift("vignetted", _vignette, (0.2, 0.4, 0.7), "of the light at a corner"),
        Shift("dermoscope ring", _corners, (1.25, 1.1, 0.95), "half-sides"),
        Shift("smaller", _scale, (0.85, 0.7, 0.5), "times"),
        Shift("larger", _scale, (1.15, 1.3, 1.5), "times"),
        Shift("off-centre", _aside, (0.05, 0.1, 0.2), "of the side"),
        Shift("turned", _turned, (15, 30, 45), "degrees"),
        Shift("hairy", _hair, (3, 7, 14), "hairs"),
        Shift("ruled", _ruler, (0.05, 0.09, 0.14), "of the side"),
    )
}


def shifted(square: Pixels, shift: Shift, strength: int, seed: int) -> Pixels:
    """The square after a change.

    Args:
        square: RGB; shape ``(side, side, 3)``; uint8.
        shift: a row of ``SHIFTS``, or of ``benchmarks.robustness.changes``.
        strength: one of ``STRENGTHS``.
        seed: of the grain and the hairs; the same photo has the same ones.
    """
    rng = np.random.default_rng([seed, strength])
    return shift.change(square, shift.amounts[strength - 1], rng)


def _centre_blanked(square: Pixels, amount: float, _rng: np.random.Generator) -> Pixels:
    """The middle, ``amount`` half-sides wide, in the mean colour of the rest."""
    return _blanked(square, np.abs(_axes(len(square))).max(axis=0) < amount)


def _border_blanked(square: Pixels, amount: float, _rng: np.random.Generator) -> Pixels:
    """All but the middle, in the middle's mean colour."""
    return _blanked(square, np.abs(_axes(len(square))).max(axis=0) >= amount)


def _axes(side: int) -> Floats:
    axis = (np.arange(side, dtype=np.float32) + 0.5) / side * 2 - 1
    return np.stack(np.meshgrid(axis, axis))


def _blanked(square: Pixels, where: NDArray[np.bool_]) -> Pixels:
    blank = square.copy()
    blank[where] = to_bytes(square[~where].mean(axis=0))
    return blank


def _shuffled(square: Pixels, amount: float, rng: np.random.Generator) -> Pixels:
    """Cut into ``amount`` x ``amount`` blocks and put together in another order."""
    count = int(amount)
    side = len(square) // count * count
    size = side // count
    blocks = square[:side, :side].reshape(count, size, count, size, 3).swapaxes(1, 2)
    mixed = rng.permutation(blocks.reshape(-1, size, size, 3))
    whole = square.copy()
    whole[:side, :side] = (
        mixed.reshape(count, count, size, size, 3).swapaxes(1, 2).reshape(side, side, 3)
    )
    return whole


SHORTCUTS: Mapping[str, Shift] = {
    shift.name: shift
    for shift in (
        Shift("lesion blanked out", _centre_blanked, (0.6, 0.75, 0.9), "half-sides"),
        Shift("border blanked out", _border_blanked, (0.9, 0.75, 0.6), "half-sides"),
        Shift("blocks shuffled", _shuffled, (3, 6, 12), "blocks a side"),
    )
}
