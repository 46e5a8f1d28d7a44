"""The command, started as a user starts it."""

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

from web_demo import serve


@pytest.fixture
def start(root, tmp_path):
    """Start ``serve.py`` from another folder; every process is ended afterwards."""
    started = []

    def run(*arguments):
        process = subprocess.Popen(
            [sys.executable, root / "web_demo/serve.py", *arguments],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def address_of(process):
    line = process.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:\d+", line)
    assert found, line + process.stderr.read()
    return found[0]


def post(address, body, content_type):
    headers = {"Content-Type": content_type}
    request = urllib.request.Request(address, body, headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def test_a_drawn_photo_is_classified_over_http(
    start, model_path, photo, form, tmp_path
):
    from edge_runtime import LesionClassifier

    process = start("--model", str(model_path), "--port", "0")
    (found,) = post(f"{address_of(process)}/api/v1/classify", *form(photo))["results"]
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=20)

    expected = LesionClassifier.load(model_path).classify(photo)
    assert found["probability"] == expected.probability
    assert found["threshold"] == expected.threshold
    assert found["decision"] == expected.decision
    assert found["model_sha256"] == expected.model_sha256
    assert process.returncode == 0
    assert "Traceback" not in errors
    assert not list(tmp_path.iterdir())


def test_ctrl_c_ends_it_cleanly(start, model_path):
    process = start("--model", str(model_path), "--port", "0")
    address_of(process)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)

    assert process.returncode == 130
    assert "Traceback" not in errors


def test_a_taken_port_is_named(model_path, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status = serve.main(["--model", str(model_path), "--port", str(port)])

    assert status == 1
    error = capsys.readouterr().err
    assert f"error: cannot listen on 127.0.0.1 port {port}" in error
    assert "in use" in error and "--port" in error


def test_a_missing_model_is_named(tmp_path, capsys):
    status = serve.main(["--model", str(tmp_path / "none.tflite")])

    assert status == 1
    assert re.match(r"error: .*none\.tflite", capsys.readouterr().err)


@pytest.mark.parametrize("content", [b"", b"no model", b"\x1c\x00\x00\x00TFL3" * 9])
def test_a_file_without_a_card_is_refused(tmp_path, content, capsys):
    path = tmp_path / "bare.tflite"
    path.write_bytes(content)

    status = serve.main(["--model", str(path)])

    assert status == 1
    assert re.match(r"error: .*bare\.tflite", capsys.readouterr().err)


def test_a_damaged_model_is_refused(tmp_path, model_path, capsys):
    content = bytearray(model_path.read_bytes())
    content[len(content) // 2] ^= 1
    path = tmp_path / "damaged.tflite"
    path.write_bytes(content)

    assert serve.main(["--model", str(path)]) == 1
    assert capsys.readouterr().err.startswith("error: ")


@pytest.mark.parametrize("word", ["-1", "65536", "http", ""])
def test_a_port_that_is_none_is_a_usage_mistake(word, capsys):
    with pytest.raises(SystemExit) as caught:
        serve.parse(["--model", "m.tflite", "--port", word])

    assert caught.value.code == 2
    assert "--port" in capsys.readouterr().err


def test_a_missing_extra_names_the_command_that_installs_it(
    model_path, monkeypatch, capsys
):
    monkeypatch.setitem(sys.modules, "web_demo.guards.http_server", None)

    assert serve.main(["--model", str(model_path)]) == 1
    assert 'pip install -e ".[web]"' in capsys.readouterr().err


def test_settings_are_as_the_help_says(capsys):
    settings = serve.parse(["--model", "m.tflite"])

    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
