"""Uploaded photos: held in memory, looked at from outside before they are decoded."""

import io
from dataclasses import dataclass
from typing import IO

from flask import Request
from werkzeug.formparser import FormDataParser

from edge_runtime.errors import PhotoError
from edge_runtime.photos.crop import CENTRE, Crop, parsed
from edge_runtime.photos.envelope import (
    AVIF,
    HEIF,
    JPEG,
    PNG,
    WEBP,
    Envelope,
    read_envelope,
)
from web_demo.problems import Problem, Refused
from web_demo.wording import say

# What cameras and browsers write. Pillow reads dozens of other formats, some with the
# help of other programs (EPS starts Ghostscript): nothing to offer to strangers. JPEG
# includes MPO, the JPEG with a second picture behind it that many phones write. HEIF
# needs the extra heic; without it the answer says so.
ACCEPTED_FORMATS = (JPEG, PNG, WEBP, HEIF, AVIF)

# Covers the 64-megapixel cameras of phones; a JPEG is decoded at reduced scale.
MAX_JPEG_PIXELS = 2**26

# A progressive JPEG is decoded in scans over all its pixels, and nothing in the format
# bounds their number: a file of 400 kB with 110 scans of 67 million pixels took 55 s.
# Encoders write ten. Its coefficients are held all together, 6 bytes a pixel.
MAX_SCANNED_PIXELS = 10 * 2**24
MAX_PROGRESSIVE_PIXELS = 2**24

# All others are decoded whole.
MAX_WHOLE_PIXELS = 2**24
MAX_DECODED_BYTES = 160_000_000
# Phones write HEIC of 24 megapixels. One such photo takes 300 MB for a moment, and
# large photos are decoded one after the other (``opened_photo``).
MAX_HEIF_PIXELS = 25_000_000

# Longer file names say nothing more to a person.
MAX_NAME_CHARACTERS = 80


class MemoryRequest(Request):
    """A request whose uploaded files never touch the disk.

    A form that cannot be read is refused; werkzeug would take it for an empty one.
    """

    def make_form_data_parser(self) -> FormDataParser:
        """A parser that raises what it finds wrong."""
        parser = super().make_form_data_parser()
        parser.silent = False
        return parser

    def _load_form_data(self) -> None:
        try:
            super()._load_form_data()
        except UnicodeDecodeError as error:
            raise Refused(Problem("upload.name")) from error
        except ValueError as error:
            raise Refused(Problem("upload.form")) from error

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
    return [
        Upload(_shown_name(each.filename or ""), _content(each.stream))
        for each in photos
    ]


def _content(stream: IO[bytes]) -> bytes:
    # Shares its memory, where reading would copy up to 20 MB.
    return stream.getvalue() if isinstance(stream, io.BytesIO) else stream.read()


def asked_crop(request: Request) -> Crop | None:
    """The square in the field ``crop``; None for ``auto``, the middle without it.

    Raises:
        CropError: when it is no square.
    """
    words = request.form.get("crop", "").strip()
    if words == "auto":
        return None
    return parsed(words) if words else CENTRE


def _shown_name(name: str) -> str:
    # Control characters and the marks that turn text around are not printable.
    printable = "".join(letter for letter in name if letter.isprintable())
    return printable[:MAX_NAME_CHARACTERS] or say("verdict.unnamed")


def envelope_of(photo: Upload) -> Envelope:
    """Look at the format and the size in the file; nothing is decoded.

    Raises:
        PhotoError: when it is no photo of an accepted format, or has more pixels than
            ``MAX_JPEG_PIXELS``, ``MAX_WHOLE_PIXELS`` or ``MAX_HEIF_PIXELS``, or would
            need more memory than ``MAX_DECODED_BYTES``, or is a JPEG that would be
            gone over too often (``MAX_SCANNED_PIXELS``), or is made of too many parts.
    """
    if not photo.content:
        raise _refusal("empty")
    found = read_envelope(photo.content)
    if found.kind not in ACCEPTED_FORMATS or not found.pixels:
        raise _refusal("unreadable")
    if found.kind == JPEG:
        _check_jpeg(found)
        return found
    most = min(MAX_WHOLE_PIXELS, MAX_DECODED_BYTES // found.bytes_per_pixel)
    if found.kind == HEIF:
        most = MAX_HEIF_PIXELS
    if found.pixels > most:
        raise _too_many("pixels_other", found, most)
    return found


def _check_jpeg(found: Envelope) -> None:
    most = MAX_JPEG_PIXELS if found.in_one_go else MAX_PROGRESSIVE_PIXELS
    if found.pixels > most:
        kind = "pixels_jpeg" if found.in_one_go else "pixels_progressive"
        raise _too_many(kind, found, most)
    if not found.in_one_go and found.scans * found.pixels > MAX_SCANNED_PIXELS:
        raise _refusal("scans", scans=found.scans)


def _too_many(fault: str, found: Envelope, most: int) -> PhotoError:
    return _refusal(fault, width=found.width, height=found.height, most=_millions(most))


def _refusal(fault: str, **values: int) -> PhotoError:
    sentence = say(f"problem.photo.{fault}", **values)
    return PhotoError(sentence, fault=fault, values=values)


def _millions(pixels: int) -> int:
    return round(pixels / 1e6)
