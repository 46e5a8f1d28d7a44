"""Pictures that show no lesion at all, drawn from a seed: what people also photograph.

Each kind is a function of a random generator and gives an RGB picture; ``drawn`` then
photographs it: slope of light, colour cast, softness, noise. They are drawings. Real
photos of other things can be handed to ``foreign_photos.py`` as a folder.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from benchmarks.robustness import foreign_scenes, foreign_surfaces
from benchmarks.robustness.foreign_canvas import SIDE_PX

Kind = Callable[[np.random.Generator], Image.Image]


def drawn(kind: str, seed: int) -> NDArray[np.uint8]:
    """One picture as a camera would take it.

    Args:
        kind: a key of ``KINDS``.
        seed: gives the same picture again.

    Returns:
        RGB; shape ``(SIDE_PX, SIDE_PX, 3)``; uint8.
    """
    chance = np.random.default_rng([seed, *kind.encode()])
    return _photographed(KINDS[kind](chance), chance)


def _photographed(
    picture: Image.Image, chance: np.random.Generator
) -> NDArray[np.uint8]:
    soft = picture.filter(ImageFilter.GaussianBlur(chance.uniform(0.3, 1.0)))
    pixels = np.asarray(soft, np.float64)
    place = np.linspace(-0.5, 0.5, SIDE_PX)
    angle, slope = chance.uniform(0, 2 * math.pi), chance.uniform(0, 0.25)
    down, across = place[:, np.newaxis], place[np.newaxis]
    light = 1 + slope * (math.sin(angle) * down + math.cos(angle) * across)
    cast = chance.uniform(0.93, 1.07, 3) * chance.uniform(0.8, 1.05)
    noise = chance.normal(0, chance.uniform(1, 4), pixels.shape)
    lit = pixels * light[..., np.newaxis] * cast + noise
    return lit.round().clip(0, 255).astype(np.uint8)


KINDS: dict[str, Kind] = {
    "text": foreign_surfaces.text,
    "dark screen": foreign_surfaces.dark_screen,
    "document": foreign_surfaces.document,
    "screenshot": foreign_surfaces.screenshot,
    "chart": foreign_surfaces.chart,
    "face": foreign_scenes.face,
    "plain skin": foreign_scenes.skin,
    "hairy skin": foreign_scenes.hairy_skin,
    "hand": foreign_scenes.hand,
    "landscape": foreign_scenes.landscape,
    "leaves": foreign_scenes.leaves,
    "fruit": foreign_scenes.fruit,
    "bricks": foreign_surfaces.bricks,
    "wood": foreign_surfaces.wood,
    "cloth": foreign_surfaces.cloth,
    "square code": foreign_surfaces.blocks,
    "stripes": foreign_surfaces.stripes,
    "noise": foreign_surfaces.noise,
    "night": foreign_scenes.night,
    "shapes": foreign_surfaces.shapes,
}
