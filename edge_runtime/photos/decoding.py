"""From whatever a person hands over to one upright RGB picture.

Every photo of this project, in training as on a device, is decoded here and nowhere
else, so that a model meets the pixels it was trained on.
"""

import importlib
import io
import struct
import threading
import warnings
import zlib
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from edge_runtime.errors import PhotoError
from edge_runtime.photos.envelope import check_envelope
from edge_runtime.photos.faults import (
    damaged,
    empty,
    is_heif,
    moving,
    raw,
    too_large,
    too_many_pixels,
    unreadable,
)

PhotoSource = str | Path | bytes | BinaryIO | Image.Image | NDArray[np.uint8]

# Pillow's own limit (Image.MAX_IMAGE_PIXELS): a quarter of a gibibyte of RGB.
MAX_PIXELS = 89_478_485

# A JPEG is decoded at 1/2 or 1/4 as long as its short side keeps this many pixels for
# each one the model sees; the antialiased resize then does the rest. At 1/8 a decoder
# keeps no more of a block than its rounded mean, which moved scores by up to 6 steps of
# 1/256 where 1/4 moved them by 4 (docs/device/runtime.md;
# benchmarks/costs/large_photos.py).
REDUCED_DECODE_MARGIN = 4
_JPEG_SCALES = (4, 2)

# A larger JPEG is decoded at 1/2 even where a small square of it is judged: 134 MB.
MAX_WHOLE_JPEG_PIXELS = 2**25

_ORIENTATION = 0x0112  # EXIF tag
_UPRIGHT_BY = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# Formats whose second frame is a preview or a depth map, not animation.
_STILL_WITH_FRAMES = {"MPO", "HEIF"}

# TIFF tags that tell a camera's raw file: what comes first in it is a thumbnail.
_NEW_SUBFILE_TYPE, _DNG_VERSION, _CFA_PATTERN = 0x00FE, 0xC612, 0x828E
_REDUCED = 1

# What Pillow's decoders raise on damaged files; struct.error is an Exception only.
_DAMAGED = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    struct.error,
    zlib.error,
)
_TOO_LARGE = (Image.DecompressionBombError, MemoryError, ArithmeticError)

_WARNING_FILTERS = threading.Lock()


def read_photo(
    source: PhotoSource, *, for_size_px: int | None = None, name: str = ""
) -> NDArray[np.uint8]:
    """Decode one photo: upright, RGB, 8 bits a channel.

    EXIF orientation is applied, CMYK, palette, grey and 16-bit pictures become 8-bit
    RGB, and transparent ones are laid on white. A colour profile that says otherwise
    (Display P3 of phones, ProPhoto) is converted to sRGB, which models learnt from. A
    damaged EXIF block or profile is as good as none.

    Args:
        source: path, encoded bytes, binary file, PIL image, or an RGB array of shape
            ``(height, width, 3)`` and dtype uint8, which is returned as it is.
        for_size_px: side of the model's input. A JPEG much larger than that is
            decoded at reduced scale, several times faster.
        name: what messages call it; its path unless given.

    Returns:
        RGB pixels; shape ``(height, width, 3)``; dtype uint8.

    Raises:
        PhotoError: when the source is not one whole still picture of at most
            ``MAX_PIXELS`` pixels. The message names the source.
    """
    if isinstance(source, np.ndarray):
        return _checked_array(source)
    name = name or source_name(source)
    picture = read_picture(source, for_size_px=for_size_px, name=name)
    try:
        return np.asarray(picture)
    except _TOO_LARGE as error:
        raise too_large(name, MAX_PIXELS) from error


def read_picture(
    source: str | Path | bytes | BinaryIO | Image.Image,
    *,
    for_size_px: int | None = None,
    name: str = "",
    side: float = 1.0,
) -> Image.Image:
    """What ``read_photo`` returns, as Pillow holds it, which spares two copies.

    Of a PIL image that is RGB and upright already it is that image itself: only read
    from it. ``side`` is the judged square's, as a share of the photo's shorter one: of
    a small square more pixels are kept.

    Raises:
        PhotoError: see ``read_photo``.
    """
    name = name or source_name(source)
    encoded = b""
    try:
        if isinstance(source, Image.Image):
            return _to_rgb(source, name)
        encoded = _encoded(source, name)
        return _decode(encoded, name, for_size_px, side)
    except UnidentifiedImageError as error:
        raise unreadable(name, encoded) from error
    except _DAMAGED as error:
        raise damaged(name, error, encoded) from error
    except _TOO_LARGE as error:
        raise too_large(name, MAX_PIXELS) from error


