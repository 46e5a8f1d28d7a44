import io

import flask
import pytest
from PIL import Image

from edge_runtime.errors import PhotoError
from web_demo.judging.uploads import (
    MAX_JPEG_PIXELS,
    MAX_WHOLE_PIXELS,
    Upload,
    check_from_outside,
    scans_of,
)

START_OF_SCAN = b"\xff\xda"


def test_a_large_photo_is_never_written_to_disk(send, large_photo, written):
    answer = send("/verdict", large_photo)

    assert answer.status_code == 200
    assert not written


def test_the_watch_on_the_disk_sees_what_flask_would_do(
    app, send, large_photo, written
):
    app.request_class = flask.Request

    send("/api/v1/classify", large_photo)

    assert written


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "MPO"])
def test_what_cameras_write_is_accepted(kind):
    encoded = io.BytesIO()
    Image.new("RGB", (64, 48), "tan").save(encoded, kind)

    check_from_outside(Upload("photo", encoded.getvalue()))


def test_a_damaged_exif_block_does_no_harm():
    encoded = io.BytesIO()
    claims_many_entries = b"Exif\0\0II*\0\x08\0\0\0\xff\xff"
    Image.new("RGB", (64, 48), "tan").save(encoded, "JPEG", exif=claims_many_entries)

    # Pillow warns of it, and in these tests a warning is an error.
    check_from_outside(Upload("photo", encoded.getvalue()))


@pytest.mark.parametrize(
    ("kind", "limit"), [("PNG", MAX_WHOLE_PIXELS), ("JPEG", MAX_JPEG_PIXELS)]
)
def test_as_many_pixels_as_allowed_are_accepted_and_one_row_more_is_not(kind, limit):
    def flat(height):
        encoded = io.BytesIO()
        Image.new("L", (2**13, height)).save(encoded, kind)
        return Upload("photo", encoded.getvalue())

    rows = limit // 2**13
    check_from_outside(flat(rows))
    with pytest.raises(PhotoError, match=rf"too large.* 8192 x {rows + 1} pixels"):
        check_from_outside(flat(rows + 1))


def test_bombs_are_refused_from_their_header(bomb, wide):
    for content in (bomb, wide):
        with pytest.raises(PhotoError, match="too large to be decoded safely"):
            check_from_outside(Upload("photo", content))


def test_no_message_is_in_a_library_s_words(hostile, send):
    for content in hostile.values():
        said = send("/api/v1/classify", content).json["detail"]
        for word in ("DOS", "bomb", "truncated", "bytes not processed", "broken data"):
            assert word not in said
        advice = ("Make it", "Copy it again", "Choose", "saved as JPEG")
        assert any(words in said for words in advice), said


def test_a_bomb_is_told_what_came_and_what_is_accepted(bomb, send):
    said = send("/api/v1/classify", bomb).json["detail"]
    assert "more than 178 million pixels; at most 67 million" in said
    assert "(17 unless it is a JPEG)" in said


def test_a_jpeg_of_many_scans_is_refused_unread_and_the_usual_ten_are_not():
    """A few bytes a scan make a decoder go over all pixels again."""
    encoded = io.BytesIO()
    Image.new("RGB", (2**13, 2**13), "tan").save(encoded, "JPEG", progressive=True)
    content = encoded.getvalue()
    last_scan = content[content.rindex(START_OF_SCAN) : -2]
    end = content[-2:]
    assert content.count(START_OF_SCAN) == 10

    check_from_outside(Upload("photo", content))
    with pytest.raises(PhotoError, match=r"11 scans.*not progressive"):
        check_from_outside(Upload("photo", content[:-2] + last_scan + end))


def test_what_lies_behind_a_photo_is_not_counted_as_scans_of_it():
    """Phones put videos there, in which a scan's marker stands by chance."""
    encoded = io.BytesIO()
    thumbnail = io.BytesIO()
    Image.new("RGB", (160, 120), "tan").save(thumbnail, "JPEG")
    Image.new("RGB", (4000, 3000), "tan").save(
        encoded, "JPEG", exif=b"Exif\0\0" + thumbnail.getvalue()
    )
    photo = encoded.getvalue()
    video = (START_OF_SCAN + b"\0\x0c" + bytes(30)) * 200

    assert scans_of(photo) == 1
    check_from_outside(Upload("motion.jpg", photo + video))


def test_a_long_name_is_shortened(send, photo):
    answer = send("/api/v1/classify", photo, name="n" * 5000 + ".png")

    assert answer.json["photo"] == "n" * 80
