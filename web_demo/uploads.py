"""Uploaded photos: held in memory, looked at from outside before they are decoded."""

import io
import warnings
from dataclasses import dataclass
from typing import IO

from flask import Request
from PIL import Image, UnidentifiedImageError
from werkzeug.exceptions import BadRequest

from edge_runtime.errors import PhotoError

# What cameras and browsers write. Pillow reads dozens of other formats, some with the
# help of other programs (EPS starts Ghostscript): nothing to offer to strangers. JPEG
# includes MPO, the JPEG with a second picture behind it that many phones write.
ACCEPTED_FORMATS = ("JPEG", "PNG", "WEBP")

# Covers the 64-megapixel cameras of phones. Decoded, that many take 200 MB.
MAX_PHOTO_PIXELS = 2**26

# Longer file names say nothing more to a person.
MAX_NAME_CHARACTERS = 80


class MemoryRequest(Request):
    """A request whose uploaded files never touch the disk."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        # Werkzeug's own hook for this; it would use a temporary file above 500 kB.
        return io.BytesIO()


@dataclass(frozen=True)
class Upload:
    """One photo as it was sent.

    Attributes:
        name: the file's name on the sender's device, fit for showing.
        content: the encoded photo.
    """

    name: str
    content: bytes


def uploaded_photo(request: Request) -> Upload:
    """The one photo in the multipart field ``photo``.

    Raises:
        BadRequest: when there is none, or more than one.
    """
    photos = [photo for photo in request.files.getlist("photo") if photo.filename]
    if not photos:
        raise BadRequest(
            "No photo was sent. Choose one photo; programs send it as multipart form"
            ' data in the field "photo".'
        )
    if len(photos) > 1:
        raise BadRequest(
            f"{len(photos)} photos were sent; they are judged one at a time."
            " Send one photo in each request."
        )
    return Upload(_shown_name(photos[0].filename or ""), photos[0].read())


def _shown_name(name: str) -> str:
    # Control characters and the marks that turn text around are not printable.
    printable = "".join(letter for letter in name if letter.isprintable())
    return printable[:MAX_NAME_CHARACTERS] or "photo"


def check_from_outside(photo: Upload) -> None:
    """Look at the format and the size in the header; nothing is decoded.

    Raises:
        PhotoError: when it is no photo of an accepted format, or has more than
            ``MAX_PHOTO_PIXELS`` pixels.
    """
    if not photo.content:
        raise PhotoError("The file is empty. Choose the photo again.")
    with warnings.catch_warnings():
        # Pillow warns of sizes above its own limit; ours is below it.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(photo.content), formats=ACCEPTED_FORMATS) as it:
                width_px, height_px = it.size
        except Image.DecompressionBombError as error:
            raise PhotoError(_too_many_pixels(str(error))) from error
        # Damaged headers raise these; Pillow turns the others into the first one.
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
            raise PhotoError(
                "The file is not a photo that can be read here; expected a JPEG, PNG"
                " or WebP file. Photos in HEIC or a camera's raw format have to be"
                " saved as JPEG first."
            ) from error
    if width_px * height_px > MAX_PHOTO_PIXELS:
        raise PhotoError(_too_many_pixels(f"{width_px} x {height_px} pixels"))


def _too_many_pixels(found: str) -> str:
    return (
        f"The photo is too large to be decoded safely: {found}; at most"
        f" {MAX_PHOTO_PIXELS:,} pixels are accepted. Make it smaller first."
    )
