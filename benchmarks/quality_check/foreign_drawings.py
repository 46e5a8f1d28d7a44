"""Pictures that show no lesion at all, drawn from a seed: what people also photograph.

Each kind is a function of a random generator and gives an RGB picture; ``drawn`` then
photographs it: slope of light, colour cast, softness, noise. They are drawings. Real
photos of other things can be handed to ``foreign_photos.py`` as a folder.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

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


# From very light to very dark: the tones of samples/, as RGB under neutral light.
SKIN: tuple[Colour, ...] = (
    (244, 208, 177), (231, 180, 143), (210, 158, 124), (186, 120, 81), (165, 94, 43),
    (90, 60, 48),
)  # fmt: skip


def face(chance: np.random.Generator) -> Picture:
    """A head with hair, before any wall."""
    picture, pen = canvas(colour(chance, 40, 220))
    skin = SKIN[chance.integers(len(SKIN))]
    shade = (int(skin[0] * 0.8), int(skin[1] * 0.75), int(skin[2] * 0.72))
    hair = colour(chance, 10, 90)
    x, y = 160 + int(chance.integers(-20, 20)), 165 + int(chance.integers(-15, 15))
    wide, tall = int(chance.integers(75, 130)), int(chance.integers(100, 150))
    pen.ellipse([x - wide - 14, y - tall - 22, x + wide + 14, y + tall // 2], hair)
    pen.rectangle([x - 40, y + tall - 30, x + 40, SIDE_PX], shade)
    pen.ellipse([x - wide, y - tall, x + wide, y + tall], skin)
    pen.pieslice([x - wide, y - tall, x + wide, y + tall // 2], 200, 340, hair)
    for side in (-1, 1):
        eye = x + side * wide // 2
        pen.ellipse([eye - 16, y - 22, eye + 16, y - 4], (245, 245, 245))
        pen.ellipse([eye - 7, y - 21, eye + 7, y - 5], colour(chance, 20, 110))
        pen.arc([eye - 22, y - 44, eye + 22, y - 16], 200, 340, hair, 5)
    pen.line([x, y - 5, x - 12, y + 30, x + 8, y + 34], shade, 4)
    pen.ellipse([x - 34, y + 52, x + 34, y + 74], (176, 70, 74))
    return picture.filter(ImageFilter.GaussianBlur(1.5))


def skin(chance: np.random.Generator) -> Picture:
    """Plain skin: pores, slow changes of tone, and nothing on it."""
    tone = np.array(SKIN[chance.integers(len(SKIN))], np.float64)
    rough = chance.normal(1, 0.05, (160, 160)).astype(np.float32)
    slow = chance.normal(1, chance.uniform(0.01, 0.05), (5, 5)).astype(np.float32)
    pores, change = (
        np.asarray(
            Image.fromarray(each).resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC)
        )
        for each in (rough, slow)
    )
    lit = tone * (pores * change)[..., np.newaxis]
    return Image.fromarray(lit.clip(0, 255).astype(np.uint8))


def hairy_skin(chance: np.random.Generator) -> Picture:
    """Plain skin with hairs on it."""
    picture = skin(chance)
    pen = ImageDraw.Draw(picture)
    for _ in range(int(chance.integers(5, 40))):
        x, y = chance.uniform(0, SIDE_PX, 2)
        along, bend = chance.uniform(30, 120), chance.normal(0, 12)
        path = [(x + along * t, y + bend * math.sin(3 * t)) for t in (0, 0.3, 0.6, 1)]
        pen.line(path, colour(chance, 20, 80), 2, "curve")
    return picture


def hand(chance: np.random.Generator) -> Picture:
    """An open hand on any ground."""
    picture, pen = canvas(colour(chance, 20, 235))
    skin = SKIN[chance.integers(len(SKIN))]
    pen.rounded_rectangle([90, 150, 230, 320], 30, skin)
    for finger in range(4):
        left = 88 + 37 * finger
        pen.rounded_rectangle(
            [left, int(chance.integers(20, 70)), left + 30, 190], 14, skin
        )
        pen.line([left, 120, left + 30, 120], (int(skin[0] * 0.8), skin[1] // 2, 40), 2)
    pen.line([225, 240, 290, 160], skin, 34)
    return picture


def landscape(chance: np.random.Generator) -> Picture:
    """Sky, sun and hills, by day or evening."""
    evening = chance.random() < 0.4
    sky = (235, 150, 100) if evening else (120, 170, 225)
    picture, pen = canvas(sky)
    low = (200, 90, 60) if evening else (190, 215, 235)
    for row in range(200):
        part = row / 200
        mixed = [round(a + (b - a) * part) for a, b in zip(sky, low, strict=True)]
        pen.line([0, row, SIDE_PX, row], (mixed[0], mixed[1], mixed[2]))
    x, y = (int(place) for place in chance.integers(30, 180, 2))
    pen.ellipse([x, y, x + 40, y + 40], (255, 235, 180))
    for hill in range(3):
        base = 170 + 45 * hill
        path = [
            (place, base + 30 * math.sin(place / chance.uniform(25, 70) + hill))
            for place in range(0, SIDE_PX + 20, 20)
        ]
        dark = (60 + 20 * hill, 40, 35) if evening else (60, 90 + 30 * hill, 50)
        pen.polygon([*path, (SIDE_PX, SIDE_PX), (0, SIDE_PX)], dark)
    return picture


def leaves(chance: np.random.Generator) -> Picture:
    """Green leaves over one another."""
    picture, pen = canvas((40, 60, 30))
    for _ in range(160):
        x, y = (int(place) for place in chance.integers(-20, SIDE_PX, 2))
        green = int(chance.integers(80, 200))
        pen.ellipse(
            [x, y, x + int(chance.integers(10, 60)), y + int(chance.integers(8, 40))],
            (green // 2, green, green // 4),
        )
    return picture


def fruit(chance: np.random.Generator) -> Picture:
    """Red and brown round things on a table: skin's colours, no lesion."""
    picture, pen = canvas(colour(chance, 120, 235))
    for _ in range(int(chance.integers(3, 12))):
        x, y = (int(place) for place in chance.integers(0, 260, 2))
        wide = int(chance.integers(40, 110))
        red = int(chance.integers(150, 240))
        pen.ellipse([x, y, x + wide, y + wide], (red, red // 4, red // 6))
        pen.ellipse(
            [x + wide // 4, y + wide // 5, x + wide // 2, y + wide // 3],
            (250, 210, 200),
        )
    return picture


def night(chance: np.random.Generator) -> Picture:
    """Lit windows in the dark."""
    picture, pen = canvas((18, 18, 34))
    for _ in range(9):
        left, wide = int(chance.integers(-20, 300)), int(chance.integers(30, 80))
        top = int(chance.integers(60, 240))
        pen.rectangle([left, top, left + wide, SIDE_PX], colour(chance, 20, 60))
        for y in range(top + 8, SIDE_PX - 8, 14):
            for x in range(left + 6, left + wide - 8, 12):
                if chance.random() < 0.5:
                    pen.rectangle([x, y, x + 5, y + 7], (250, 215, 130))
    return picture


def text_lines(
    pen: ImageDraw.ImageDraw,
    chance: np.random.Generator,
    ink: Colour,
    left: int,
    top: int,
) -> None:
    """Words as rows of strokes: what letters are at this size."""
    size = int(chance.integers(6, 22))
    for line in range(top, SIDE_PX - 10, round(size * 1.9)):
        across = left
        while across < SIDE_PX - left - size * 3:
            for _ in range(int(chance.integers(2, 9))):
                x, y = across, line
                for _ in range(2):
                    to = (
                        x + int(chance.integers(0, size // 2 + 1)),
                        y + size * chance.random(),
                    )
                    pen.line([(across, y), to], ink, max(1, size // 7))
                pen.line(
                    [(across, line), (across, line + size)], ink, max(1, size // 7)
                )
                across += size // 2 + 2
            across += size // 2 + 2


def text(chance: np.random.Generator) -> Picture:
    """Dark words on paper."""
    paper = int(chance.integers(215, 256))
    picture, pen = canvas((paper, paper, int(paper * chance.uniform(0.9, 1))))
    text_lines(pen, chance, colour(chance, 0, 60), 14, 14)
    return picture


def dark_screen(chance: np.random.Generator) -> Picture:
    """Light words on a dark screen."""
    picture, pen = canvas(colour(chance, 12, 45))
    for _ in range(3):
        top = int(chance.integers(0, 250))
        text_lines(pen, chance, colour(chance, 120, 250), 14, top)
    return picture


def document(chance: np.random.Generator) -> Picture:
    """A sheet with a heading, a table and a desk around it."""
    picture, pen = canvas(colour(chance, 60, 140))
    pen.rectangle([30, 10, 290, 310], (245, 243, 236))
    pen.rectangle([50, 30, 200, 46], colour(chance, 20, 120))
    for row in range(70, 290, int(chance.integers(14, 26))):
        pen.line([50, row, 270, row], (40, 40, 40), 1 + int(chance.random() < 0.3))
        pen.line(
            [50, row + 5, int(chance.integers(120, 270)), row + 5], (90, 90, 90), 3
        )
    for column in range(50, 271, int(chance.integers(40, 80))):
        pen.line([column, 70, column, 290], (60, 60, 60))
    return picture


def screenshot(chance: np.random.Generator) -> Picture:
    """Bars, a menu and rounded buttons."""
    picture, pen = canvas(colour(chance, 190, 250))
    pen.rectangle([0, 0, SIDE_PX, 34], colour(chance, 30, 200))
    pen.rectangle([0, 34, 80, SIDE_PX], colour(chance, 150, 240))
    for place in range(12):
        left, top = 95 + 72 * (place % 3), 50 + 66 * (place // 3)
        pen.rounded_rectangle([left, top, left + 60, top + 40], 6, colour(chance))
        pen.line([left, top + 48, left + 45, top + 48], (50, 50, 50), 3)
    return picture


def chart(chance: np.random.Generator) -> Picture:
    """Coloured columns on white."""
    picture, pen = canvas((252, 252, 252))
    for row in range(40, 280, 40):
        pen.line([40, row, 300, row], (205, 205, 205))
    heights = chance.integers(20, 230, 7)
    for place, height in enumerate(heights):
        left = 50 + 36 * place
        pen.rectangle([left, 280 - int(height), left + 24, 280], colour(chance))
    pen.line([40, 20, 40, 280, 305, 280], (20, 20, 20), 2)
    return picture


def blocks(chance: np.random.Generator) -> Picture:
    """A code of squares, as on parcels."""
    cells = chance.random((25, 25)) < 0.5
    grey = Image.fromarray(np.where(cells, 20, 245).astype(np.uint8))
    return grey.resize((SIDE_PX, SIDE_PX), Image.Resampling.NEAREST).convert("RGB")


def stripes(chance: np.random.Generator) -> Picture:
    """Two colours in turn, at any angle."""
    rows, columns = np.mgrid[:SIDE_PX, :SIDE_PX]
    angle = chance.uniform(0, math.pi)
    across = rows * math.sin(angle) + columns * math.cos(angle)
    part = (np.sin(across / chance.uniform(2, 20)) > 0)[..., np.newaxis]
    first, second = np.array(colour(chance)), np.array(colour(chance))
    return Image.fromarray(np.where(part, first, second).astype(np.uint8))


def cloth(chance: np.random.Generator) -> Picture:
    """A checked cloth."""
    picture, pen = canvas(colour(chance, 60, 220))
    for _ in range(8):
        at, wide = int(chance.integers(0, 80)), int(chance.integers(3, 18))
        ink = colour(chance)
        for place in range(at, SIDE_PX, 80):
            pen.line([place, 0, place, SIDE_PX], ink, wide)
            pen.line([0, place, SIDE_PX, place], ink, wide)
    return picture


def noise(chance: np.random.Generator) -> Picture:
    """From pixels of any colour to clouds of it."""
    side = int(chance.choice([5, 10, 20, 40, 80, 320]))
    field = chance.integers(0, 256, (side, side, 3)).astype(np.uint8)
    return Image.fromarray(field).resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC)


def shapes(chance: np.random.Generator) -> Picture:
    """Circles and rectangles of any colour."""
    picture, pen = canvas(colour(chance))
    for _ in range(int(chance.integers(2, 14))):
        x, y = (int(place) for place in chance.integers(-20, 280, 2))
        box = [
            x,
            y,
            x + int(chance.integers(20, 150)),
            y + int(chance.integers(20, 150)),
        ]
        (pen.ellipse if chance.random() < 0.5 else pen.rectangle)(box, colour(chance))
    return picture


def bricks(chance: np.random.Generator) -> Picture:
    """A wall, in the colours of skin."""
    picture, pen = canvas((200, 190, 180))
    tall, wide = int(chance.integers(18, 40)), int(chance.integers(50, 100))
    for row in range(0, SIDE_PX, tall):
        for left in range(-(row // tall % 2) * wide // 2, SIDE_PX, wide):
            red = int(chance.integers(130, 190))
            pen.rectangle(
                [left, row, left + wide - 5, row + tall - 5], (red, red // 2, red // 3)
            )
    return picture


def wood(chance: np.random.Generator) -> Picture:
    """Grain, in the colours of skin."""
    rows, columns = np.mgrid[:SIDE_PX, :SIDE_PX] / SIDE_PX
    bend = 0.08 * np.sin(chance.uniform(2, 6) * columns + chance.uniform(0, 6))
    rings = np.sin(chance.uniform(60, 160) * (rows + bend))
    light = 1 + 0.18 * rings + chance.normal(0, 0.04, rings.shape)
    brown = np.array([165, 115, 70]) * light[..., np.newaxis]
    return Image.fromarray(brown.clip(0, 255).astype(np.uint8))


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
    "text": text,
    "dark screen": dark_screen,
    "document": document,
    "screenshot": screenshot,
    "chart": chart,
    "face": face,
    "plain skin": skin,
    "hairy skin": hairy_skin,
    "hand": hand,
    "landscape": landscape,
    "leaves": leaves,
    "fruit": fruit,
    "bricks": bricks,
    "wood": wood,
    "cloth": cloth,
    "square code": blocks,
    "stripes": stripes,
    "noise": noise,
    "night": night,
    "shapes": shapes,
}
