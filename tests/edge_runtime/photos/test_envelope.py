"""A bounded walk over what strangers send, before any decoder sees it."""

import io
import struct
import time
import zlib

import pytest
from PIL import Image, features

from edge_runtime.errors import PhotoError
from edge_runtime.photos.decoding import read_photo
from edge_runtime.photos.envelope import read_envelope

MEGABYTES = 20_000_000


def chunk(kind, content=b""):
    checked = kind + content
    return (
        struct.pack(">I", len(content))
        + checked
        + struct.pack(">I", zlib.crc32(checked))
    )


def png(*parts):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(parts)


HOSTILE = {
    "fill bytes": b"\xff\xd8" + b"\xff" * MEGABYTES,
    "zeros between segments": b"\xff\xd8\xff\xe5\0\2" + bytes(MEGABYTES),
    "empty APP5 segments": b"\xff\xd8" + b"\xff\xe5\0\2" * (MEGABYTES // 4),
    "empty comments": b"\xff\xd8" + b"\xff\xfe\0\2" * (MEGABYTES // 4),
    "beginnings": b"\xff\xd8" * (MEGABYTES // 2),
    "restarts": b"\xff\xd8" + b"\xff\xd0" * (MEGABYTES // 2),
    "empty chunks": png(chunk(b"teSt") * (MEGABYTES // 12)),
    "empty parts of the picture": png(chunk(b"IDAT") * (MEGABYTES // 12)),
    "packed texts": png(chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(10**6))) * 4000),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_file_of_nothing_but_parts_costs_no_time(content):
    began_s = time.process_time()
    with pytest.raises(PhotoError, match=r"more than [\d,]+ (fill|segm|chunk|text)"):
        read_photo(content)
    assert time.process_time() - began_s < 0.2


def encoded(kind, size=(80, 48), mode="RGB", **settings):
    found = io.BytesIO()
    Image.new(mode, size).save(found, kind, **settings)
    return found.getvalue()


@pytest.mark.parametrize(
    ("content", "kind", "scans", "in_one_go"),
    [
        (encoded("JPEG"), "JPEG", 1, True),
        (encoded("JPEG", mode="L"), "JPEG", 1, True),
        (encoded("JPEG", progressive=True), "JPEG", 10, False),
        (encoded("MPO"), "JPEG", 1, True),
        (encoded("PNG"), "PNG", 1, True),
        (encoded("WEBP"), "WebP", 1, True),
        (encoded("WEBP", lossless=True), "WebP", 1, True),
        (encoded("WEBP", mode="RGBA"), "WebP", 1, True),
    ],
)
def test_it_tells_what_the_decoder_will_find(content, kind, scans, in_one_go):
    found = read_envelope(content)
    assert (found.width, found.height) == (80, 48)
    assert (found.kind, found.scans, found.in_one_go) == (kind, scans, in_one_go)


def test_only_what_stands_before_a_jpegs_end_counts():
    film = encoded("JPEG", progressive=True) * 50
    assert read_envelope(encoded("JPEG") + film).scans == 1


def test_a_size_that_is_stated_twice_is_refused():
    jpeg = encoded("JPEG")
    start = jpeg.index(b"\xff\xc0")
    frame = jpeg[start : start + 19]
    again = png(chunk(b"IHDR", struct.pack(">IIBBBBB", 9999, 9999, 8, 2, 0, 0, 0)))
    for content in (jpeg[:start] + frame + jpeg[start:], again):
        with pytest.raises(PhotoError, match="damaged"):
            read_envelope(content)


@pytest.mark.parametrize("length", [0, 3, 9, 25, 40])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_ends_too_early_is_left_to_the_decoder(kind, length):
    read_envelope(encoded(kind)[:length])


def _phone_photo(form, size, **options):
    if form == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    elif "avif" not in features.modules or not features.check("avif"):
        pytest.skip("Pillow without AVIF")
    file = io.BytesIO()
    Image.new("RGB", size, "peru").save(file, form, **options)
    return file.getvalue()


@pytest.mark.parametrize("form", ["HEIF", "AVIF"])
def test_a_phones_photo_states_its_extent(form):
    found = read_envelope(_phone_photo(form, (320, 200)))
    assert found.kind == form
    assert (found.width, found.height) == (320, 200)


def test_the_largest_extent_of_a_phones_photo_counts():
    encoded = _phone_photo("AVIF", (320, 200))
    at = encoded.index(b"ispe") + 8
    larger = encoded[:at] + struct.pack(">II", 60000, 200) + encoded[at + 8 :]
    assert read_envelope(larger).width == 60000


def test_a_film_in_boxes_has_no_known_size():
    encoded = _phone_photo("AVIF", (320, 200))
    film = encoded + struct.pack(">I4s", 8, b"moov")
    assert read_envelope(film).pixels == 0


def test_endless_boxes_are_refused():
    box = struct.pack(">I4s", 8, b"free")
    with pytest.raises(PhotoError, match="boxes"):
        read_envelope(_phone_photo("AVIF", (32, 32)) + box * 3000)
