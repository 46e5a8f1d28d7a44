"""Random changes to training photos, by name.

``none`` and ``augmentor`` are the published project's own; ``strong`` imitates other
cameras, lamps and distances, which is what a model meets outside its data set
(docs/decisions). Each works on the decoded centre square and returns the square the
model sees, scaled by the runtime's own ``resize``. ``strength`` is 1 while a network
learns what to look at and ``MILD`` while it settles; the published ones ignore it.
``sources`` adds what tells collections of photos apart.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edge_runtime.photos.preprocessing import resize
from training.augmentation.artefacts import on_photo, round_frame, through_lens

Pixels = NDArray[np.uint8]
Augmentation = Callable[[Pixels, int, np.random.Generator, float], Pixels]

# Found on the validation split: docs/decisions.
MILD = 0.4

# How often each appears under full strength.
REDUCED, SQUASHED = 0.4, 0.5
# The collection of the smallest photos has 84 px; a close zoom shows half of that.
LEAST_KEPT_PX = 40

LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601


def light(
    square: Pixels, size_px: int, rng: np.random.Generator, _strength: float = 1.0
) -> Pixels:
    """Flips, shear up to 0.3 degrees, rotation up to 0.3 degrees."""
    square = _flipped(square, rng, left_right=0.5, top_bottom=0.5)
    shear, angle = np.deg2rad(rng.uniform(-0.3, 0.3, 2))
    side = square.shape[0]
    return resize(_warped(square, angle, shear, scale=1.0, side=side), size_px)


def augmentor(
    square: Pixels, size_px: int, rng: np.random.Generator, _strength: float = 1.0
) -> Pixels:
    """The published project's Augmentor pipeline, with its own probabilities.

    rotate90 0.5, zoom 0.3 by 0.8 to 1.5, flip left-right 0.8, flip top-bottom 0.3,
    random brightness 0.3 by 0.3 to 1.2.
    """
    if rng.random() < 0.5:
        square = np.rot90(square)
    scale = rng.uniform(0.8, 1.5) if rng.random() < 0.3 else 1.0
    square = _flipped(square, rng, left_right=0.8, top_bottom=0.3)
    pixels = resize(_framed(square, scale, 0.0, 0.0), size_px)
    if rng.random() < 0.3:
        pixels = _to_bytes(pixels.astype(np.float32) * rng.uniform(0.3, 1.2))
    return pixels


def strong(
    square: Pixels, size_px: int, rng: np.random.Generator, strength: float = 1.0
) -> Pixels:
    """Other distances, framings, rotations, white balances, exposures and colours.

    Now and then hair, compression, a dermoscope's ring, dark corners, blur and grain.
    """
    square = on_photo(square, rng, strength)
    pixels = other_camera(square, size_px, rng, strength)
    return through_lens(pixels, rng, strength)


def sources(
    square: Pixels, size_px: int, rng: np.random.Generator, strength: float = 1.0
) -> Pixels:
    """``strong``, and what else tells one collection of photos from another.

    Now and then another resolution (a collection kept small, then enlarged), another
    aspect (frames squashed to squares) and the round frame of a contact plate.
    """
    square = on_photo(square, rng, strength)
    square = other_resolution(square, rng, strength)
    square = other_aspect(square, rng, strength)
    pixels = other_camera(square, size_px, rng, strength)
    pixels = round_frame(pixels, rng, strength)
    return through_lens(pixels, rng, strength)


def other_resolution(
    square: Pixels, rng: np.random.Generator, strength: float
) -> Pixels:
    """Now and then reduced to between ``LEAST_KEPT_PX`` and what it was."""
    side = len(square)
    chance, share = rng.random(2)
    if chance >= REDUCED * strength or side <= LEAST_KEPT_PX:
        return square
    return resize(square, round(LEAST_KEPT_PX * (side / LEAST_KEPT_PX) ** share))


def other_aspect(square: Pixels, rng: np.random.Generator, strength: float) -> Pixels:
    """Now and then a part of the photo, up to a third longer than wide, squashed."""
    chance, share, upright = rng.random(3)
    if chance >= SQUASHED * strength:
        return square
    side = len(square)
    kept = round(side * (0.75 + 0.25 * share))
    first = (side - kept) // 2
    strip = slice(first, first + kept)
    return resize(square[strip] if upright < 0.5 else square[:, strip], side)


def other_camera(
    square: Pixels, size_px: int, rng: np.random.Generator, strength: float
) -> Pixels:
    """What ``strong`` does to every photo: another camera at another distance.

    Colours change in proportion to ``strength``, geometry to its square root; below
    a half there are only right angles.
    """
    reach = strength**0.5
    square = np.rot90(square, int(rng.integers(4)))
    square = _flipped(square, rng, left_right=0.5, top_bottom=0.0)
    if rng.random() < strength - 0.5:
        angle = np.deg2rad(rng.uniform(-45, 45))
        square = _warped(square, angle, 0.0, scale=1.0, side=square.shape[0])
    scale = float(np.exp(reach * rng.uniform(np.log(0.75), np.log(1.5))))
    across, down = reach * rng.uniform(-0.1, 0.1, 2)
    pixels = resize(_framed(square, scale, across, down), size_px)
    return _recoloured(pixels, rng, strength)


AUGMENTATIONS: dict[str, Augmentation] = {
    "none": light,
    "augmentor": augmentor,
    "strong": strong,
    "sources": sources,
}


def _flipped(
    square: Pixels,
    rng: np.random.Generator,
    *,
    left_right: float,
    top_bottom: float,
) -> Pixels:
    if rng.random() < left_right:
        square = square[:, ::-1]
    if rng.random() < top_bottom:
        square = square[::-1]
    return square


def _framed(square: Pixels, scale: float, across: float, down: float) -> Pixels:
    """The part of the photo that a camera ``scale`` times closer would see.

    ``across`` and ``down`` move the centre, as a share of the side. What lies outside
    the photo is its mirror image.
    """
    side = square.shape[0]
    seen = max(2, round(side / scale))
    left = round((side - seen) / 2 + across * side)
    top = round((side - seen) / 2 + down * side)
    before = max(0, -left, -top)
    after = max(0, left + seen - side, top + seen - side)
    if before or after:
        widths = ((before, after), (before, after), (0, 0))
        square = np.pad(square, widths, mode="symmetric")
    return square[top + before :, left + before :][:seen, :seen]


def _warped(
    square: Pixels, angle: float, shear: float, *, scale: float, side: int
) -> Pixels:
    """Rotate and shear about the centre; mirrored beyond the border. Radians."""
    margin = side // 4
    padded = np.pad(square, ((margin,) * 2, (margin,) * 2, (0, 0)), mode="symmetric")
    cosine, sine = np.cos(angle) / scale, np.sin(angle) / scale
    across = (cosine, sine + shear)
    down = (-sine, cosine)
    centre, target = padded.shape[0] / 2, side / 2
    matrix = (
        *across,
        centre - across[0] * target - across[1] * target,
        *down,
        centre - down[0] * target - down[1] * target,
    )
    warped = Image.fromarray(padded).transform(
        (side, side),
        Image.Transform.AFFINE,
        tuple(float(value) for value in matrix),
        Image.Resampling.BILINEAR,
    )
    return np.asarray(warped)


def _recoloured(pixels: Pixels, rng: np.random.Generator, strength: float) -> Pixels:
    """Another camera's white balance, exposure, gamma, contrast and colour depth."""

    def factor(spread: float, count: int | None = None) -> NDArray[np.float32]:
        return np.exp(np.float32(strength) * rng.normal(0, spread, count), dtype="f4")

    values = pixels.astype(np.float32) / np.float32(255)
    values = (values * factor(0.08, 3) * factor(0.15)).clip(0, 1) ** factor(0.15)
    middle = values.mean()
    values = (values - middle) * factor(0.18) + middle
    grey = (values @ LUMA)[..., None]
    faded = rng.random() < 0.05 * (strength >= 1)
    values = grey + (values - grey) * (np.float32(0) if faded else factor(0.25))
    return _to_bytes(values * np.float32(255))


def _to_bytes(values: NDArray[np.floating]) -> Pixels:
    return np.asarray(np.rint(values.clip(0, 255)), np.uint8)
