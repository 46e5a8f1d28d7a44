"""Seeded noise fields from which the drawn photos are put together, in plain numpy.

Every field is square, float64 and measured in fractions of the photo's side, so that
the same seed draws the same picture, finer or coarser, at any size. Nothing here
calls Pillow's resampling or a library's random source other than numpy's PCG64, since
the drawn photos must come out the same on every machine.
"""

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float64]


def smoothstep(values: Field, low: float, high: float) -> Field:
    """0 at ``low`` and below, 1 at ``high`` and above, an S-curve between."""
    fraction = np.clip((values - low) / (high - low), 0.0, 1.0)
    return fraction * fraction * (3.0 - 2.0 * fraction)


def coordinates(size_px: int) -> tuple[Field, Field]:
    """Positions (x, y) of the pixel centres, from 0 to 1; each ``(size, size)``."""
    centres = (np.arange(size_px) + 0.5) / size_px
    x, y = np.meshgrid(centres, centres)
    return x, y


def value_noise(generator: np.random.Generator, size_px: int, cells: int) -> Field:
    """Smooth noise of one scale: random lattice values, interpolated.

    Args:
        generator: the source of the lattice values.
        size_px: side of the field, in pixels.
        cells: lattice cells along a side; more cells make smaller blobs.

    Returns:
        Noise between -1 and 1; shape ``(size_px, size_px)``.
    """
    lattice = generator.uniform(-1.0, 1.0, (cells + 1, cells + 1))
    positions = (np.arange(size_px) + 0.5) / size_px * cells
    left = np.minimum(positions.astype(int), cells - 1)
    right_weight = smoothstep(positions - left, 0.0, 1.0)
    weights = np.zeros((size_px, cells + 1))
    rows = np.arange(size_px)
    weights[rows, left] = 1.0 - right_weight
    weights[rows, left + 1] = right_weight
    return weights @ lattice @ weights.T


def fractal_noise(
    generator: np.random.Generator, size_px: int, *, cells: int, octaves: int
) -> Field:
    """Noise of several scales: each octave is twice as fine and half as strong.

    Returns:
        Noise between -1 and 1; shape ``(size_px, size_px)``.
    """
    total = np.zeros((size_px, size_px))
    strength = 0.0
    for octave in range(octaves):
        weight = 0.5**octave
        total += weight * value_noise(generator, size_px, cells * 2**octave)
        strength += weight
    return total / strength


def cell_walls(
    generator: np.random.Generator,
    x: Field,
    y: Field,
    *,
    cells: int,
    irregularity: float,
) -> Field:
    """Closeness to the wall between neighbouring cells of a jittered lattice.

    The distance to the second-nearest seed point minus that to the nearest
    (Worley 1996, doi:10.1145/237170.237267) is 0 on a wall. Walls drawn dark look
    like the pigment network of skin.

    Args:
        generator: the source of the jitter.
        x: horizontal position of each pixel, about 0 to 1; it may be warped.
        y: vertical position of each pixel, in the same unit.
        cells: cells along a side of the photo.
        irregularity: 0 for a regular lattice, 1 for wholly jittered seed points.

    Returns:
        1 on a wall, falling to 0 half a cell away; the shape of ``x``.
    """
    # A border of two cells keeps the nine neighbours of warped pixels on the lattice.
    jitter = generator.uniform(-0.5, 0.5, (2, cells + 4, cells + 4)) * irregularity
    column = np.clip(np.floor(x * cells).astype(int), -1, cells)
    row = np.clip(np.floor(y * cells).astype(int), -1, cells)
    nearest = np.full(x.shape, np.inf)
    second = np.full(x.shape, np.inf)
    for down in (-1, 0, 1):
        for across in (-1, 0, 1):
            # Every other row is shifted by half a cell: a honeycomb, not a chessboard.
            shift = 0.5 * ((row + down) % 2)
            jitter_x = jitter[0, row + down + 2, column + across + 2]
            jitter_y = jitter[1, row + down + 2, column + across + 2]
            seed_x = column + across + 0.25 + shift + jitter_x
            seed_y = row + down + 0.5 + jitter_y
            distance = (x * cells - seed_x) ** 2 + (y * cells - seed_y) ** 2
            second = np.minimum(second, np.maximum(nearest, distance))
            nearest = np.minimum(nearest, distance)
    # Squared so far: the root can wait, as it keeps the order.
    return 1.0 - smoothstep(np.sqrt(second) - np.sqrt(nearest), 0.0, 0.5)
