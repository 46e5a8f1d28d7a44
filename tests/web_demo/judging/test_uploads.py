import io

import flask
import pytest
from PIL import Image, features

from edge_runtime.errors import PhotoError
from web_demo.judging.uploads import (
    MAX_JPEG_PIXELS,
    MAX_WHOLE_PIXELS,
    Upload,
    envelope_of,
)


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

    envelope_of(Upload("photo", encoded.getvalue()))


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_a_phones_photo_reaches_the_classifier(send, photo, classifier, kind):
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    elif not features.check("avif"):
        pytest.skip("Pillow without AVIF")
    encoded = io.BytesIO()
    Image.open(io.BytesIO(photo)).convert("RGB").save(encoded, kind, quality=90)

    answer = send("/api/v1/classify", encoded.getvalue())

    (found,) = answer.json["results"]
    assert found["decision"] == classifier.verdict.decision
    # The stand-in decodes as the real classifier does, from the very bytes.
    assert len(classifier.judged) == 1


def test_24_megapixels_of_a_phone_are_taken_and_26_are_not():
    pytest.importorskip("pillow_heif").register_heif_opener()

    def flat(width):
        encoded = io.BytesIO()
        Image.new("RGB", (width, 4284), "tan").save(encoded, "HEIF", quality=50)
        return Upload("photo", encoded.getvalue())

    envelope_of(flat(5712))
    with pytest.raises(PhotoError, match="too large"):
        envelope_of(flat(6080))


def test_a_damaged_exif_block_does_no_harm():
    encoded = io.BytesIO()
    claims_many_entries = b"Exif\0\0II*\0\x08\0\0\0\xff\xff"
    Image.new("RGB", (64, 48), "tan").save(encoded, "JPEG", exif=claims_many_entries)

    # Pillow warns of it, and in these tests a warning is an error.
    envelope_of(Upload("photo", encoded.getvalue()))


@pytest.mark.parametrize(
    ("kind", "limit"), [("PNG", MAX_WHOLE_PIXELS), ("JPEG", MAX_JPEG_PIXELS)]
)
def test_as_many_pixels_as_allowed_are_accepted_and_one_row_more_is_not(kind, limit):
    def flat(height):
        encoded = io.BytesIO()
        Image.new("L", (2**13, height)).save(encoded, kind)
        return Upload("photo", encoded.getvalue())

    rows = limit // 2**13
    envelope_of(flat(rows))
    with pytest.raises(PhotoError, match=rf"too large.* 8192 x {rows + 1} pixels"):
        envelope_of(flat(rows + 1))


def test_bombs_are_refused_from_their_header(bomb, wide):
    for content in (bomb, wide):
        with pytest.raises(PhotoError, match="too large to be decoded safely"):
            envelope_of(Upload("photo", content))


def test_no_message_is_in_a_library_s_words(hostile, send):
    for content in hostile.values():
        said = send("/api/v1/classify", content).json["detail"]
        for word in ("DOS", "bomb", "truncated", "bytes not processed", "broken data"):
            assert word not in said
        advice = ("Make it", "Copy it again", "Choose", "saved as JPEG")
        assert any(words in said for words in advice), said


def test_a_bomb_is_told_what_came_and_what_is_accepted(bomb, send):
    said = send("/api/v1/classify", bomb).json["detail"]
    assert "30000 x 30000 pixels; at most 17 million" in said


START_OF_SCAN = b"\xff\xda"


def progressive(side):
    encoded = io.BytesIO()
    Image.new("RGB", (side, side), "tan").save(encoded, "JPEG", progressive=True)
    return encoded.getvalue()


def test_a_jpeg_of_many_scans_is_refused_unread_and_the_usual_ten_are_not():
    """A few bytes a scan make a decoder go over all pixels again."""
    content = progressive(2**12)
    last_scan = content[content.rindex(START_OF_SCAN) : -2]
    end = content[-2:]
    assert content.count(START_OF_SCAN) == 10

    envelope_of(Upload("photo", content))
    with pytest.raises(PhotoError, match=r"11 scans.*not progressive"):
        envelope_of(Upload("photo", content[:-2] + last_scan + end))


