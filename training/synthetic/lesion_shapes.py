"""The border of a drawn lesion and the structures that lie within it."""

from dataclasses import dataclass

import numpy as np

from training.synthetic.textures import (
    Field,
    cell_walls,
    coordinates,
    fractal_noise,
    smoothstep,
)


@dataclass(frozen=True)
class Shape:
    """Where the lesion lies.

    Attributes:
        inside: 0 outside the border, 1 well inside; ``(size, size)``.
        depth: 1 in the centre, 0 at the border, negative outside.
        angle: direction from the centre, in radians from -pi to pi.
    """

    inside: Field
    depth: Field
    angle: Field


def drawn_shape(
    generator: np.random.Generator, size_px: int, *, raggedness: float
) -> Shape:
    """A closed border around the middle: an ellipse with waves and warped edges."""
    x, y = coordinates(size_px)
    warp = [fractal_noise(generator, size_px, cells=5, octaves=4) for _ in range(2)]
    centre = 0.5 + generator.uniform(-0.05, 0.05, 2)
    across = x - centre[0] + 0.10 * raggedness * warp[0]
    down = y - centre[1] + 0.10 * raggedness * warp[1]
    angle = np.arctan2(down, across)
    tilt, stretch = generator.uniform(0, np.pi), generator.uniform(0.08, 0.2)
    radius = generator.uniform(0.23, 0.31) * (1 + stretch * np.cos(2 * (angle - tilt)))
    for waves in range(2, 8):
        phase, size = generator.uniform(0, 2 * np.pi), generator.uniform(0.3, 1.0)
        radius = radius * (
            1 + 0.24 * raggedness * size / waves * np.cos(waves * angle + phase)
        )
    depth = 1.0 - np.hypot(across, down) / radius
    # A regular border fades evenly; a ragged one is abrupt here and blurred there.
    sharp = 0.5 + 0.5 * np.cos(angle + generator.uniform(0, 2 * np.pi))
    softness = 0.26 - 0.20 * raggedness * sharp
    inside = smoothstep(depth / softness, -0.6, 0.8)
    return Shape(inside, depth, angle)


def pigment_network(
    generator: np.random.Generator, size_px: int, *, cells: int, irregularity: float
) -> Field:
    """Brown lines around pale holes; 1 on a line, shape ``(size_px, size_px)``."""
    x, y = coordinates(size_px)
    bend = [fractal_noise(generator, size_px, cells=6, octaves=2) for _ in range(2)]
    strength = 0.03 * (0.3 + irregularity)
    return cell_walls(
        generator,
        x + strength * bend[0],
        y + strength * bend[1],
        cells=cells,
        irregularity=irregularity,
    )


def spots(
    generator: np.random.Generator,
    shape: Shape,
    *,
    count: int,
    radius: tuple[float, float],
    ring: tuple[float, float],
) -> Field:
    """Round spots (dots, globules) whose centres lie at depths within ``ring``."""
    size_px = shape.depth.shape[0]
    x, y = coordinates(size_px)
    rows, columns = np.nonzero((shape.depth > ring[0]) & (shape.depth < ring[1]))
    drawn = np.zeros_like(x)
    if not rows.size:
        return drawn
    for pick in generator.integers(0, rows.size, count):
        size = generator.uniform(*radius)
        strength = generator.uniform(0.5, 1.0)
        distance = np.hypot(x - x[0, columns[pick]], y - y[rows[pick], 0])
        drawn = np.maximum(drawn, strength * (1 - smoothstep(distance / size, 0.6, 1)))
    return drawn


def streaks(generator: np.random.Generator, shape: Shape) -> Field:
    """Short dark rays that cross part of the border."""
    rays = np.zeros_like(shape.depth)
    start = generator.uniform(-np.pi, np.pi)
    for ray in range(int(generator.integers(6, 11))):
        direction = start + 0.16 * ray + generator.uniform(-0.03, 0.03)
        aside = np.abs((shape.angle - direction + np.pi) % (2 * np.pi) - np.pi)
        reach = generator.uniform(0.06, 0.17)
        along = smoothstep(shape.depth, -reach, -0.3 * reach)
        along = along * (1 - smoothstep(shape.depth, 0.1, 0.3))
        rays = np.maximum(rays, along * (1 - smoothstep(aside, 0.01, 0.075)))
    return rays
