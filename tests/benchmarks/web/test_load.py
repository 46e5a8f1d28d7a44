import http.server
import json
import threading

import pytest

from benchmarks.web import load
from benchmarks.web.load import Photo, Tally, send_until_judged
from benchmarks.web.server import Client

PHOTO = Photo(b"body", {}, 0.75)


@pytest.fixture
def model(root):
    pytest.importorskip("flask", reason="the web extra is not installed")
    models = sorted(
        (root / "models").glob("*.tflite"), key=lambda it: it.stat().st_size
    )
    if not models:
        pytest.skip("models/ holds no .tflite file")
    return models[0]


@pytest.mark.slow
def test_every_photo_gets_its_verdict(model, tmp_path, capsys):
    out = tmp_path / "load.json"
    words = ["--model", str(model), "--clients", "1", "24", "--seconds", "1"]

    assert load.main([*words, "--out", str(out)]) == 0

    one, many = json.loads(out.read_text())["loads"]
    for found in (one, many):
        assert found["photos"] > 0
        assert found["lost"] == 0 and found["wrong"] == []
        assert found["answer_ms"] == sorted(found["answer_ms"])
    # Ten places, 24 clients.
    assert many["turned_away"] > 0
    assert one["turned_away"] == 0
    assert "photos/s" in capsys.readouterr().out


@pytest.fixture
def answering():
    """Start a server that gives these statuses in turn, always the same probability."""
    servers = []

    def start(*statuses):
        left = list(statuses)

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                found = {"results": [{"probability": PHOTO.probability}]}
                body = json.dumps(found).encode()
                self.send_response(left.pop(0))
                self.send_header("Retry-After", "0")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *words):
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        servers.append((server, thread))
        return Client("127.0.0.1", server.server_address[1])

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


def sent(client, photo=PHOTO):
    tally = Tally()
    send_until_judged(client, photo, tally)
    client.close()
    return tally


def test_who_is_turned_away_sends_the_photo_again(answering):
    tally = sent(answering(503, 503, 200))

    assert tally.turned_away == 2
    assert len(tally.verdict_ms) == len(tally.answer_ms) == 1
    assert tally.verdict_ms[0] >= tally.answer_ms[0]
    assert not tally.wrong


def test_another_error_and_another_verdict_are_noticed(answering):
    other = Photo(PHOTO.body, PHOTO.headers, 0.5)

    assert "500" in sent(answering(500)).wrong[0]
    assert "another verdict" in sent(answering(200), other).wrong[0]


def test_a_server_that_is_gone_is_noticed(answering):
    client = answering()

    assert len(sent(client).wrong) == 1
