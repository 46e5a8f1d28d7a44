"""Drawings of flat things: pages, screens, walls, cloth."""

import math

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.robustness.foreign_canvas import (
    SIDE_PX,
    Colour,
    Picture,
    canvas,
    colour,
)


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
