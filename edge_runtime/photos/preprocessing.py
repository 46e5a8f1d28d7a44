"""The one definition of how a picture becomes the square a model looks at."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edge_runtime.photos.crop import CENTRE, Crop
from edge_runtime.photos.decoding import PhotoSource, read_photo, read_picture


def centre_square(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The largest square around the centre; a view, shape ``(side, side, 3)``.

    Where the margin is odd the smaller half is cut at the top or left.

    >>> centre_square(np.zeros((4, 7, 3), np.uint8)).shape
    (4, 4, 3)
    """
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return image[top : top + side, left : left + side]


def resize(image: NDArray[np.uint8], size_px: int) -> NDArray[np.uint8]:
    """Scale to ``(size_px, size_px, 3)`` with Pillow's antialiased bilinear filter.

    The filter's support grows with the reduction, so every source pixel counts;
    ``tf.image.resize`` without ``antialias`` differs by 34 levels of 255 at 32 px.
    """
    return np.asarray(scaled(as_picture(image), size_px))


def scaled(picture: Image.Image, size_px: int) -> Image.Image:
    """``resize`` from one of Pillow's pictures to another."""
    return picture.resize((size_px, size_px), Image.Resampling.BILINEAR)


def as_picture(image: NDArray[np.uint8]) -> Image.Image:
    """An RGB array as a picture of Pillow's; a copy."""
    return Image.fromarray(np.ascontiguousarray(image))


def planes_of(picture: Image.Image) -> NDArray[np.uint8]:
    """Red, green and blue of an RGB picture one after the other; read-only.

    numpy is several times faster on a plane than on colours side by side.

    Returns:
        Shape ``(3, height, width)``.
    """
    planes = b"".join([picture.tobytes("raw", colour) for colour in "RGB"])
    return np.frombuffer(planes, np.uint8).reshape(3, picture.height, picture.width)


def read_square(source: PhotoSource, size_px: int, crop: Crop = CENTRE) -> Image.Image:
    """Decode a photo and cut the judged square; ``scaled`` then ends ``load_pixels``.

    Only read from it: it may be the caller's own image.

    Args:
        source: see ``read_photo``.
        size_px: side of the model's input; a far larger JPEG is decoded reduced.
        crop: which square; the largest one in the middle unless given.

    Raises:
        PhotoError: when the photo cannot be read.
    """
    if isinstance(source, np.ndarray):
        return cut(as_picture(read_photo(source)), crop)
    return cut(read_picture(source, for_size_px=size_px, side=crop.side), crop)


def cut(picture: Image.Image, crop: Crop = CENTRE) -> Image.Image:
    """The judged square of a decoded photo; itself where that is all of it."""
    left, top, side = crop.box(*picture.size)
    if picture.size == (side, side):
        return picture
    return picture.crop((left, top, left + side, top + side))


def preprocess(image: NDArray[np.uint8], size_px: int) -> NDArray[np.uint8]:
    """Centre square, then resize.

    Args:
        image: RGB pixels; shape ``(height, width, 3)``; uint8.
        size_px: side of the model's input.

    Returns:
        RGB pixels; shape ``(size_px, size_px, 3)``; uint8.
    """
    return resize(centre_square(image), size_px)


def load_pixels(source: PhotoSource, size_px: int) -> NDArray[np.uint8]:
    """Decode a photo and preprocess it; see ``read_photo`` and ``preprocess``.

    Raises:
        PhotoError: when the photo cannot be read.
    """
    return np.asarray(scaled(read_square(source, size_px), size_px))
