"""A stand-in classifier, the app around it, and photos good and bad."""

import dataclasses
import io
import os
import re
import string
import struct
import sys
import zlib
from pathlib import Path

import pytest

pytest.importorskip("flask", reason="the web extra is not installed")

from PIL import Image

from edge_runtime.model.answers import none_asked
from edge_runtime.model.card import (
    Accuracy,
    Comparison,
    Data,
    InputSpec,
    ModelCard,
    OutputSpec,
    Provenance,
    Share,
    Threshold,
    Uncertainty,
)
from edge_runtime.model.file import ModelFile
from edge_runtime.photos.decoding import read_photo
from edge_runtime.photos.quality import Finding
from edge_runtime.verdict import Verdict, reason
from web_demo.app import create_app
from web_demo.judging.capacity import Limits
from web_demo.wording import STRINGS

MAX_UPLOAD_BYTES = 1_000_000
SHA256 = "ab" * 32

# What sys.addaudithook calls; a hook cannot be removed, so it looks here.
_watchers = []
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def _audit(event, arguments):
    if _watchers and event == "open" and isinstance(arguments[2], int):
        path, _, flags = arguments
        if flags & _WRITING:
            for watcher in _watchers:
                watcher.append(path)


sys.addaudithook(_audit)


class StandIn:
    """Decodes photos as the real classifier does, then says what it was told to."""

    def __init__(self, card, verdict):
        self.card = card
        self.file = ModelFile(Path(f"{card.name}.tflite"), b"", card, (), b"")
        self.verdict = verdict
        self.judged = []

    def classify(self, source, answers=None, crop=None):
        known = self.card.answers.known(answers) if self._told(answers) else {}
        read_photo(source, for_size_px=self.card.input.size_px)
        self.judged.append(source)
        return dataclasses.replace(self.verdict, answers=known)

    def _told(self, answers):
        """Refuses answers as the real one does."""
        if answers and self.card.answers is None:
            raise none_asked(self.card.name, answers)
        if answers:
            self.card.answers.stored(answers)
        return bool(answers)

    def score(self, pixels, answers=None):
        """Redder is worse; so the map is red where a red part stands out."""
        self._told(answers)
        return float(pixels[..., 0].mean()) / 255


def _other_letters(sentence):
    """The same with wide letters, so that what is not of the file stands out."""
    parts = re.split(r"(\{\w+\})", sentence)
    wide = {ord(each): ord(each) + 0xFEE0 for each in string.ascii_letters}
    return "".join(
        part if part.startswith("{") else part.translate(wide) for part in parts
    )


@pytest.fixture(scope="session")
def translation():
    """The file of sentences in a language of its own."""
    return {key: _other_letters(sentence) for key, sentence in STRINGS.items()}


@pytest.fixture
def card():
    recall = Share(0.95, 0.921, 0.968, 285, 300)
    specificity = Share(0.75, 0.703, 0.792, 270, 360)
    return ModelCard(
        format=1,
        name="cnn64.qat_int8",
        network="cnn64",
        recipe="qat_int8",
        created="2025-11-23T07:00:00Z",
        description="A stand-in for tests.",
        notice="Research and education; not a medical device.",
        licence="CC BY-NC 4.0",
        model_sha256=SHA256,
        input=InputSpec(64, "uint8", 1 / 255, 0, 0.0, 255.0),
        output=OutputSpec("uint8", 1 / 256, 0),
        temperature=1.0,
        threshold=Threshold(
            0.375, 96, 0.375, 0.95, "val", Share(0.96, 0.9, 0.99, 96, 100), specificity
        ),
        uncertainty=Uncertainty(0.25, 0.25, "a rule", Share(0.1, 0.08, 0.12, 66, 660)),
        comparison=Comparison("val", 200, 0.95, 0.949, 1, 0, 2, 1, 0.02, 0.004, 90),
        accuracy=(
            Accuracy("test", 0.95, 0.93, 0.97, recall, specificity, 0.04),
            Accuracy(
                "test_clean",
                0.94,
                0.92,
                0.96,
                Share(0.94, 0.909, 0.961, 254, 270),
                Share(0.74, 0.692, 0.783, 261, 353),
                0.04,
            ),
        ),
        data=Data(
            "fanconic", "0" * 64, "non-commercial", 2400, 237, 660, ("skin tone",)
        ),
        provenance=Provenance("0" * 64, {}, {}, {}, 576111, "", {}, "xnnpack"),
    )


