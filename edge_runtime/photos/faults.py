"""What can be wrong with a photo, in words; each fault has a code for the pages."""

from collections.abc import Callable

from edge_runtime.errors import PhotoError


def empty(name: str) -> PhotoError:
    """Nothing came."""
    return PhotoError(
        f"{name} is empty; expected a JPEG, PNG or other picture", fault="empty"
    )


def unreadable(name: str, encoded: bytes = b"") -> PhotoError:
    """What came is something else, or needs a decoder that is not here."""
    if is_heif(encoded):
        return PhotoError(
            f"{name} is a HEIC photo, which needs an extra: pip install pillow-heif. Or"
            " let the phone save JPEG (iPhone: Settings, Camera, Formats, Most"
            " Compatible)",
            fault="heif",
        )
    for kind, is_kind in _KINDS:
        if is_kind(encoded):
            return PhotoError(
                f"{name} is {kind}, which this Pillow cannot decode; save it as JPEG or"
                " PNG",
                fault="format",
                values={"kind": kind},
            )
    return PhotoError(
        f"{name} is not a picture that can be read; expected a JPEG, PNG, WebP, AVIF,"
        " TIFF or BMP file, or HEIC",
        fault="unreadable",
    )


def damaged(name: str, error: Exception, encoded: bytes = b"") -> PhotoError:
    """The decoder gave up."""
    # A decoder's own words are of no use to people; the system's say what to do.
    if isinstance(error, OSError) and error.strerror:
        return PhotoError(f"{name} cannot be read: {error.strerror}")
    if _is_arithmetic(encoded):
        return PhotoError(
            f"{name} is an arithmetic-coded JPEG, which this Pillow cannot decode; save"
            " it again as a plain JPEG",
            fault="format",
            values={"kind": "an arithmetic-coded JPEG"},
        )
    return PhotoError(
        f"{name} is damaged or ends too early; expected a whole picture. Copy it again"
        " from where it came from, or take another photo.",
        fault="damaged",
    )


def raw(name: str) -> PhotoError:
    """It is a camera's raw file."""
    return PhotoError(
        f"{name} is a raw photo (DNG or the like); only its thumbnail could be read."
        " Develop it and save it as JPEG, or let the camera save JPEG too",
        fault="raw",
    )


def is_heif(encoded: bytes) -> bool:
    """Whether the bytes begin as a HEIC photo does."""
    return encoded[4:8] == b"ftyp" and encoded[8:12] in _HEIF_BRANDS


def is_avif(encoded: bytes) -> bool:
    """Whether the bytes begin as an AVIF photo does."""
    return encoded[4:8] == b"ftyp" and encoded[8:12] in (b"avif", b"avis")


_HEIF_BRANDS = (
    *(b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"),
)
_KINDS: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("an AVIF photo", is_avif),
    ("a JPEG XL photo", lambda it: it[:2] == b"\xff\x0a" or it[4:8] == b"JXL "),
    (
        "a JPEG 2000 photo",
        lambda it: it[4:8] == b"jP  " or it[:4] == b"\xff\x4f\xff\x51",
    ),
    ("a raw photo", lambda it: it[4:12] == b"ftypcrx " or it[:8] == b"FUJIFILM"),
    ("a video", lambda it: it[4:8] == b"ftyp"),
)


def _is_arithmetic(encoded: bytes) -> bool:
    """Whether a JPEG's frame header says arithmetic coding (SOF9 to SOF15)."""
    if not encoded.startswith(b"\xff\xd8"):
        return False
    place = 2
    while encoded[place : place + 1] == b"\xff" and place + 4 <= len(encoded):
        marker = encoded[place + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return marker > 0xC8
        place += 2 + int.from_bytes(encoded[place + 2 : place + 4], "big")
    return False


def too_large(name: str, most_pixels: int) -> PhotoError:
    """It was too large when it was decoded."""
    most = f"{most_pixels:,}"
    return PhotoError(
        f"{name} is too large to be decoded here; at most {most} pixels can be judged."
        " Make it smaller first.",
        fault="too_large",
        values={"most": most},
    )


def too_many_pixels(name: str, width: int, height: int, most_pixels: int) -> PhotoError:
    """Its header says that it is too large."""
    most = f"{most_pixels:,}"
    return PhotoError(
        f"{name} has {width} x {height} pixels; at most {most} can be judged. Make it"
        " smaller first.",
        fault="pixels",
        values={"width": width, "height": height, "most": most},
    )


def moving(name: str, frames: int) -> PhotoError:
    """It is an animation."""
    return PhotoError(
        f"{name} has {frames} frames; expected one still photo. Save the frame to judge"
        " as a picture of its own.",
        fault="frames",
        values={"frames": frames},
    )


def overfull(name: str, what: str, most: int) -> PhotoError:
    """It is made of so many parts that only walking over them would take long."""
    return PhotoError(
        f"{name} has more than {most:,} {what}, which no camera writes. Open it in a"
        " picture program and save it again.",
        fault="overfull",
        values={"most": f"{most:,}", "what": what},
    )
