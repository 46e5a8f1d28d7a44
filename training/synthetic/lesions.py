"""Drawn photos that look like dermoscopy and show nobody's skin.

They let the whole road of a photo be tried, tested and measured without a data set.
They are cartoons of the textbook signs (irregular border, several colours, broken
network for ``malignant_like``; the opposite otherwise), so a network can learn to tell
them apart, and what it scores on them says nothing about real lesions.

Light passes the pigment twice: colour = skin * exp(-density * absorption) per channel
(Beer-Lambert), which keeps a lesion darker than the skin on every tone.
"""

import numpy as np
from numpy.typing import NDArray

from training.synthetic.lesion_shapes import (
    drawn_shape,
    pigment_network,
    spots,
    streaks,
)
from training.synthetic.overlays import draw_hair, draw_ruler, grain, light
from training.synthetic.textures import (
    Field,
    cell_walls,
    coordinates,
    fractal_noise,
    smoothstep,
)

SKIN_TONES = {
    1: (0.945, 0.835, 0.780),
    2: (0.915, 0.765, 0.680),
    3: (0.855, 0.675, 0.560),
    4: (0.730, 0.535, 0.415),
    5: (0.560, 0.385, 0.290),
    6: (0.395, 0.270, 0.210),
}
"""sRGB colours, 0 to 1, for Fitzpatrick's types I to VI: chosen by eye."""

# Absorption per channel (red, green, blue), relative to melanin's in green. Melanin
# absorbs more the shorter the wave; blood absorbs green and blue and lets red pass.
MELANIN = np.array([0.62, 1.0, 1.30])
BLOOD = np.array([0.18, 1.0, 0.85])
BLUE_VEIL = np.array([0.40, 0.43, 0.49])
SCAR_WHITE = np.array([0.93, 0.86, 0.84])


def draw_lesion(
    seed: int,
    *,
    size_px: int = 256,
    skin_tone: int = 2,
    malignant_like: bool = False,
    hair: bool = False,
    shadow: bool = False,
    ruler: bool = False,
) -> NDArray[np.uint8]:
    """Draw one lesion; the same arguments give the same pixels.

    Args:
        seed: chooses border, structures and colours.
        size_px: side of the square photo, in pixels; at least 16.
        skin_tone: Fitzpatrick's type, 1 (light) to 6 (dark).
        malignant_like: irregular border, several colours and a broken network,
            instead of a round, even, brown spot.
        hair: lay dark hairs over the lesion.
        shadow: darken one side and the corners.
        ruler: print a millimetre scale along the lower edge.

    Returns:
        RGB image; shape ``(size_px, size_px, 3)``.

    Raises:
        ValueError: for a skin tone or a size outside the ranges above.
    """
    if skin_tone not in SKIN_TONES:
        raise ValueError(f"skin_tone must be 1 to 6; got {skin_tone}")
    if size_px < 16:
        raise ValueError(f"size_px must be at least 16; got {size_px}")
    # Independent streams: hair must not change the lesion that it lies on.
    skin, lesion, overlay = (
        np.random.default_rng([seed, stream]) for stream in range(3)
    )
    colour = _skin(skin, size_px, skin_tone)
    draw = _draw_irregular if malignant_like else _draw_regular
    colour = draw(lesion, colour, skin_tone)
    if hair:
        colour = draw_hair(overlay, colour)
    colour = light(overlay, colour, shadow=shadow)
    if ruler:
        colour = draw_ruler(colour)
    colour = grain(overlay, colour)
    return np.rint(np.clip(colour, 0.0, 1.0) * 255.0).astype(np.uint8)


def _skin(generator: np.random.Generator, size_px: int, tone: int) -> Field:
    """Bare skin: blotches, a fine web of furrows, a trace of redness."""
    x, y = coordinates(size_px)
    blotches = fractal_noise(generator, size_px, cells=3, octaves=4)
    redness = fractal_noise(generator, size_px, cells=4, octaves=2)
    furrows = cell_walls(generator, x, y, cells=30, irregularity=0.9)
    density = 0.05 * blotches + 0.035 * furrows
    colour = np.array(SKIN_TONES[tone]) * np.ones((size_px, size_px, 1))
    return _absorb(_absorb(colour, density, MELANIN), 0.05 * (redness + 1), BLOOD)


def _absorb(colour: Field, density: Field, absorption: Field) -> Field:
    passed: Field = np.exp(-density[..., None] * absorption)
    return colour * passed


def _blend(colour: Field, target: Field, share: Field) -> Field:
    return colour + share[..., None] * (target - colour)


def _contrast(tone: int) -> float:
    """Pigment needed for a lesion to stand out from skin of this tone."""
    return 1.0 + 0.10 * (tone - 1)


def _draw_regular(generator: np.random.Generator, colour: Field, tone: int) -> Field:
    """One brown, an even network that thins out towards a round, soft border."""
    size_px = colour.shape[0]
    shape = drawn_shape(generator, size_px, raggedness=0.12)
    network = pigment_network(generator, size_px, cells=30, irregularity=0.6)
    mottle = fractal_noise(generator, size_px, cells=6, octaves=3)
    globules = spots(generator, shape, count=14, radius=(0.008, 0.016), ring=(0.3, 1))
    centre = smoothstep(shape.depth, 0.0, 0.8)
    body = generator.uniform(0.42, 0.62)
    density = shape.inside * (
        body
        + generator.uniform(0.05, 0.25) * centre
        + 0.30 * network * (1 - 0.6 * centre) * (0.7 + 0.8 * mottle)
        + 0.14 * globules
        + 0.16 * mottle
    )
    warmth = generator.uniform(0.02, 0.16) * shape.inside
    return _absorb(_absorb(colour, density * _contrast(tone), MELANIN), warmth, BLOOD)


def _draw_irregular(generator: np.random.Generator, colour: Field, tone: int) -> Field:
    """Several browns, black, red, blue-grey and white patches; a ragged border."""
    size_px = colour.shape[0]
    shape = drawn_shape(generator, size_px, raggedness=1.0)
    # Off-centre patches: where each of these is high, another colour prevails.
    dark, red, veil, pale = (
        fractal_noise(generator, size_px, cells=3, octaves=4) for _ in range(4)
    )
    network = pigment_network(generator, size_px, cells=22, irregularity=0.95)
    dots = spots(generator, shape, count=22, radius=(0.008, 0.024), ring=(-0.04, 0.5))
    rays = streaks(generator, shape)
    mottle = fractal_noise(generator, size_px, cells=12, octaves=3)
    inside = np.maximum(shape.inside, 0.75 * rays)
    broken = smoothstep(dark + red, -0.3, 0.4)
    density = inside * (
        generator.uniform(0.6, 0.85)
        + 1.5 * smoothstep(dark, 0.0, 0.45)
        + 0.55 * network * broken
        + 0.9 * dots
        + 0.2 * rays
        + 0.3 * mottle
    )
    colour = _absorb(colour, density * _contrast(tone), MELANIN)
    colour = _absorb(colour, 0.7 * inside * smoothstep(red, 0.05, 0.5), BLOOD)
    shade = 1.15 - 0.10 * tone
    veiled = 0.58 * shape.inside * smoothstep(veil, 0.1, 0.45)
    colour = _blend(colour, BLUE_VEIL * shade, veiled * (shape.depth > 0))
    scar = 0.6 * smoothstep(pale, 0.22, 0.5) * smoothstep(shape.depth, 0.05, 0.3)
    return _blend(colour, SCAR_WHITE * np.array(SKIN_TONES[tone]) ** 0.6, scar)
