"""What lies between a lesion and the camera: hair, light and shadow, ruler, grain."""

import numpy as np

from training.synthetic.textures import Field, coordinates, fractal_noise, smoothstep

HAIR_COLOUR = np.array([0.13, 0.09, 0.07])
RULER_COLOUR = np.array([0.10, 0.11, 0.13])


def draw_hair(generator: np.random.Generator, colour: Field) -> Field:
    """Lay four to nine curved hairs over the photo.

    Args:
        generator: chooses number, course, width and darkness of the hairs.
        colour: RGB from 0 to 1; shape ``(size, size, 3)``.

    Returns:
        The photo with hairs, which darken a thin line beside them; same shape.
    """
    size_px = colour.shape[0]
    cover = np.zeros((size_px, size_px))
    for _ in range(int(generator.integers(4, 10))):
        # Quadratic Bezier curve from one side of the photo to another.
        side = generator.uniform(0, 2 * np.pi)
        far = side + np.pi + generator.uniform(-0.9, 0.9)
        start = 0.5 + 0.75 * np.array([np.cos(side), np.sin(side)])
        bend = generator.uniform(0.15, 0.85, 2)
        end = 0.5 + generator.uniform(0.1, 0.75) * np.array([np.cos(far), np.sin(far)])
        half_width_px = generator.uniform(0.0018, 0.0040) * size_px
        strength = generator.uniform(0.7, 0.95)
        steps = np.linspace(0.0, 1.0, 3 * size_px)[:, None]
        course = (1 - steps) ** 2 * start + 2 * steps * (1 - steps) * bend
        course = (course + steps**2 * end) * size_px
        _stroke(cover, course, half_width_px, strength)
    return colour + cover[..., None] * (HAIR_COLOUR - colour)


def _stroke(
    cover: Field, course_px: Field, half_width_px: float, strength: float
) -> None:
    """Raise ``cover`` to ``strength`` along the course, with a soft edge of 1 px."""
    size_px = cover.shape[0]
    reach = int(np.ceil(half_width_px)) + 1
    offsets = np.arange(-reach, reach + 1)
    corner = np.floor(course_px).astype(int)
    columns = corner[:, 0, None, None] + offsets[None, None, :]
    rows = corner[:, 1, None, None] + offsets[None, :, None]
    columns, rows = np.broadcast_arrays(columns, rows)
    distance = np.hypot(
        columns + 0.5 - course_px[:, 0, None, None],
        rows + 0.5 - course_px[:, 1, None, None],
    )
    covered = strength * np.clip(half_width_px + 0.5 - distance, 0.0, 1.0)
    covered = covered * min(1.0, 2 * half_width_px)
    seen = (columns >= 0) & (columns < size_px) & (rows >= 0) & (rows < size_px)
    np.maximum.at(cover, (rows[seen], columns[seen]), covered[seen])


def light(generator: np.random.Generator, colour: Field, *, shadow: bool) -> Field:
    """Light that falls off towards the corners, and a shadow from one side.

    Args:
        generator: chooses the side of the shadow and small unevenness.
        colour: RGB from 0 to 1; shape ``(size, size, 3)``.
        shadow: whether a soft shadow covers one side and the corners go dark.
    """
    x, y = coordinates(colour.shape[0])
    from_centre = np.hypot(x - 0.5, y - 0.5)
    uneven = fractal_noise(generator, colour.shape[0], cells=2, octaves=1)
    factor = 1.0 - 0.25 * from_centre**2 + 0.02 * uneven
    direction = generator.uniform(0, 2 * np.pi)
    if shadow:
        along = (x - 0.5) * np.cos(direction) + (y - 0.5) * np.sin(direction)
        factor = factor * (1.0 - 0.55 * smoothstep(along + 0.08 * uneven, 0.05, 0.5))
        factor = factor * (1.0 - 0.9 * smoothstep(from_centre, 0.52, 0.64))
    return colour * factor[..., None]


def draw_ruler(colour: Field) -> Field:
    """Print a scale along the lower edge: short strokes, every fifth one long."""
    size_px = colour.shape[0]
    x, y = coordinates(size_px)
    ruled = colour.copy()
    half_stroke = max(0.5 / size_px, 0.0025)
    for stroke in range(1, 20):
        length = 0.085 if stroke % 5 == 0 else 0.045
        printed = (np.abs(x - stroke / 20) <= half_stroke) & (y > 1 - length)
        ruled[printed] = RULER_COLOUR + 0.15 * (ruled[printed] - RULER_COLOUR)
    return ruled


def grain(generator: np.random.Generator, colour: Field) -> Field:
    """The noise of a camera's sensor: independent, about one level of 255."""
    return colour + generator.normal(0.0, 1.2 / 255, colour.shape)