def test_a_progressive_jpeg_whose_coefficients_would_fill_the_memory_is_refused():
    with pytest.raises(PhotoError, match=r"8192 x 8192.*17 million.*progressive"):
        envelope_of(Upload("photo", progressive(2**13)))


def test_a_motion_photo_is_judged_whatever_its_film_contains(send, root):
    """The film behind the JPEG's end has bytes that look like scans."""
    jpeg = (root / "samples/drawn_tone3_irregular_rotated.jpg").read_bytes()
    film = (START_OF_SCAN + bytes(1000)) * 500
    assert send("/api/v1/classify", jpeg + film).status_code == 200


@pytest.mark.parametrize("path", ["/api/v1/classify", "/verdict", "/compare"])
def test_a_photo_is_opened_once_a_request(send, photo, monkeypatch, path):
    opened, original = [], Image.open
    monkeypatch.setattr(
        Image, "open", lambda *given, **named: opened.append(1) or original(*given)
    )
    assert send(path, photo).status_code == 200
    assert len(opened) == 1


def test_the_square_asked_for_is_the_one_judged(client, photo, classifier):
    square = {}
    classifier.classify = lambda source, answers=None, crop=None: (
        square.update(size=source.size) or classifier.verdict
    )
    sent = {"photo": (io.BytesIO(photo), "photo.png"), "crop": "0.5,0.5,0.5"}
    (found,) = client.post("/api/v1/classify", data=sent).json["results"]
    assert square["size"] == (128, 128)
    assert found["crop"] == {"x": 0.5, "y": 0.5, "side": 0.5}


@pytest.mark.parametrize(
    ("words", "code"), [("here", "crop.words"), ("0.5,0.5,2", "crop.range"),
                        ("nan,0.5,0.5", "crop.range")]
)  # fmt: skip
def test_a_square_that_makes_no_sense_is_refused(client, photo, words, code):
    sent = {"photo": (io.BytesIO(photo), "photo.png"), "crop": words}
    answer = client.post("/api/v1/classify", data=sent)
    assert (answer.status_code, answer.json["code"]) == (422, code)


def test_a_long_name_is_shortened(send, photo):
    answer = send("/api/v1/classify", photo, name="n" * 5000 + ".png")

    assert answer.json["results"][0]["photo"] == "n" * 80


def form_of(*parts, end=b"--b--\r\n"):
    """A form by hand: header values and contents."""
    head = b"--b\r\nContent-Disposition: form-data; "
    lines = (head + said + b"\r\n\r\n" + content + b"\r\n" for said, content in parts)
    return {
        "data": b"".join(lines) + end,
        "content_type": "multipart/form-data; boundary=b",
    }


@pytest.mark.parametrize(
    ("fields", "end", "code"),
    [
        ([(b'name="photo"; filename="M\xe4rz.jpg"', b"x")], b"--b--\r\n", "name"),
        ([(b'name="photo"; filename="a.jpg"', b"x" * 999)], b"", "form"),
        ([(b'name="notes"', b"x" * 700_000)], b"--b--\r\n", "parts"),
        ([], b"no form at all", "form"),
        ([(b'name="photo"', b"no file")], b"--b--\r\n", "no_photo"),
    ],
)
def test_a_form_that_cannot_be_read_says_why(client, fields, end, code):
    """None of them is taken for a form without a photo, unless it is one."""
    for path in ("/api/v1/classify", "/api/v1/heatmap"):
        answer = client.post(path, **form_of(*fields, end=end))
        assert answer.json["code"] == f"upload.{code}"


def test_a_name_in_utf_8_is_kept_and_cannot_turn_text_around(client, photo):
    name = 'name="photo"; filename="M\N{LATIN SMALL LETTER A WITH DIAERESIS}rz'
    said = f'{name}\u202egpj.exe"'.encode()
    answer = client.post("/api/v1/classify", **form_of((said, photo)))
    assert answer.json["results"][0]["photo"] == "Märzgpj.exe"
