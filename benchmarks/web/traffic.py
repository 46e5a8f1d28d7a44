"""Every kind of request that the pages meet: good, mistaken and hostile."""

import io
import struct
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.web.server import form

CLASSIFY = "/api/v1/classify"
PAGES = (
    *("/", "/camera", "/compare", "/report", "/models", "/about", "/api", "/sw.js"),
    *("/openapi.json", "/healthz", "/metrics", "/static/strings.en.json"),
)
SEED = 3


@dataclass(frozen=True)
class Sent:
    """A whole request.

    Attributes:
        name: what it is.
        status: that its answer has, unless every place is taken.
        path: of the address.
        body: None for GET.
        headers: of the request.
    """

    name: str
    status: int
    path: str
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Unfinished:
    """What is sent before the sender hangs up.

    Attributes:
        name: what it is.
        content: on the connection.
    """

    name: str
    content: bytes


def every_kind(samples: Path) -> list[Sent | Unfinished]:
    """All of them, with the drawn photos of ``samples``.

    Raises:
        OSError: when these cannot be read.
    """
    photos = [path.read_bytes() for path in sorted(samples.glob("drawn*.*g"))]
    phone = _phone_photo()
    good = [
        *(_posted("a photo", 200, photo) for photo in photos),
        _posted("a photo of 12 megapixels", 200, phone),
        _posted("a page's verdict", 200, photos[0], path="/verdict"),
        _posted("a comparison", 200, photos[0], path="/compare"),
        _posted("a heat map", 200, photos[0], path="/api/v1/heatmap"),
        _posted("several photos", 200, *photos[:4], b"no photo"),
    ]
    pages = [Sent("a page", 200, path) for path in PAGES]
    mistaken = [
        _posted("no photo", 400),
        _posted("17 photos", 400, *photos[:1] * 17),
        _posted("a form of 40 parts", 413, *[b"x"] * 40),
        _posted("an unknown model", 404, photos[0], path=f"{CLASSIFY}?model=none"),
        _posted("another site's page", 403, photos[0], Origin="http://a.example"),
        _posted("another name", 421, photos[0], Host="a.example"),
        _posted("25 MB", 413, bytes(25_000_000)),
        _posted("a form that is none", 400, Content_Type="multipart/form-data"),
        Sent("no such page", 404, "/nowhere"),
    ]
    hostile = [_posted(name, 422, content) for name, content in _hostile(photos[0])]
    head = f"POST {CLASSIFY} HTTP/1.1\r\nContent-Length: 9000000\r\n\r\n"
    unfinished = [
        Unfinished("half a request's head", b"POST /verdict HTT"),
        Unfinished("half a body", head.encode() + bytes(4_000_000)),
        Unfinished("no HTTP", bytes(range(256)) * 8),
    ]
    return [*good, *good, *pages, *mistaken, *hostile, *unfinished]


def _posted(
    name: str, status: int, *photos: bytes, path: str = CLASSIFY, **headers: str
) -> Sent:
    body, kind = form(*photos)
    given = {key.replace("_", "-"): value for key, value in headers.items()}
    return Sent(name, status, path, body, {**kind, **given})


def _phone_photo() -> bytes:
    noise = np.random.default_rng(SEED).integers(90, 200, (375, 500, 3), np.uint8)
    encoded = io.BytesIO()
    Image.fromarray(noise).resize((4000, 3000)).save(encoded, "JPEG", quality=80)
    return encoded.getvalue()


def _hostile(photo: bytes) -> list[tuple[str, bytes]]:
    gif, eps, scans = io.BytesIO(), io.BytesIO(), io.BytesIO()
    small = Image.new("RGB", (64, 64), "tan")
    small.save(gif, "GIF")
    small.save(eps, "EPS")
    Image.new("RGB", (8192, 8192), "tan").save(scans, "JPEG", progressive=True)
    content = scans.getvalue()
    last_scan = content[content.rindex(b"\xff\xda") : -2]
    random = np.random.default_rng(SEED)
    return [
        ("nothing", b""),
        ("text", b"this is no photo"),
        ("random bytes", random.bytes(200_000)),
        ("half a PNG", photo[: len(photo) // 2]),
        ("a GIF", gif.getvalue()),
        ("EPS, which starts Ghostscript", eps.getvalue()),
        ("a PNG that claims 900 megapixels", _png(30_000, 30_000)),
        ("a PNG that claims 100 megapixels", _png(10_000, 10_000)),
        ("a PNG without its pixels", _png(4_000, 4_000)),
        ("a JPEG of 400 scans", content[:-2] + 390 * last_scan + content[-2:]),
    ]


def _png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        checked = kind + content
        check = struct.pack(">I", zlib.crc32(checked))
        return struct.pack(">I", len(content)) + checked + check

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + parts + chunk(b"IEND", b"")
