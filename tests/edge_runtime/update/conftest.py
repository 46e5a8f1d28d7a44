"""Updates over the air: a device, a publisher and a real server on loopback."""

import dataclasses
import datetime
import functools
import hashlib
import http.server
import threading

import pytest

from edge_runtime.__main__ import main
from edge_runtime.model.file import read_model_file, write_model_file
from edge_runtime.model.golden import check_golden
from edge_runtime.update.release import RELEASE_FORMAT, Release, signed
from edge_runtime.verdict import NOTICE
from edge_runtime.version import VERSION

ed25519 = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ed25519")
serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")


@pytest.fixture(scope="session")
def sha256():
    """A function: the SHA-256 of a file."""
    return lambda path: hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """Two private keys and the files of their public ones."""
    folder = tmp_path_factory.mktemp("keys")
    made = []
    for name in ("publisher", "stranger"):
        key = ed25519.Ed25519PrivateKey.generate()
        public = folder / f"{name}.pub"
        public.write_bytes(
            key.public_key().public_bytes(
                serialization.Encoding.PEM,
                serialization.PublicFormat.SubjectPublicKeyInfo,
            )
        )
        made.append((key, public))
    return made


@pytest.fixture(scope="module")
def other_model(model_path, classifier, tmp_path_factory):
    """A model file of the same network with other bytes, that passes its test."""
    file = read_model_file(model_path)
    card = dataclasses.replace(file.card, description="the next one")
    path = tmp_path_factory.mktemp("next") / model_path.name
    write_model_file(path, file.model, card, file.labels, file.golden)
    assert check_golden(read_model_file(path)) == ()
    return path


@pytest.fixture
def device(tmp_path, model_path):
    """A copy of the model in place on a device."""
    path = tmp_path / "device/model.tflite"
    path.parent.mkdir()
    path.write_bytes(model_path.read_bytes())
    return path


@pytest.fixture
def publish(tmp_path, other_model, keys):
    """A function: a folder with a signed release; words replace fields of it."""

    def made(version=1, *, content=None, key=keys[0][0], name="release", **fields):
        content = other_model.read_bytes() if content is None else content
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        card = read_model_file(other_model).card
        now = datetime.datetime.now(datetime.UTC)
        release = Release(
            format=RELEASE_FORMAT,
            notice=NOTICE,
            network=card.network,
            model=card.name,
            version=version,
            file="model.tflite",
            file_bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            minimum_runtime=VERSION,
            threshold_score=card.threshold.score,
            created=now.isoformat(),
            expires=(now + datetime.timedelta(days=1)).isoformat(),
        )
        release = dataclasses.replace(release, **fields)
        (folder / "model.tflite").write_bytes(content)
        (folder / "release.json").write_text(signed(release, key))
        return folder

    return made


@pytest.fixture
def serve():
    """A function: the address of a folder, served by HTTP on loopback."""
    servers = []

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    def started(folder, handler=None):
        made = handler or functools.partial(Quiet, directory=folder)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), made)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield started
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def update(device, keys, capsys):
    """A function: run the verb on the device; exit status and what it printed."""

    def run(place, *words, key=keys[0][1]):
        capsys.readouterr()
        where = [] if place is None else ["--from", str(place), "--key", str(key)]
        status = main(["update", "--model", str(device), *where, *words])
        printed = capsys.readouterr()
        return status, printed.out + printed.err

    return run


@pytest.fixture
def unchanged(sha256, device):
    """A function: the device still has the file it had when the test began."""
    before = sha256(device)

    def check():
        assert sha256(device) == before
        read_model_file(device)

    return check
