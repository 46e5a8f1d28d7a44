"""What speaks against trusting a verdict: photos that show too little.

A finding is a caution that goes with the verdict; one that makes a photo unusable
replaces the decision, since a score of a black frame is worse than none, unless the
site accepts findings of that name. The limits come from the 2,637 training and
validation photos of the fanconic set (dermoscopic, 144 px, fair skin), measured as
here: none of them is unusable, and docs/device/runtime.md states how many carry each
caution. Contrast and sharpness are measured relative to the mean luma, so that dark
skin, which that set does not show, is not called blurred; the limit for dark photos
leaves room for it too.
"""

import dataclasses
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edge_runtime.photos.familiarity import distance
from edge_runtime.photos.measures import (
    at_least_one,
    largest_deviation,
    luma_of,
    reddish,
    sharpness,
    structure,
)
from edge_runtime.photos.preprocessing import (
    as_picture,
    centre_square,
    planes_of,
    scaled,
)

# Photos are looked at in this size whatever the model's, so that one limit serves all.
LOOK_PX = 128

# Mean luma, 0..255. Measured: lowest 58, 0.1 % quantile 69, median 154. The darkest
# skin at a third of the light it needs lies at 19.
DARKEST_MEAN = 15.0
# Measured: 99.9 % quantile 221, highest 223.
BRIGHTEST_MEAN = 240.0
# Standard deviation of the most varied channel over the mean luma. Measured: lowest
# 0.051, 0.1 % quantile 0.061, median 0.21.
LEAST_CONTRAST = 0.02
# Share of pixels that are black or white in all channels. Measured: 99 % quantile
# 0.006, 99.5 % quantile 0.013.
MOST_CLIPPED = 0.01
# Standard deviation of the Laplacian over the mean of the luma. Measured: lowest 0.016,
# 1 % quantile 0.0218, median 0.051. Of the same photos blurred by a Gaussian of 1, 2
# and 3 of their 144 px, 59 %, 98 % and all fall below.
LEAST_SHARPNESS = 0.022
# Blurred by 6 px, half of them fall below this, and the AUC of cnn64 on the validation
# photos falls from 0.942 to 0.876.
NO_SHARPNESS = 0.006
# A photo smaller than half the model's input, or than this where the model is larger.
# AUC on the validation photos falls by 0.033 (cnn64) and 0.035 (cnn128) at 24 px, by
# 0.035 (cnn32) at 16 px.
LEAST_SIDE_PX = 24
# Standard deviation, over 16 x 16 fields and the most varied channel, of what is left
# when an even slope of light is taken out; over the mean luma. Measured: lowest 0.032,
# 0.5 % quantile 0.054, median 0.18. Drawn skin without a lesion, noisy and lit from one
# side: 18 of 20 at most 0.010, the two with blown-out light 0.037.
LEAST_STRUCTURE, NO_STRUCTURE = 0.054, 0.03
# Share of pixels whose largest channel is red, as on skin of any tone (hue is set by
# blood and melanin). Measured: lowest 0.023, 1 % quantile 0.328, median 1.
LEAST_REDDISH, NO_REDDISH = 0.33, 0.02
# Distance in standard deviations from training and validation photos of five
# dermoscopic sources, 700 of each (familiarity.py). Of these, 2.6 to 6.4 % of a source
# lie beyond the first limit and at most 1.0 % of any beyond the second. Of 160 drawn
# pictures of other things all lie beyond the first, so that none is called monitor, and
# 71 % beyond the second (benchmarks/robustness/foreign_photos.py).
MOST_UNFAMILIAR, FOREIGN = 6.3, 9.8

FINDING_NAMES = (
    "small", "dark", "bright", "uniform", "clipped", "blurred", "no_lesion", "not_skin",
    "unfamiliar",
)  # fmt: skip

# Found beside those, see lesion_locator.py.
FRAMING = "framing"

# Cautions about what is in front of the camera, not about how it was taken: where one
# stands, the decision is never "monitor".
DOUBTS = frozenset({"no_lesion", "not_skin", "unfamiliar", FRAMING})

# Where one of these makes a photo unusable, nothing in it can be made out.
UNSEEN = frozenset({"small", "dark", "bright", "uniform", "blurred"})

