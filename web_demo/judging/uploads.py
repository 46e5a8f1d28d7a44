"""Uploaded photos: held in memory, looked at from outside before they are decoded."""

import io
import re
import warnings
from dataclasses import dataclass
from typing import IO

from flask import Request
from PIL import Image, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile

from edge_runtime.errors import PhotoError
from web_demo.problems import Problem, Refused
from web_demo.wording import say

# What cameras and browsers write. Pillow reads dozens of other formats, some with the
# help of other programs (EPS starts Ghostscript): nothing to offer to strangers. JPEG
# includes MPO, the JPEG with a second picture behind it that many phones write.
ACCEPTED_FORMATS = ("JPEG", "PNG", "WEBP")

# Covers the 64-megapixel cameras of phones; a JPEG is decoded at reduced scale.
MAX_JPEG_PIXELS = 2**26

# A progressive JPEG is decoded in scans over all its pixels, and nothing in the format
# bounds their number: a file of 400 kB with 110 scans of 67 million pixels took 55 s.
# Encoders write ten.
MAX_SCANNED_PIXELS = 10 * MAX_JPEG_PIXELS
# A marker: 0xFF, perhaps more of them to fill up, and a byte that is neither the zero
# after a 0xFF of compressed data nor a restart, start or other mark without a length.
_MARKER = re.compile(rb"\xff+[\x02-\xcf\xd9-\xfe]", re.DOTALL)
_START_OF_SCAN, _END_OF_PICTURE = 0xDA, 0xD9

# PNG and WebP are decoded whole, at up to 25 bytes a pixel (measured): 420 MB.
MAX_WHOLE_PIXELS = 2**24

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
        Refused: when there is none, or more than one.
    """
    photos = uploaded_photos(request, most=1)
    return photos[0]


def uploaded_photos(request: Request, most: int) -> list[Upload]:
    """The photos in the multipart field ``photo``.

    Raises:
        Refused: when there is none, or more than ``most``.
    """
    photos = [photo for photo in request.files.getlist("photo") if photo.filename]
    if not photos:
        raise Refused(Problem("upload.no_photo"))
    if len(photos) > most:
        values = {"sent": len(photos), "most": most}
        raise Refused(Problem("upload.many_photos", values))
    return [Upload(_shown_name(each.filename or ""), each.read()) for each in photos]


def _shown_name(name: str) -> str:
    # Control characters and the marks that turn text around are not printable.
    printable = "".join(letter for letter in name if letter.isprintable())
    return printable[:MAX_NAME_CHARACTERS] or say("verdict.unnamed")


def check_from_outside(photo: Upload) -> None:
    """Look at the format and the size in the header; nothing is decoded.

    Raises:
        PhotoError: when it is no photo of an accepted format, or has more pixels than
            ``MAX_JPEG_PIXELS`` or ``MAX_WHOLE_PIXELS``, or is a JPEG that would be gone
            over too often (``MAX_SCANNED_PIXELS``).
    """
    if not photo.content:
        raise _refusal("empty")
    width_px, height_px, reducible = _header(photo.content)
    limit = MAX_JPEG_PIXELS if reducible else MAX_WHOLE_PIXELS
    if width_px * height_px > limit:
        raise _refusal(
            "pixels_jpeg" if reducible else "pixels_other",
            width=width_px,
            height=height_px,
            most=_millions(limit),
        )
    scans = scans_of(photo.content) if reducible else 1
    if scans * width_px * height_px > MAX_SCANNED_PIXELS:
        raise _refusal("scans", scans=scans)


def scans_of(jpeg: bytes) -> int:
    """How often a decoder goes over a JPEG's picture.

    Its first picture only: behind it phones put videos and depth maps, in which the
    bytes of a scan's marker stand by chance; a thumbnail lies inside a segment.
    """
    scans, place = 0, 2
    while found := _MARKER.search(jpeg, place):
        marker, place = jpeg[found.end() - 1], found.end()
        if marker == _END_OF_PICTURE:
            break
        scans += marker == _START_OF_SCAN
        place += int.from_bytes(jpeg[place : place + 2], "big")
    return scans


def _header(content: bytes) -> tuple[int, int, bool]:
    """Width, height, and whether it is a JPEG, which can be decoded smaller."""
    with warnings.catch_warnings():
        # Pillow warns of sizes above its own limit; ours is below it.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        # Damaged EXIF blocks are common, and harmless to the picture.
        warnings.simplefilter("ignore", UserWarning)
        try:
            with Image.open(io.BytesIO(content), formats=ACCEPTED_FORMATS) as it:
                return *it.size, isinstance(it, JpegImageFile)
        except Image.DecompressionBombError as error:
            # Pillow refuses it before it tells the size: at twice its own limit.
            raise _refusal(
                "pixels_claimed",
                claimed=2 * (Image.MAX_IMAGE_PIXELS or 0) // 1_000_000,
                jpeg=_millions(MAX_JPEG_PIXELS),
                other=_millions(MAX_WHOLE_PIXELS),
            ) from error
        # Damaged headers raise these; Pillow turns the others into the first one.
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
            raise _refusal("unreadable") from error


def _refusal(fault: str, **values: int) -> PhotoError:
    sentence = say(f"problem.photo.{fault}", **values)
    return PhotoError(sentence, fault=fault, values=values)


def _millions(pixels: int) -> int:
    return round(pixels / 1e6)
