"""Drawings of people, skin without a lesion, and the world outside."""

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from benchmarks.robustness.foreign_canvas import (
    SIDE_PX,
    Colour,
    Picture,
    canvas,
    colour,
)

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
