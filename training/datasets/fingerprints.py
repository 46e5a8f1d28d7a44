"""What is kept of a photo to find its copies: a hash of the file and a small grey."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edge_runtime.errors import PhotoError
from edge_runtime.photos.decoding import read_photo

SIDE_PX = 128
"""Side of the kept grey picture: 16 KiB a photo, and hairs can still be seen in it."""


@dataclass(frozen=True)
class Fingerprint:
    """A photo's file and looks.

    Attributes:
        sha256: hash of the file's bytes, in hexadecimal.
        grey: the whole photo, squeezed into a square of ``SIDE_PX``; uint8. None
            when only exact copies are looked for.
    """

    sha256: str
    grey: NDArray[np.uint8] | None


def fingerprint(path: Path, *, looks: bool = True) -> Fingerprint:
    """Read one photo.

    Args:
        path: the photo's file.
        looks: whether to decode it; without, only exact copies can be found.

    Raises:
        PhotoError: when the file is not one whole still picture.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PhotoError(f"{path} cannot be read: {error}") from error
    sha256 = hashlib.sha256(content).hexdigest()
    if not looks:
        return Fingerprint(sha256, None)
    try:
        image = read_photo(content, for_size_px=SIDE_PX)
    except PhotoError as error:
        # The bytes have no name; the message has to name the file.
        raise PhotoError(f"{path}: {error}") from error
    return Fingerprint(sha256, small_grey(image))


def small_grey(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The whole RGB image as a grey square of ``SIDE_PX``, whatever its shape."""
    grey = Image.fromarray(image).convert("L")
    small = grey.resize((SIDE_PX, SIDE_PX), Image.Resampling.BILINEAR)
    return np.asarray(small)
