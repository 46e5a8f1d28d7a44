"""A model file is replaced under a running program."""

import shutil
import socket

import pytest

from edge_runtime.camera.service import ServedModel, ServiceNotice
from edge_runtime.errors import ModelFileError
from edge_runtime.model import interpreter


@pytest.fixture
def served(model_path, classifier, tmp_path):
    return ServedModel(shutil.copy(model_path, tmp_path / "model.tflite"))


def damages(content):
    """What a half-done or wrong replacement leaves in a file's place."""
    flipped = bytearray(content)
    flipped[len(content) // 3] ^= 4
    return [
        b"",
        content[: len(content) // 2],
        bytes(flipped),
        content + b"\0",
        b"GIF89a",
    ]


def test_a_damaged_new_file_never_serves_nor_reaches_an_interpreter(
    served, drawn, monkeypatch
):
    before = served.current.classify(drawn()).probability
    serving = served.current
    monkeypatch.setattr(
        interpreter, "open_interpreter", lambda *_, **__: pytest.fail("it was opened")
    )
    for content in damages(served.path.read_bytes()):
        served.path.write_bytes(content)
        error = served.reload()
        assert isinstance(error, ModelFileError)
        assert str(served.path) in str(error)
        assert served.current is serving
        assert served.current.classify(drawn()).probability == before


def test_a_removed_file_leaves_the_old_model_in_use(served, drawn):
    served.path.unlink()
    assert isinstance(served.reload(), ModelFileError)
    assert served.current.classify(drawn()).decision


def test_a_good_new_file_is_used_from_then_on(served, root, drawn):
    others = [
        path
        for path in sorted((root / "models").glob("*.tflite"))
        if path.read_bytes() != served.path.read_bytes()
    ]
    if not others:
        pytest.skip("needs a second model in models/")
    old = served.current
    served.path.write_bytes(others[0].read_bytes())
    # Replaced on the disk only: nobody asked for it yet.
    assert served.current.classify(drawn()).model == old.card.name
    assert served.reload() is None
    assert served.current.card.name == others[0].stem
    # Whoever still holds the old one may finish with it.
    assert old.classify(drawn()).model == old.card.name


@pytest.mark.parametrize("abstract", [True, False], ids=["abstract", "path"])
def test_systemd_hears_each_message(tmp_path, abstract):
    name = f"@{tmp_path}/notify" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(f"\0{name[1:]}" if abstract else name)
        notice = ServiceNotice({"NOTIFY_SOCKET": name})
        notice.ready("watches rpicam")
        notice.alive()
        notice.stopping()
        heard = [systemd.recv(200).decode() for _ in range(3)]
    assert heard == ["READY=1\nSTATUS=watches rpicam", "WATCHDOG=1", "STOPPING=1"]


def test_without_systemd_or_when_it_is_gone_nothing_happens(tmp_path):
    ServiceNotice({}).ready("")
    ServiceNotice({"NOTIFY_SOCKET": str(tmp_path / "gone")}).alive()
