import io

import numpy as np
import pytest
from PIL import Image

from edge_runtime.camera.sources.jpeg import JpegSplitter

SIZES = [(16, 16), (64, 48), (33, 17), (128, 96)]


@pytest.fixture(scope="module")
def pictures():
    """JPEGs of four sizes; one with a thumbnail in its EXIF, one progressive."""
    noise = np.random.default_rng(0)
    kinds = [{}, {"restart_marker_blocks": 2}, {"progressive": True}, {"quality": 30}]
    encoded = []
    for size, options in zip(SIZES, kinds, strict=True):
        levels = noise.integers(0, 256, (*size, 3), np.uint8)
        file = io.BytesIO()
        Image.fromarray(levels).save(file, "JPEG", **options)
        encoded.append(file.getvalue())
    thumbnail = b"Exif\0\0" + encoded[0]
    segment = b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail
    encoded[1] = encoded[1][:2] + segment + encoded[1][2:]
    return encoded


def split(stream, chunk_bytes):
    splitter = JpegSplitter()
    found = []
    for start in range(0, len(stream), chunk_bytes):
        found += splitter.feed(stream[start : start + chunk_bytes])
    splitter.finish()
    return found, splitter.damaged


@pytest.mark.parametrize("chunk_bytes", [1, 7, 1000, 10**6])
class TestSplitter:
    def test_gives_back_what_was_joined(self, pictures, chunk_bytes):
        assert split(b"".join(pictures), chunk_bytes) == (pictures, 0)

    def test_skips_header_lines_and_garbage(self, pictures, chunk_bytes):
        garbage = b"\r\n--frame\r\nContent-Length: 9\r\n\r\n\xff\xd8\x00\xff\xff\xd9"
        stream = garbage + garbage.join(pictures) + garbage
        assert split(stream, chunk_bytes)[0] == pictures

    def test_drops_half_a_picture_and_finds_the_next(self, pictures, chunk_bytes):
        for part in (0.05, 0.3, 0.6, 0.99):
            half = pictures[3][: int(len(pictures[3]) * part)]
            found, damaged = split(half + pictures[0] + pictures[2], chunk_bytes)
            # A half that ends within a segment may swallow its successor's start.
            assert found[-1] == pictures[2]
            assert damaged >= 1

    def test_counts_a_half_at_the_end(self, pictures, chunk_bytes):
        found, damaged = split(pictures[0] + pictures[3][:-9], chunk_bytes)
        assert (found, damaged) == ([pictures[0]], 1)


def test_random_bytes_between_pictures_never_cost_the_last_ones(pictures):
    noise = np.random.default_rng(1)
    for _ in range(200):
        garbage = noise.integers(0, 256, noise.integers(1, 4000), np.uint8).tobytes()
        # Two pictures with room between them: garbage may claim a segment of 64 KiB.
        found, _ = split(garbage + pictures[3] * 60, 4096)
        assert found[-1] == pictures[3]


def test_a_picture_without_end_is_given_up():
    splitter = JpegSplitter(largest_bytes=10_000)
    endless = b"\xff\xd8\xff\xda\x00\x02" + bytes(1000)
    for _ in range(100):
        assert splitter.feed(endless) == []
        assert len(splitter._held) <= 12_000
    assert splitter.damaged > 0


def test_what_looks_like_a_length_after_a_scan_takes_no_picture_along(pictures):
    # FF E1 with a length of 65,535 in the rest of a half picture.
    half = pictures[3][: len(pictures[3]) // 2] + b"\xff\xe1\xff\xff"
    found, damaged = split(half + pictures[0] + pictures[2], 1000)
    assert (found, damaged) == ([pictures[0], pictures[2]], 1)
