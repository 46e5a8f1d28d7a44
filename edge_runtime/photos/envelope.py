"""What a photo's file claims, read from its segments or chunks with a bounded walk.

Pillow walks over a JPEG's segments and a PNG's chunks in Python, and over as many as
there are: 20 MB of empty ones kept it busy for 15 s and took 1.5 GiB. Here a file is
walked over once, only as far as it may reasonably go, before any decoder sees it.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from edge_runtime.photos import faults

# A JPEG's segments hold 65,533 bytes each: 2 MB of colour profile, 4 MB of a preview
# and what cameras note come to a hundred.
MAX_SEGMENTS = 1000

# Bytes of FF that fill the space before a marker. Few encoders write any.
MAX_FILL_BYTES = 4096

# A PNG's chunks: a thousand, and one for each KiB of the file. Encoders put 8 or 32 KiB
# of the picture into one.
MAX_CHUNKS = 1000
LEAST_CHUNK_BYTES = 1024

# Chunks of compressed text, each of which Pillow unpacks to up to 1 MiB.
MAX_PACKED_TEXTS = 16

# Boxes of a HEIC or AVIF photo that are walked over; a phone's, made of 48 tiles, has
# 160 properties.
MAX_BOXES = 2000

JPEG, PNG, WEBP, HEIF, AVIF = "JPEG", "PNG", "WebP", "HEIF", "AVIF"
OTHER = "other"

_SOI, _EOI, _SOS, _TEM = 0xD8, 0xD9, 0xDA, 0x01
_RESTARTS = range(0xD0, 0xD8)
# SOF0 to SOF15 without DHT, JPG and DAC, which lie between them.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BASELINE = frozenset({0xC0, 0xC1})
# In coded data FF is followed by 0 or by a restart's number; else a marker begins.
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7]")
# Between segments: any FF that another byte follows.
_MARKER = re.compile(rb"\xff[^\xff]")
_PNG_START = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Envelope:
    """What a file says of its picture.

    Attributes:
        kind: ``"JPEG"``, ``"PNG"``, ``"WebP"``, ``"HEIF"``, ``"AVIF"``, or
            ``"other"``; then the fields below keep their defaults.
        width: in pixels, as stored; 0 where the file does not say.
        height: in pixels, as stored; 0 where the file does not say.
        scans: how often a decoder goes over the picture, up to its end; 1 but for
            JPEG.
        in_one_go: whether it is decoded row by row. Of a progressive JPEG, or one with
            a scan for each colour, a decoder has to hold everything.
        bytes_per_pixel: of the decoded picture before any conversion.
    """

    kind: str
    width: int = 0
    height: int = 0
    scans: int = 1
    in_one_go: bool = True
    bytes_per_pixel: int = 4

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.width * self.height


def read_envelope(encoded: bytes, name: str = "photo") -> Envelope:
    """Walk over the file; nothing is decoded.

    Of a JPEG only what stands before its end counts: a phone's motion photo has a film
    behind it, and many have a second picture there.

    Args:
        encoded: the whole file.
        name: what messages call it.

    Raises:
        PhotoError: when there are more segments, chunks, fill bytes or packed texts
            than any camera or program writes, or when the size is stated twice. A file
            that ends too early is left to its decoder.
    """
    if encoded.startswith(b"\xff\xd8\xff"):
        return _jpeg(encoded, name)
    if encoded.startswith(_PNG_START):
        return _png(encoded, name)
    if encoded[:4] == b"RIFF" and encoded[8:12] == b"WEBP":
        return _webp(encoded)
    if faults.is_heif(encoded) or faults.is_avif(encoded):
        return _boxes_of_photo(encoded, name)
    return Envelope(OTHER)


def _jpeg(encoded: bytes, name: str) -> Envelope:
    width = height = scans = channels = 0
    frame = None
    for marker, at in _markers(encoded, name):
        if marker == _SOS:
            scans += 1
        elif marker in _FRAMES and len(encoded) >= at + 8:
            if frame is not None:
                raise faults.damaged(name, ValueError("two frames"))
            frame = marker
            height, width, channels = struct.unpack_from(">HHB", encoded, at + 3)
    in_one_go = scans <= 1 and frame in _BASELINE
    stored = 4 if channels > 1 else 1
    return Envelope(JPEG, width, height, max(scans, 1), in_one_go, stored)


def _markers(encoded: bytes, name: str) -> Iterator[tuple[int, int]]:
    """Each segment's marker and where its length stands, up to the picture's end."""
    at, segments, fill = 2, 0, 0
    while True:
        # Pillow skips what stands between segments, and fill bytes, one by one.
        before, at = at, _next_marker(encoded, at)
        fill += at - before
        if fill > MAX_FILL_BYTES:
            raise faults.overfull(name, "fill bytes", MAX_FILL_BYTES)
        if at + 4 > len(encoded) or encoded[at + 1] == _EOI:
            return
        marker = encoded[at + 1]
        at += 2
        segments += 1
        if segments > MAX_SEGMENTS:
            raise faults.overfull(name, "segments", MAX_SEGMENTS)
        if marker in (0, _SOI, _TEM) or marker in _RESTARTS:
            continue
        yield marker, at
        at += struct.unpack_from(">H", encoded, at)[0]
        if marker == _SOS:
            following = _NEXT_MARKER.search(encoded, at)
            at = following.start() if following else len(encoded)


def _next_marker(encoded: bytes, at: int) -> int:
    """Where the FF of the next marker stands; the length of the file if nowhere."""
    found = _MARKER.search(encoded, at)
    return found.start() if found else len(encoded)


def _png(encoded: bytes, name: str) -> Envelope:
    most = MAX_CHUNKS + len(encoded) // LEAST_CHUNK_BYTES
    width = height = chunks = texts = headers = 0
    depth, colour = 8, 2
    at = len(_PNG_START)
    see_through = False
    while at + 8 <= len(encoded):
        size, kind = struct.unpack_from(">I4s", encoded, at)
        chunks += 1
        texts += kind in (b"zTXt", b"iTXt")
        if chunks > most:
            raise faults.overfull(name, "chunks", most)
        if texts > MAX_PACKED_TEXTS:
            raise faults.overfull(name, "texts", MAX_PACKED_TEXTS)
        if kind == b"IHDR" and len(encoded) >= at + 18:
            headers += 1
            if headers > 1:
                raise faults.damaged(name, ValueError("two headers"))
            width, height, depth, colour = struct.unpack_from(">IIBB", encoded, at + 8)
        see_through |= kind == b"tRNS"
        if kind == b"IEND":
            break
        at += size + 12
    return Envelope(
        PNG, width, height, bytes_per_pixel=_png_bytes(depth, colour, see_through)
    )


def _png_bytes(depth: int, colour: int, see_through: bool) -> int:
    """What a pixel takes at the peak of its way to RGB, as measured.

    Deep grey is scaled in float64; what is see-through is laid on white in copies.
    """
    if depth == 16 and colour == 0:
        return 40
    return 20 if colour in (4, 6) or see_through else 8


def _webp(encoded: bytes) -> Envelope:
    kind = encoded[12:16]
    start = encoded[20:30]
    if len(start) < 10:
        return Envelope(WEBP)
    if kind == b"VP8X":
        width = int.from_bytes(start[4:7], "little") + 1
        height = int.from_bytes(start[7:10], "little") + 1
        return Envelope(WEBP, width, height, bytes_per_pixel=20)
    if kind == b"VP8L":
        bits = int.from_bytes(start[1:5], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        return Envelope(WEBP, width, height, bytes_per_pixel=20)
    width, height = (
        int.from_bytes(start[place : place + 2], "little") & 0x3FFF for place in (6, 8)
    )
    return Envelope(WEBP, width, height, bytes_per_pixel=12)


def _boxes_of_photo(encoded: bytes, name: str) -> Envelope:
    """Of a HEIC or AVIF file, ISO/IEC 23008-12: the largest extent that it states.

    A file with a film's tracks states its size elsewhere too; its size is left unknown.
    """
    kind = AVIF if faults.is_avif(encoded) else HEIF
    width = height = 0
    for box, at, end in _boxes(encoded, name):
        if box == b"moov":
            return Envelope(kind)
        if box == b"ispe" and end - at >= 12:
            across, down = struct.unpack_from(">II", encoded, at + 4)
            width, height = max(width, across), max(height, down)
    return Envelope(kind, width, height, bytes_per_pixel=_BOXED_BYTES)


# Planes, their RGB form and Pillow's copy, as measured on 12 megapixels.
_BOXED_BYTES = 12
# Boxes that hold boxes, and how many bytes stand before the first of these.
_HOLDERS = {b"meta": 4, b"iprp": 0, b"ipco": 0}


def _boxes(encoded: bytes, name: str) -> Iterator[tuple[bytes, int, int]]:
    """Each box's type, where its content begins, and where it ends."""
    spans, walked = [(0, len(encoded))], 0
    while spans:
        at, end = spans.pop()
        while at + 8 <= end:
            walked += 1
            if walked > MAX_BOXES:
                raise faults.overfull(name, "boxes", MAX_BOXES)
            size, box = struct.unpack_from(">I4s", encoded, at)
            inside = at + 8
            if size == 1 and at + 16 <= end:
                size, inside = struct.unpack_from(">Q", encoded, at + 8)[0], at + 16
            last = min(at + size, end) if size else end
            if last < inside:
                break
            yield box, inside, last
            if box in _HOLDERS:
                spans.append((inside + _HOLDERS[box], last))
            at = last


def check_envelope(encoded: bytes, name: str) -> None:
    """Refuse what would only keep a decoder busy; see ``read_envelope``.

    Raises:
        PhotoError: see ``read_envelope``.
    """
    read_envelope(encoded, name)
