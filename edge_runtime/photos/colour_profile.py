"""From a picture in its own colours to sRGB, in which every model learnt to see."""

import functools
import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PIL import Image

from edge_runtime.errors import PhotoError

if TYPE_CHECKING:
    from PIL import ImageCms

_BLACK_STAYS_BLACK: Any = (
    0x2000  # cmsFLAGS_BLACKPOINTCOMPENSATION; Pillow 10.3 names it
)
# Colour space of a profile, and the mode in which Pillow's pictures are converted.
_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}


def in_srgb(
    image: Image.Image, profile: bytes, to_rgb: Callable[[Image.Image], Image.Image]
) -> Image.Image:
    """The picture as 8-bit RGB, in sRGB's colours.

    Args:
        image: loaded, in whatever mode.
        profile: its ICC profile. A damaged one, or one that does not fit the picture,
            is as good as none, as browsers have it.
        to_rgb: makes 8-bit RGB of any picture, without regard to colour.

    Raises:
        PhotoError: when this Pillow cannot convert colours.
    """
    try:
        transform = _transform(profile)
    except ImportError as error:
        raise PhotoError(
            "the photo has a colour profile, and this Pillow was built without"
            " LittleCMS; install Pillow by pip, or save the photo in sRGB",
            fault="profile",
        ) from error
    if transform is None:
        return to_rgb(image)
    mode, convert = transform
    if mode == "RGB":
        picture = to_rgb(image)
    elif image.mode == mode:
        picture = image
    else:
        return to_rgb(image)
    return convert(picture)


@functools.lru_cache(8)
def _transform(
    profile: bytes,
) -> tuple[str, Callable[[Image.Image], Image.Image]] | None:
    """The mode to be converted and how; None where nothing is to be converted."""
    from PIL import ImageCms

    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = _MODES.get(own.profile.xcolor_space.strip())
        if mode is None or _is_srgb(own):
            return None
        transform = ImageCms.buildTransform(
            own,
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            # What browsers and phones do.
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            _BLACK_STAYS_BLACK,
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None

    def convert(picture: Image.Image) -> Image.Image:
        converted = ImageCms.applyTransform(picture, transform)
        # Not in place, so that a picture comes back.
        return converted or picture

    return mode, convert


def _is_srgb(profile: "ImageCms.ImageCmsProfile") -> bool:
    description = profile.profile.profile_description or ""
    return description.strip().lower().startswith("srgb")
