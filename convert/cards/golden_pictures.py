"""Drawn pictures small enough to travel inside every model file.

Real sizes would outweigh a 32-px model, so each has few colours and not many more
pixels than the model sees. They are wider than high, by an odd number of pixels, so
that a port that crops or resizes in another way is found out; a card of plain colours
does the same for red and blue exchanged, which photos of skin hardly show.
"""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.synthetic.lesions import draw_lesion

_DRAWN_PX = 256
_LARGE_PX = 64
"""Above this, a model's golden file holds fewer drawings of fewer colours."""

# Name, skin tone, malignant-like; lesions that keep their shape at few colours.
_DRAWINGS = (
    ("even_tone1", 1, False),
    ("irregular_tone4", 4, True),
    ("irregular_tone2", 2, True),
)
_CARD = (
    ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)),
    ((0, 255, 255), (255, 0, 255), (255, 255, 0), (0, 0, 0)),
    ((200, 120, 90), (90, 50, 30), (64, 128, 192), (127, 128, 129)),
)


def golden_pngs(size_px: int, *, seed: int = 0) -> dict[str, bytes]:
    """The pictures for a model of this size, as PNG files by name.

    Args:
        size_px: side of the model's input.
        seed: another number draws other lesions.

    >>> sorted(golden_pngs(32))
    ['colour_card', 'even_tone1', 'irregular_tone2', 'irregular_tone4']
    """
    small = size_px <= _LARGE_PX
    drawings = _DRAWINGS if small else _DRAWINGS[:2]
    colours = 24 if small else 16
    height, width = size_px * 5 // 4, size_px * 5 // 4 + 9
    pngs = {
        name: _png(
            _drawn(seed + number, tone, irregular, height, width).quantize(
                colours, dither=Image.Dither.NONE
            )
        )
        for number, (name, tone, irregular) in enumerate(drawings)
    }
    return {**pngs, "colour_card": _png(Image.fromarray(_colour_card(height, width)))}


def _drawn(
    seed: int, tone: int, irregular: bool, height: int, width: int
) -> Image.Image:
    drawn = draw_lesion(
        seed, size_px=_DRAWN_PX, skin_tone=tone, malignant_like=irregular
    )
    top = (width - height) // 2
    square = Image.fromarray(drawn).resize((width, width), Image.Resampling.BILINEAR)
    return square.crop((0, top, width, top + height))


def _colour_card(height: int, width: int) -> NDArray[np.uint8]:
    """Patches that differ in every direction; shape ``(height, width, 3)``."""
    card = np.array(_CARD, np.uint8)
    rows = np.arange(height) * card.shape[0] // height
    columns = np.arange(width) * card.shape[1] // width
    patches: NDArray[np.uint8] = card[rows[:, np.newaxis], columns]
    return patches


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, format="PNG", optimize=True)
    return file.getvalue()
