"""Frames as a hand-held camera would take them, made from one still photo and a seed.

The camera comes near, is held over the lesion, and leaves. While it is held it drifts
and trembles; each frame is smeared by what the camera moved while it was exposed, out
of focus by a slowly changing amount, lit a little differently, noisy, and a JPEG. The
sizes of all that are assumptions, named below: no hand was measured.
"""

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

FPS = 10
FRAME_PX = 160
NEAR_FRAMES, HELD_FRAMES, AWAY_FRAMES = 6, 28, 3
# How long the shutter is open, as a share of the time between two frames: 1/60 s.
_OPEN = FPS / 60
_QUALITY, _SMEARS = 85, 3


@dataclass(frozen=True)
class Hand:
    """How a camera is held; lengths as shares of the frame's side.

    Attributes:
        name: of the way.
        tremble: deviation of the place from frame to frame.
        drift: deviation of the slow wandering.
        turn: deviation of the angle, in degrees.
        zoom: deviation of the distance, as a share of it.
        focus: mean of the blur's radius, in pixels of the frame.
    """

    name: str
    tremble: float
    drift: float
    turn: float
    zoom: float
    focus: float


# Of a field of 25 mm: 0.05 mm with the dermatoscope on the skin, 0.2 mm for a hand that
# rests on something, 0.5 mm for one in the air. Physiological tremor is of that size.
HANDS = (
    Hand("on the skin", 0.002, 0.01, 0.3, 0.004, 0.4),
    Hand("resting", 0.008, 0.03, 1.0, 0.015, 0.7),
    Hand("in the air", 0.020, 0.06, 2.5, 0.04, 1.1),
)


@dataclass(frozen=True)
class _Pose:
    """Where the camera is: offset in shares of the side, angle, scale, light, blur."""

    across: float
    down: float
    degrees: float
    scale: float
    light: tuple[float, float, float]
    blur_px: float


def recording(
    photo: NDArray[np.uint8], hand: Hand, seed: int
) -> Iterator[tuple[bytes, bool]]:
    """JPEG frames, each with whether the camera is held over the lesion.

    Args:
        photo: RGB; square.
        hand: how it is held.
        seed: gives the same recording again.
    """
    chance = np.random.default_rng(seed)
    canvas = _canvas(photo)
    noise = chance.uniform(1.5, 4.0)
    poses = list(_poses(hand, chance))
    for place, pose in enumerate(poses):
        before = poses[max(place - 1, 0)]
        frame = _exposed(canvas, before, pose)
        grain = chance.normal(0, noise, frame.shape)
        pixels = (frame * pose.light + grain).round().clip(0, 255).astype(np.uint8)
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=_QUALITY)
        held = NEAR_FRAMES <= place < NEAR_FRAMES + HELD_FRAMES
        yield file.getvalue(), held


def _poses(hand: Hand, chance: np.random.Generator) -> Iterator[_Pose]:
    frames = NEAR_FRAMES + HELD_FRAMES + AWAY_FRAMES
    slow = _wander(chance, frames, 6, 12)
    start, end = chance.normal(0, 0.5, (2, 2))
    for place in range(frames):
        near = max(0.0, 1 - place / NEAR_FRAMES)
        away = max(0.0, (place - NEAR_FRAMES - HELD_FRAMES + 1) / AWAY_FRAMES)
        across, down = (
            near * start + away * end + hand.drift * slow[:2, place]
            + chance.normal(0, hand.tremble, 2)
        )  # fmt: skip
        cast = 1 + 0.02 * chance.normal(0, 0.2, 3)
        light = (1 + 0.06 * slow[4, place]) * cast
        yield _Pose(
            across=float(across),
            down=float(down),
            degrees=hand.turn * float(slow[2, place] + chance.normal(0, 0.2)),
            scale=1 + hand.zoom * float(slow[3, place]) + 0.3 * (near + away),
            light=(float(light[0]), float(light[1]), float(light[2])),
            blur_px=hand.focus * math.exp(0.5 * slow[5, place]) + 4 * (near + away),
        )


def _wander(
    chance: np.random.Generator, frames: int, count: int, memory: int
) -> NDArray[np.float64]:
    """Slow changes of deviation 1: each frame remembers the ones before."""
    keep = 1 - 1 / memory
    values = np.empty((count, frames))
    values[:, 0] = chance.normal(0, 1, count)
    for place in range(1, frames):
        fresh = chance.normal(0, math.sqrt(1 - keep**2), count)
        values[:, place] = keep * values[:, place - 1] + fresh
    return values


def _canvas(photo: NDArray[np.uint8]) -> Image.Image:
    """The photo in the middle of its own reflections, so that there is skin around."""
    side = min(photo.shape[:2])
    square = photo[:side, :side]
    margin = side - 1
    wide = np.pad(square, ((margin, margin), (margin, margin), (0, 0)), "reflect")
    return Image.fromarray(wide)


def _exposed(canvas: Image.Image, before: _Pose, now: _Pose) -> NDArray[np.float64]:
    """What falls on the sensor while the shutter is open."""
    total = np.zeros((FRAME_PX, FRAME_PX, 3))
    for part in np.linspace(1 - _OPEN, 1, _SMEARS):
        across = before.across + part * (now.across - before.across)
        down = before.down + part * (now.down - before.down)
        total += np.asarray(_seen(canvas, across, down, now))
    soft = Image.fromarray((total / _SMEARS).round().astype(np.uint8))
    return np.asarray(
        soft.filter(ImageFilter.GaussianBlur(now.blur_px)), dtype=np.float64
    )


def _seen(canvas: Image.Image, across: float, down: float, pose: _Pose) -> Image.Image:
    side = (canvas.width + 2) / 3  # of the photo in the canvas's middle
    step = side * pose.scale / FRAME_PX
    angle = math.radians(pose.degrees)
    cos, sin = step * math.cos(angle), step * math.sin(angle)
    # At most to the edge of the reflections.
    reach = 0.4
    x = canvas.width / 2 + side * max(-reach, min(reach, across))
    y = canvas.height / 2 + side * max(-reach, min(reach, down))
    half = FRAME_PX / 2
    words = (
        cos, -sin, x - half * cos + half * sin,
        sin, cos, y - half * sin - half * cos,
    )  # fmt: skip
    return canvas.transform(
        (FRAME_PX, FRAME_PX), Image.Transform.AFFINE, words, Image.Resampling.BILINEAR
    )