def decode_scale(width: int, height: int, for_size_px: int, side: float = 1.0) -> int:
    """By how much a JPEG's sides are divided while it is decoded: 1, 2 or 4.

    Args:
        width: as stored.
        height: as stored.
        for_size_px: side of the model's input.
        side: of the judged square, as a share of the photo's shorter side.

    >>> decode_scale(4000, 3000, 64), decode_scale(1024, 768, 64)
    (4, 2)
    >>> decode_scale(144, 144, 64), decode_scale(4000, 3000, 64, 0.2)
    (1, 2)
    """
    kept_px = for_size_px * REDUCED_DECODE_MARGIN
    short_px = int(side * min(width, height))
    scale = next((scale for scale in _JPEG_SCALES if short_px // scale >= kept_px), 1)
    # However small the square: a quarter of 89 megapixels fits.
    return 2 if scale == 1 and width * height > MAX_WHOLE_JPEG_PIXELS else scale


def source_name(source: PhotoSource) -> str:
    """What to call a photo in messages: its path where it has one."""
    if isinstance(source, (str, Path)):
        return str(source)
    if isinstance(source, np.ndarray):
        return "array"
    name = getattr(source, "filename", "") or getattr(source, "name", "")
    return str(name) if name else "photo"


def _checked_array(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3:
        raise PhotoError(
            "expected an RGB array of shape (height, width, 3) and dtype uint8,"
            f" got shape {array.shape} and dtype {array.dtype}"
        )
    if not array.size:
        raise PhotoError(f"the array is empty: shape {array.shape}")
    return array


def _encoded(source: str | Path | bytes | BinaryIO, name: str) -> bytes:
    if isinstance(source, (str, Path)):
        path = Path(source)
        # A device such as /dev/zero never ends, and a folder cannot be read.
        if not path.is_file() and path.exists():
            what = "a folder without photos" if path.is_dir() else "not a file"
            raise PhotoError(f"{name} is {what}; expected a photo")
        source = path.read_bytes()
    elif not isinstance(source, bytes):
        source = source.read()
    if not source:
        raise empty(name)
    return source


def _decode(
    encoded: bytes, name: str, for_size_px: int | None, side: float
) -> Image.Image:
    check_envelope(encoded, name)
    with _opened(encoded) as image:
        # Before the reduced decode below, which makes the picture's size smaller.
        _check_size(image, name)
        if for_size_px is not None:
            scale = decode_scale(*image.size, for_size_px, side)
            image.draft("RGB", (image.width // scale, image.height // scale))
        return _to_rgb(image, name)


def _opened(encoded: bytes) -> Image.Image:
    # Changing warning filters is not thread-safe before Python 3.14. Only headers are
    # read under the lock; pictures are decoded side by side.
    with _WARNING_FILTERS, warnings.catch_warnings():
        # The limit is checked in _check_size, for opened files and PIL images alike.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        # Damaged EXIF blocks are common, and harmless to the picture.
        warnings.simplefilter("ignore", UserWarning)
        try:
            return Image.open(io.BytesIO(encoded))
        except UnidentifiedImageError:
            if not is_heif(encoded) or not _heif_can_be_read():
                raise
            return Image.open(io.BytesIO(encoded))


def _heif_can_be_read() -> bool:
    """Teach Pillow HEIC, if the extra is installed."""
    try:
        # Here: most photos are none, and it loads a codec.
        importlib.import_module("pillow_heif").register_heif_opener()
    except ImportError:
        return False
    return True


def _check_size(image: Image.Image, name: str) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise too_many_pixels(name, width, height, MAX_PIXELS)


def _to_rgb(image: Image.Image, name: str) -> Image.Image:
    _check_size(image, name)
    if _is_raw(image):
        raise raw(name)
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format not in _STILL_WITH_FRAMES:
        raise moving(name, frames)
    image.load()
    profile = image.info.get("icc_profile")
    if profile:
        from edge_runtime.photos.colour_profile import in_srgb  # Here: most have none.

        return _upright(image, in_srgb(image, cast("bytes", profile), _eight_bit_rgb))
    return _upright(image, _eight_bit_rgb(image))


def _is_raw(image: Image.Image) -> bool:
    """Whether the photo proper lies deeper in the file, where Pillow does not look."""
    tags = getattr(image, "tag_v2", None)
    if image.format != "TIFF" or tags is None:
        return False
    reduced = int(tags.get(_NEW_SUBFILE_TYPE, 0)) & _REDUCED
    return bool(reduced) or _DNG_VERSION in tags or _CFA_PATTERN in tags


def _upright(image: Image.Image, rgb: Image.Image) -> Image.Image:
    """The picture ``rgb``, turned as the file that it came from says."""
    # Pillow turns a TIFF while loading; before 10.1 it left the tag in place.
    turn = None if image.format == "TIFF" else _UPRIGHT_BY.get(_orientation(image))
    # ImageOps.exif_transpose would write the EXIF block anew, and fail where it is odd.
    return rgb if turn is None else rgb.transpose(turn)


def _orientation(image: Image.Image) -> int:
    try:
        told = image.getexif().get(_ORIENTATION, 1)
        return int(told)
    except _DAMAGED:
        return 1


def _eight_bit_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        return _from_deep_grey(image)
    if "A" in image.getbands() or "transparency" in image.info:
        layer = image.convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(white, layer).convert("RGB")
    # Pillow's conversion copies even where there is nothing to convert.
    return image if image.mode == "RGB" else image.convert("RGB")


def _from_deep_grey(image: Image.Image) -> Image.Image:
    # Pillow's own conversion clips at 255 instead of scaling.
    levels = np.nan_to_num(np.asarray(image, dtype=np.float64))
    if image.mode == "F":
        top = 1.0 if levels.size and levels.max() <= 1.0 else 255.0
    else:
        top = 65535.0
    grey = np.rint((levels / top).clip(0, 1) * 255).astype(np.uint8)
    return Image.fromarray(grey).convert("RGB")
