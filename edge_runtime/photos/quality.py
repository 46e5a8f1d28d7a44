"""What speaks against trusting a verdict: photos that show too little.

A finding is a caution that goes with the verdict; one that makes a photo unusable
replaces the decision, since a score of a black frame is worse than none, unless the
site accepts findings of that name. The limits of the cautions are quantiles, 1 % or
99 %, of the training photos of five dermoscopic sources, in the source where the
quantile is most extreme (of 500 photos of each): 1.4 % of a source's at most carry one.
docs/device/runtime.md has the shares; benchmarks/quality_check/findings_by_source.py
measures them. Contrast and sharpness are relative to the mean luma, so that dark skin,
which these sources hardly show, is not called blurred; the limit for dark photos leaves
room for it too.
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
    white_share,
)
from edge_runtime.photos.preprocessing import (
    as_picture,
    centre_square,
    planes_of,
    scaled,
)

# Photos are looked at in this size whatever the model's, so that one limit serves all.
LOOK_PX = 128

# Mean luma, 0..255. Lowest 18 (SIIM-ISIC 2020), median 140 to 163. The darkest skin at
# a third of the light it needs lies at 19.
DARKEST_MEAN = 15.0
# Highest 241 (SIIM-ISIC 2020, ISIC Archive).
BRIGHTEST_MEAN = 240.0
# Standard deviation of the most varied channel over the mean luma. Lowest 0.041 (ISIC
# Archive), median 0.18 to 0.31.
LEAST_CONTRAST = 0.02
# Share of white pixels. 98.6 % quantile of SIIM-ISIC 2020, whose 99 % quantile is
# 0.058; 99.3 % of ISIC Archive and more elsewhere.
MOST_CLIPPED = 0.012
# Standard deviation of the Laplacian over the mean of the luma. 1 % quantile 0.018
# (HAM10000, SIIM-ISIC 2020) to 0.025 (BCN20000), median 0.039 to 0.073.
LEAST_SHARPNESS = 0.0175
# Of fanconic's photos, blurred by 6 px, half fall below this, and the AUC of a network
# of 64 px falls by 0.07.
NO_SHARPNESS = 0.006
# A photo smaller than half the model's input, or than this where the model is larger.
# On fanconic's validation photos AUC falls by about 0.035 at 24 px (inputs of 64 and
# 128 px) and at 16 px (32 px).
LEAST_SIDE_PX = 24
# Standard deviation, over 16 x 16 fields and the most varied channel, of what is left
# when an even slope of light is taken out; over the mean luma. 1 % quantile 0.037 (ISIC
# Archive) to 0.062, lowest 0.032, median 0.15 to 0.28. Drawn skin without a lesion,
# noisy and lit from one side: 18 of 20 at most 0.010.
LEAST_STRUCTURE, NO_STRUCTURE = 0.037, 0.03
# Share of pixels whose largest channel is red, as on skin of any tone (hue is set by
# blood and melanin). 1 % quantile 0.116 (BCN20000, with black corners) to 0.33, lowest
# 0.018.
LEAST_REDDISH, NO_REDDISH = 0.115, 0.02
# Distance in standard deviations from training and validation photos of five
# dermoscopic sources, 700 of each (familiarity.py). Of these, 2.6 to 6.4 % of a source
# lie beyond the first limit and at most 1.0 % of any beyond the second. Of 800 drawn
# pictures of other things all but five get a caution or no verdict
# (benchmarks/quality_check/foreign_photos.py).
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


def measures_of(square: Image.Image) -> dict[str, float]:
    """Every measure that a limit stands for, by name; what the limits were chosen from.

    Args:
        square: centre square of a photo; RGB.
    """
    look = scaled(square, min(LOOK_PX, square.width))
    planes = planes_of(look)
    levels = planes.astype(np.float32)
    luma = luma_of(levels)
    mean = float(luma.mean())
    varied = structure(look)
    return {
        "mean luma": mean,
        "contrast": largest_deviation(levels) / at_least_one(mean),
        "white": white_share(planes),
        "sharpness": sharpness(luma, mean),
        "structure": varied,
        "reddish": reddish(planes),
        "distance": distance(look, varied),
    }


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
    clipped = white_share(planes)
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
            message=f"{clipped:.0%} is pure white; avoid glare",
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
