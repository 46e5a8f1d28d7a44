"""A heat map for programs and for people: as JSON, in words, as a picture."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edge_runtime.heat_map import HeatMap, overlay
from edge_runtime.model.card import ModelCard
from edge_runtime.verdict import NOTICE
from web_demo.wording import say


@dataclass(frozen=True)
class HeatAnswer:
    """What each part of a photo adds to a model's score.

    Attributes:
        gain: fall of the score's logit when a part is covered, so positive where the
            part speaks for malignant; 16 rows of 16 parts, from the top left.
        inferences: how many it took.
        model: the model's name.
        model_sha256: of its bytes.
    """

    gain: tuple[tuple[float, ...], ...]
    inferences: int
    model: str
    model_sha256: str


def answer(found: HeatMap, card: ModelCard) -> dict[str, Any]:
    """The heat map as JSON values, with the notice."""
    gain = tuple(tuple(map(float, row)) for row in found.gain)
    told = HeatAnswer(gain, found.inferences, card.name, card.model_sha256)
    return {
        "type": "heat map",
        "format": 1,
        "notice": NOTICE,
        **dataclasses.asdict(told),
    }


def words(found: HeatMap) -> str:
    """What the map shows, for whoever does not see it.

    >>> gain = np.zeros((16, 16))
    >>> words(HeatMap(gain, 129))
    'Map over the photo: no part alone moves the score.'
    >>> gain[0, 15] = -2
    >>> words(HeatMap(gain, 129)).split(": ")[1]
    'the part top right matters most; it speaks against malignant.'
    """
    return say(f"heat.alt.{_direction(found.gain)}", where=_place(found.gain))


def _direction(gain: NDArray[np.float64]) -> str:
    if not gain.any():
        return "flat"
    return "for" if gain.flat[int(np.abs(gain).argmax())] > 0 else "against"


def _place(gain: NDArray[np.float64]) -> str:
    """Which ninth of the photo matters most."""
    parts = len(gain)
    row, column = divmod(int(np.abs(gain).argmax()), parts)
    return say("heat.places").split("|")[3 * (3 * row // parts) + 3 * column // parts]


def picture(square: Image.Image, found: HeatMap) -> Image.Image:
    """The judged square, at ``PREVIEW_PX``, with its map laid over it."""
    drawn = overlay(np.asarray(square), found)
    # Without the caption below, which the page says in its own words.
    return drawn.crop((0, 0, drawn.width, drawn.width))