# Two levels from the ends: JPEG moves a clipped area by that much.
_BLACK, _WHITE = 2, 253


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a photo.

    Attributes:
        name: one of ``FINDING_NAMES``, or ``FRAMING``.
        value: what was measured.
        limit: what it should not have gone beyond.
        unusable: whether no verdict should be given at all.
        message: what to do about it, in words.
    """

    name: str
    value: float
    limit: float
    unusable: bool
    message: str


def photo_findings(
    image: NDArray[np.uint8],
    pixels: NDArray[np.uint8],
    *,
    accepted: Collection[str] = (),
) -> tuple[Finding, ...]:
    """Everything that is wrong with a photo; empty for most.

    Args:
        image: the decoded photo; RGB; shape ``(height, width, 3)``.
        pixels: what the model sees of it; shape ``(size, size, 3)``.
        accepted: names of findings that make no photo unusable; they stay as cautions.
    """
    square = as_picture(centre_square(image))
    return square_findings(square, as_picture(pixels), accepted=accepted)


def square_findings(
    square: Image.Image, small: Image.Image, *, accepted: Collection[str] = ()
) -> tuple[Finding, ...]:
    """``photo_findings`` of a photo's centre square, see ``read_square``.

    Args:
        square: RGB.
        small: what the model sees of it.
        accepted: names of findings that make no photo unusable; they stay as cautions.
    """
    return tuple(
        dataclasses.replace(finding, unusable=False)
        if finding.name in accepted
        else finding
        for finding in _findings(square, small)
    )


def _findings(square: Image.Image, small: Image.Image) -> tuple[Finding, ...]:
    look_px = min(LOOK_PX, square.width)
    look = small if small.width == look_px else scaled(square, look_px)
    planes = planes_of(look)
    levels = planes.astype(np.float32)
    luma = luma_of(levels)
    mean = float(luma.mean())
    findings = (
        *_size_findings(square.width, small.width),
        *_exposure_findings(planes, largest_deviation(levels), mean),
    )
    if any(finding.unusable for finding in findings):
        # A frame without a picture is not worth calling blurred as well.
        return findings
    return (
        *findings,
        *_sharpness_findings(luma, mean),
        *_lesion_findings(look, planes),
    )


def _size_findings(short_side_px: int, size_px: int) -> Iterator[Finding]:
    least_px = min(LEAST_SIDE_PX, size_px // 2)
    if short_side_px < size_px:
        unusable = short_side_px < least_px
        yield Finding(
            "small",
            short_side_px,
            least_px if unusable else size_px,
            unusable,
            message=f"only {short_side_px} px where the model looks at {size_px} px;"
            " move closer or use a larger photo",
        )


def _exposure_findings(
    planes: NDArray[np.uint8], deviation: float, mean: float
) -> Iterator[Finding]:
    contrast = deviation / at_least_one(mean)
    brightest, darkest = planes.max(axis=0), planes.min(axis=0)
    black = int(np.count_nonzero(brightest <= _BLACK))
    white = int(np.count_nonzero(darkest >= _WHITE))
    clipped = (black + white) / brightest.size
    if mean < DARKEST_MEAN:
        yield Finding("dark", mean, DARKEST_MEAN, True, "far too dark; give more light")
    elif mean > BRIGHTEST_MEAN:
        yield Finding(
            "bright", mean, BRIGHTEST_MEAN, True, "far too bright; give less light"
        )
    if contrast < LEAST_CONTRAST:
        yield Finding(
            "uniform", contrast, LEAST_CONTRAST, True, "shows one even area; no lesion"
        )
    if clipped > MOST_CLIPPED:
        yield Finding(
            "clipped",
            clipped,
            MOST_CLIPPED,
            unusable=False,
            message=f"{clipped:.0%} is pure black or white; avoid glare and borders",
        )


def _sharpness_findings(luma: NDArray[np.float32], mean: float) -> Iterator[Finding]:
    found = sharpness(luma, mean)
    if found < LEAST_SHARPNESS:
        unusable = found < NO_SHARPNESS
        yield Finding(
            "blurred",
            found,
            NO_SHARPNESS if unusable else LEAST_SHARPNESS,
            unusable,
            message="blurred; hold still and focus on the lesion",
        )


def _lesion_findings(look: Image.Image, planes: NDArray[np.uint8]) -> Iterator[Finding]:
    found = structure(look)
    if found < LEAST_STRUCTURE:
        unusable = found < NO_STRUCTURE
        yield Finding(
            "no_lesion",
            found,
            NO_STRUCTURE if unusable else LEAST_STRUCTURE,
            unusable,
            message="hardly anything stands out from the skin; centre the lesion",
        )
    red = reddish(planes)
    if red < LEAST_REDDISH:
        unusable = red < NO_REDDISH
        yield Finding(
            "not_skin",
            red,
            NO_REDDISH if unusable else LEAST_REDDISH,
            unusable,
            message=f"only {red:.0%} has a colour like skin; check the light, the"
            " white balance and what is in front of the camera",
        )
    far = distance(look, found)
    if far > MOST_UNFAMILIAR:
        unusable = far > FOREIGN
        yield Finding(
            "unfamiliar",
            far,
            FOREIGN if unusable else MOST_UNFAMILIAR,
            unusable,
            message="unlike the dermoscopic photos that the model learnt from; is it a"
            " lesion, seen through a dermatoscope?",
        )
