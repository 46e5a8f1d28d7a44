"""What hides or spoils a lesion on a training photo: hair, compression, ring, blur.

``on_photo`` works on the decoded square, ``through_lens`` on the square that the model
sees. Every amount is a share of the side, so that networks of all sizes see the same
photo. ``benchmarks/robustness/changes.py`` measures such changes with its own drawing
and amounts.
"""

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Pixels = NDArray[np.uint8]

# How often each appears under full strength; chosen once (docs/decisions).
HAIRY, COMPRESSED, RINGED, VIGNETTED, BLURRED, NOISY = 0.2, 0.15, 0.2, 0.2, 0.2, 0.15
FRAMED = 0.15


def on_photo(square: Pixels, rng: np.random.Generator, strength: float) -> Pixels:
    """Hair over the skin and JPEG's blocks, as likely as ``strength`` says."""
    hairy, compressed = rng.random(2) < np.array([HAIRY, COMPRESSED]) * strength
    if not (hairy or compressed):
        return square
    picture = Image.fromarray(np.ascontiguousarray(square))
    if hairy:
        _draw_hair(picture, rng)
    if compressed:
        stored = io.BytesIO()
        picture.save(stored, "JPEG", quality=int(rng.integers(20, 80)))
        picture = Image.open(stored)
    return np.asarray(picture)


def through_lens(pixels: Pixels, rng: np.random.Generator, strength: float) -> Pixels:
    """A dermoscope's ring, dark corners, blur and grain, likely by ``strength``."""
    chances = np.array([RINGED, VIGNETTED, BLURRED, NOISY]) * strength
    ringed, vignetted, blurred, noisy = rng.random(4) < chances
    ring, lost, radius, grain = rng.uniform(
        (0.85, 0.1, 0.004, 2), (1.4, 0.7, 0.024, 14)
    )
    centre, black = rng.uniform(-0.1, 0.1, 2).tolist(), rng.uniform(0, 25)
    side = len(pixels)
    if blurred:
        blur = ImageFilter.GaussianBlur(float(radius) * side)
        pixels = np.asarray(Image.fromarray(pixels).filter(blur))
    values = pixels.astype(np.float32)
    if vignetted:
        values *= 1 - np.float32(lost / 2) * _from((0, 0), side)[..., None] ** 2
    if ringed:
        # One pixel of soft edge at any size.
        beyond = ((_from(centre, side) - ring) * side / 2).clip(0, 1)[..., None]
        values += beyond * (np.float32(black) - values)
    if noisy:
        values += rng.normal(0, grain, values.shape)
    return np.asarray(np.rint(values.clip(0, 255)), np.uint8)


def round_frame(pixels: Pixels, rng: np.random.Generator, strength: float) -> Pixels:
    """Now and then the round picture of a contact plate, black beyond it.

    Its radius is 0.65 to 1.1 of half the side, so that it may cut off the corners of
    the photo or lie well inside.
    """
    chance, share, black = rng.random(3)
    centre = rng.uniform(-0.12, 0.12, 2).tolist()
    if chance >= FRAMED * strength:
        return pixels
    side = len(pixels)
    radius = 0.65 + 0.45 * share
    beyond = ((_from(centre, side) - radius) * side / 2).clip(0, 1)[..., None]
    values = pixels + beyond * (np.float32(25 * black) - pixels)
    return np.asarray(np.rint(values), np.uint8)


def _from(centre: Sequence[float], side: int) -> NDArray[np.float32]:
    """Distance from a point; 1 is half a side; shape ``(side, side)``; float32."""
    axis = (np.arange(side, dtype=np.float32) + 0.5) / side * 2 - 1
    return np.hypot(
        axis[:, None] - np.float32(centre[0]), axis[None, :] - np.float32(centre[1])
    )


def _draw_hair(picture: Image.Image, rng: np.random.Generator) -> None:
    """One to twelve hairs of one head: bent lines from border to border."""
    side = picture.width
    draw = ImageDraw.Draw(picture)
    colour = rng.uniform((10, 5, 0), (90, 70, 60))
    thickness = rng.uniform(1 / 180, 1 / 70)
    steps = np.linspace(0, 1, 16)[:, None]
    for _ in range(int(rng.integers(1, 13))):
        angle, turn = rng.uniform(0, 2 * np.pi), rng.uniform(-0.8, 0.8)
        start = 0.5 + 0.75 * np.array([np.cos(angle), np.sin(angle)])
        far = angle + np.pi + turn
        end = 0.5 + rng.uniform(0.2, 0.75) * np.array([np.cos(far), np.sin(far)])
        bend = rng.uniform(0.1, 0.9, 2)
        course = (1 - steps) ** 2 * start + 2 * steps * (1 - steps) * bend
        points = (course + steps**2 * end) * side
        shade = tuple(int(value) for value in (colour + rng.normal(0, 8, 3)).clip(0))
        draw.line(
            [(float(x), float(y)) for x, y in points],
            fill=shade,
            width=max(1, round(side * thickness * rng.uniform(0.7, 1.3))),
        )
