import hashlib
import json
import re
from pathlib import Path

import pytest

from web_demo.app import create_app
from web_demo.judging.capacity import Limits
from web_demo.routes import offline


@pytest.fixture(scope="module")
def real(model_path):
    """A client of an app with a real model, and the model."""
    from edge_runtime import LesionClassifier

    classifier = LesionClassifier.load(model_path)
    app = create_app([classifier], limits=Limits(rate=None))
    return app.test_client(), classifier


def test_the_model_is_served_to_the_byte_and_not_twice(real):
    client, classifier = real
    sha256 = classifier.card.model_sha256

    answer = client.get(f"/models/{sha256}.tflite")
    tag = answer.headers["ETag"]
    again = client.get(f"/models/{sha256}.tflite", headers={"If-None-Match": tag})

    assert hashlib.sha256(answer.data).hexdigest() == sha256
    assert answer.mimetype == "application/octet-stream"
    assert again.status_code == 304


def test_a_download_is_the_whole_file_with_its_card(real, model_path):
    client, classifier = real

    with client.get(f"/models/{classifier.card.name}/file") as answer:
        assert answer.data == model_path.read_bytes()


@pytest.mark.parametrize(
    "address",
    [
        "/models/none.tflite",
        "/models/none/file",
        "/litert/none.js",
        "/litert/..%2fx.js",
    ],
)
def test_there_is_nothing_else(client, address):
    assert client.get(address).status_code == 404


def settings_of(client):
    text = client.get("/sw.js").text
    return json.loads(re.match(r"const SETTINGS = (.*);\n", text)[1])


def test_everything_the_worker_stores_is_there(client):
    for address in settings_of(client)["files"]:
        with client.get(address) as answer:
            assert answer.status_code == 200, address


def test_what_is_said_to_work_without_network_is_stored(client):
    stored = settings_of(client)["files"]
    for page in ("/about", "/offline"):
        (told,) = re.findall(
            r'<ul class="offline-pages">(.*?)</ul>', client.get(page).text, re.DOTALL
        )
        addresses = re.findall(r'href="([^"]+)"', told)
        assert addresses == [
            "/", "/camera", "/history", "/compare", "/models", "/about", "/api",
        ]  # fmt: skip
        assert set(addresses) <= set(stored)


def test_a_new_library_reaches_returning_visitors(classifier, monkeypatch, tmp_path):
    library = tmp_path / "library"
    library.mkdir()
    monkeypatch.setattr(offline, "LIBRARY", library)
    versions = set()
    for content in ("one", "two"):
        (library / "index.js").write_text(content)
        versions.add(settings_of(create_app([classifier]).test_client())["version"])
    assert len(versions) == 2


def test_the_version_changes_with_the_files(client, app, classifier, monkeypatch):
    before = settings_of(client)["version"]
    assert f'name="version" content="{before}"' in client.get("/").text

    changed = Path(offline.__file__).parent / "templates"
    monkeypatch.setattr(offline, "STATIC", changed)
    judge = type("Judge", (), {"cards": (classifier.card,)})
    assert offline.version(judge) != before


def test_compressed_files_are_used_where_they_are_understood(
    client, tmp_path, monkeypatch
):
    monkeypatch.setattr(offline, "LIBRARY", tmp_path)
    (tmp_path / "a.js").write_bytes(b"plain")
    (tmp_path / "a.js.br").write_bytes(b"brotli")

    for accepted, expected in (
        ("gzip, br", b"brotli"),
        ("gzip", b"plain"),
        ("", b"plain"),
    ):
        with client.get(
            "/litert/a.js", headers={"Accept-Encoding": accepted}
        ) as answer:
            assert answer.data == expected
            assert (answer.headers.get("Content-Encoding") == "br") == (
                expected == b"brotli"
            )
