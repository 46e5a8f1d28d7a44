"""What the drawings of other things share: a canvas and colours by chance."""

import numpy as np
from PIL import Image, ImageDraw

SIDE_PX = 320

Colour = tuple[int, int, int]
Picture = Image.Image


def canvas(colour: Colour) -> tuple[Picture, ImageDraw.ImageDraw]:
    """An even picture, and a pen for it."""
    picture = Image.new("RGB", (SIDE_PX, SIDE_PX), colour)
    return picture, ImageDraw.Draw(picture)


def colour(chance: np.random.Generator, low: int = 0, high: int = 255) -> Colour:
    """Any colour whose channels lie in a range, ends included."""
    red, green, blue = (int(level) for level in chance.integers(low, high + 1, 3))
    return red, green, blue