@pytest.fixture
def verdict(card):
    return Verdict(
        photo="photo",
        probability=0.831,
        threshold=0.375,
        label="malignant",
        decision="investigate",
        reason=reason("investigate", 0.831, 0.375),
        accuracy=card.accuracy[1],
        answers={},
        findings=(),
        timings_ms={"decode": 3.25, "total": 5.5},
        model=card.name,
        model_sha256=card.model_sha256,
    )


@pytest.fixture
def dark(verdict):
    """The verdict about a photo that shows too little."""
    finding = Finding("dark", 5.0, 20.0, True, "far too dark; give more light")
    return dataclasses.replace(
        verdict,
        label=None,
        decision="unusable photo",
        reason=reason("unusable photo", 0.831, 0.375),
        findings=(finding,),
    )


@pytest.fixture
def stand_in():
    """How a stand-in is made, for tests that need several."""
    return StandIn


@pytest.fixture
def classifier(card, verdict):
    return StandIn(card, verdict)


@pytest.fixture
def app(classifier):
    limits = Limits(max_upload_bytes=MAX_UPLOAD_BYTES, rate=None)
    return create_app([classifier], limits=limits)


@pytest.fixture
def client(app):
    return app.test_client()


BOUNDARY = "a-line-between-parts"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


@pytest.fixture
def form():
    """The body and the content type of a form with photos, as a browser sends it.

    Werkzeug's test client would use a temporary file for large ones.
    """

    def encode(*contents, name="photo.jpg"):
        head = f'Content-Disposition: form-data; name="photo"; filename="{name}"'
        parts = (f"{head}\r\n\r\n".encode() + content for content in contents)
        line = f"--{BOUNDARY}".encode()
        body = b"".join(line + b"\r\n" + part + b"\r\n" for part in parts)
        return body + line + b"--\r\n", MULTIPART

    return encode


@pytest.fixture
def send(client, form):
    """Post photos, as ``send(path, content, content, ..., name=...)``."""

    def post(path, *contents, name="photo.jpg"):
        body, content_type = form(*contents, name=name)
        return client.post(path, data=body, content_type=content_type)

    return post


@pytest.fixture
def photo(root):
    """A drawn lesion, as the bytes of a PNG file."""
    return (root / "samples/drawn_tone3_irregular.png").read_bytes()


@pytest.fixture
def large_photo():
    """A JPEG of more than 500 kB, from where Werkzeug would use a temporary file."""
    noise = Image.effect_noise((1000, 1000), 80).convert("RGB")
    encoded = io.BytesIO()
    noise.save(encoded, "JPEG", quality=85)
    assert 500_000 < encoded.tell() < MAX_UPLOAD_BYTES
    return encoded.getvalue()


@pytest.fixture
def bomb():
    """A PNG of a few hundred bytes that claims 30,000 x 30,000 pixels."""
    return _png_claiming(30_000, 30_000)


@pytest.fixture
def wide():
    """A PNG that Pillow would take (with a warning), and the pages do not."""
    return _png_claiming(10_000, 10_000)


def _png_claiming(width, height):
    def chunk(kind, content):
        checked = kind + content
        return (
            struct.pack(">I", len(content))
            + checked
            + struct.pack(">I", zlib.crc32(checked))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(bytes(1000))))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b"")


@pytest.fixture
def hostile(photo, bomb, wide, root):
    """Files that are no photo to judge, by name."""
    jpeg = (root / "samples/drawn_tone3_irregular_rotated.jpg").read_bytes()
    picture = Image.new("RGB", (64, 64), "tan")
    gif, eps = io.BytesIO(), io.BytesIO()
    picture.save(gif, "GIF")
    picture.save(eps, "EPS")
    return {
        "empty": b"",
        "text": b"this is no photo",
        "page": b"<!doctype html><script>alert(1)</script>",
        "truncated PNG": photo[: len(photo) // 2],
        "truncated JPEG": jpeg[: len(jpeg) // 2],
        "only a JPEG's first bytes": jpeg[:20],
        "decompression bomb": bomb,
        "too many pixels": wide,
        "GIF": gif.getvalue(),
        "EPS, which starts Ghostscript": eps.getvalue(),
    }


@pytest.fixture
def written():
    """Paths opened for writing while the test runs, by any thread."""
    paths = []
    _watchers.append(paths)
    yield paths
    _watchers.remove(paths)


@pytest.fixture(scope="session")
def model_path(root):
    """A real model file; without one, skip."""
    named = os.environ.get("LESION_EDGE_TEST_MODEL")
    models = [Path(named)] if named else sorted((root / "models").glob("*.tflite"))
    if not models:
        pytest.skip("models/ holds no .tflite file; set LESION_EDGE_TEST_MODEL to one")
    pytest.importorskip("ai_edge_litert", reason="no interpreter is installed")
    return models[0]
