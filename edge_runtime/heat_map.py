"""Where a model looks: how its score moves when parts of a photo are covered.

Occlusion (Zeiler & Fergus 2014, https://arxiv.org/abs/1311.2901) needs nothing but the
model file itself: one inference per covered patch, first a coarse grid, then the
patches that matter most once more in quarters. It tells what the score depends on, not
what is ill.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from edge_runtime.evaluation.temperature import SMALLEST_SCORE
from edge_runtime.photos.preprocessing import centre_square
from edge_runtime.verdict import NOTICE

COARSE = 8
REFINED = 16
INFERENCES = 1 + COARSE**2 + 4 * REFINED
"""What one map costs: the photo itself, every coarse patch, four quarters of some."""

# Width of the rim whose median colour covers a patch: mostly skin.
_RIM_SHARE = 0.08
_SIDE_PX, _CAPTION_PX = 512, 18
# The largest change of the logit gets the full colour, unless it is below this (from
# one half to 0.62): a photo on which no part matters should look like one.
_LEAST_FULL_COLOUR = 0.5
_OPAQUE = 0.6
_RED, _BLUE = np.array([220.0, 30.0, 30.0]), np.array([40.0, 80.0, 230.0])


@dataclass(frozen=True)
class HeatMap:
    """What each part of a photo adds to the score.

    Attributes:
        gain: fall of the logit when the part is covered, so positive where it speaks
            for malignant; shape ``(16, 16)``.
        inferences: how many it took.
    """

    gain: NDArray[np.float64]
    inferences: int


def heat_map(
    score: Callable[[NDArray[np.uint8]], float], pixels: NDArray[np.uint8]
) -> HeatMap:
    """Cover one patch after the other and see what becomes of the score.

    Args:
        score: raw score of prepared pixels, such as ``LesionClassifier.score``.
        pixels: what the model sees; RGB; shape ``(size, size, 3)``; at least 16 px.
    """
    size_px = pixels.shape[0]
    cover = _rim_colour(pixels)
    whole = _logit(score(pixels))

    def fall(row: int, column: int, parts: int) -> float:
        covered = pixels.copy()
        # Where the size is no multiple of the parts, edges are rounded.
        top, bottom = (size_px * edge // parts for edge in (row, row + 1))
        left, right = (size_px * edge // parts for edge in (column, column + 1))
        covered[top:bottom, left:right] = cover
        return whole - _logit(score(covered))

    coarse = np.array(
        [
            [fall(row, column, COARSE) for column in range(COARSE)]
            for row in range(COARSE)
        ]
    )
    # A quarter of a patch, covered alone, moves the score less than the patch does.
    gain = np.kron(coarse, np.ones((2, 2))) / 4
    most = np.argsort(np.abs(coarse), axis=None, kind="stable")[::-1][:REFINED]
    for place in most:
        row, column = divmod(int(place), COARSE)
        for down in (0, 1):
            for right in (0, 1):
                fine = (2 * row + down, 2 * column + right)
                gain[fine] = (gain[fine] + fall(*fine, 2 * COARSE)) / 2
    return HeatMap(gain * 4, 1 + coarse.size + 4 * len(most))


def overlay(image: NDArray[np.uint8], found: HeatMap) -> Image.Image:
    """The judged square with red where it speaks for malignant, blue against it.

    Args:
        image: the decoded photo; RGB; shape ``(height, width, 3)``.
        found: its heat map.
    """
    square = Image.fromarray(np.ascontiguousarray(centre_square(image)))
    photo = square.resize((_SIDE_PX, _SIDE_PX), Image.Resampling.BICUBIC)
    smooth = Image.fromarray(found.gain.astype(np.float32)).resize(
        (_SIDE_PX, _SIDE_PX), Image.Resampling.BICUBIC
    )
    gain = np.asarray(smooth)[..., np.newaxis]
    full = max(float(np.abs(gain).max()), _LEAST_FULL_COLOUR)
    strength = np.abs(gain) / full * _OPAQUE
    colour = np.where(gain > 0, _RED, _BLUE)
    mixed = np.asarray(photo) * (1 - strength) + colour * strength
    page = Image.new("RGB", (_SIDE_PX, _SIDE_PX + _CAPTION_PX), "white")
    page.paste(Image.fromarray(mixed.round().astype(np.uint8)))
    words = f"red raises, blue lowers the score; {NOTICE}"
    ImageDraw.Draw(page).text((4, _SIDE_PX + 3), words, fill="black")
    return page


def _rim_colour(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Median colour of the photo's rim."""
    rim = max(1, round(_RIM_SHARE * pixels.shape[0]))
    inside = np.zeros(pixels.shape[:2], np.bool_)
    inside[rim:-rim, rim:-rim] = True
    return np.asarray(np.median(pixels[~inside], axis=0), np.uint8)


def _logit(score: float) -> float:
    clipped = min(max(score, SMALLEST_SCORE), 1 - SMALLEST_SCORE)
    return float(np.log(clipped / (1 - clipped)))
