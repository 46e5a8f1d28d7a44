"""What goes wrong is one line: in words, or as JSON for a collector."""

import json

import pytest

from edge_runtime.__main__ import main
from edge_runtime.terminal import logs


@pytest.fixture(autouse=True)
def afterwards_as_before():
    yield
    logs.choose_form("text")


@pytest.mark.parametrize("by", ["flag", "environment"])
def test_errors_are_json_where_asked_for(by, monkeypatch, tmp_path, capsys):
    words = ["classify", str(tmp_path / "absent.tflite"), "photo"]
    if by == "flag":
        words = ["--log", "json", *words]
    else:
        monkeypatch.setenv(logs.VARIABLE, "json")
    assert main(words) == 1
    line = json.loads(capsys.readouterr().err)
    assert line["level"] == "error"
    assert "absent.tflite" in line["message"]
    assert line["time"].endswith("+00:00")


def test_each_unreadable_photo_is_a_line(
    model_path, classifier, drawn, encoded, tmp_path, capfd
):
    (tmp_path / "a.png").write_bytes(encoded(drawn(), "PNG"))
    (tmp_path / "b.jpg").write_bytes(b"x\ny")
    assert main(["--log", "json", "classify", str(model_path), str(tmp_path)]) == 3
    first, last = map(json.loads, capfd.readouterr().err.splitlines())
    assert (first["level"], first["photo"]) == ("error", str(tmp_path / "b.jpg"))
    assert last["failed"] == 1


def test_an_unknown_form_is_refused():
    with pytest.raises(ValueError, match="xml"):
        logs.choose_form("xml")
