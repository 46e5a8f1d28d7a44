"""What is no sound release leaves the device as it was."""

import dataclasses
import datetime
import http.server
import sys

import pytest

from edge_runtime.__main__ import main
from edge_runtime.model.file import read_model_file, write_model_file
from edge_runtime.update.release import opened

ed25519 = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ed25519")
serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")


def test_downgrade_is_refused(sha256, update, publish, model_path, device):
    assert update(publish(5))[0] == 0
    before = sha256(device)
    old = publish(4, content=model_path.read_bytes(), name="old")
    status, said = update(old)
    assert (status, "not newer" in said) == (1, True)
    assert sha256(device) == before


def test_replay_with_other_content_is_refused(
    sha256, update, publish, model_path, device
):
    assert update(publish(5))[0] == 0
    before = sha256(device)
    status, _ = update(publish(5, content=model_path.read_bytes(), name="again"))
    assert status == 1
    assert sha256(device) == before


def test_expired_is_refused(update, publish, unchanged):
    past = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=5)
    status, said = update(publish(expires=past.isoformat()))
    assert (status, "expired" in said) == (1, True)
    unchanged()


def test_clock_that_was_never_set_is_named(update, publish, unchanged):
    now = datetime.datetime.now(datetime.UTC)
    later = now + datetime.timedelta(days=400)
    status, said = update(publish(created=later.isoformat(), expires=later.isoformat()))
    assert (status, "set the clock" in said) == (1, True)
    unchanged()


@pytest.mark.parametrize(
    "text",
    ["", "{}", '{"format": 1, "payload": "e30=", "signature": ""}', "\x00\xff" * 9],
)
def test_unsigned_is_refused(update, publish, unchanged, text):
    place = publish()
    (place / "release.json").write_text(text, encoding="latin-1")
    assert update(place)[0] == 1
    unchanged()


def test_wrong_key_is_refused(update, publish, keys, unchanged):
    status, said = update(publish(key=keys[1][0]))
    assert (status, "none of the keys" in said) == (1, True)
    status, said = update(publish(), key=keys[1][1])
    assert (status, "none of the keys" in said) == (1, True)
    unchanged()


def test_no_flipped_bit_of_a_release_is_believed(publish, keys):
    content = (publish() / "release.json").read_bytes()
    good = opened(content, [keys[0][1]])
    believed = 0
    for place in range(0, len(content), 7):
        for bit in (0x01, 0x20):
            damaged = bytearray(content)
            damaged[place] ^= bit
            try:
                # A changed space between the fields is no harm.
                assert opened(bytes(damaged), [keys[0][1]]) == good
                believed += 1
            except Exception as error:
                assert type(error).__name__ == "UpdateError", error
    assert believed < len(content) // 7


def test_another_purpose_s_signature_is_refused(publish, keys):
    import base64
    import json

    envelope = json.loads((publish() / "release.json").read_text())
    payload = base64.b64decode(envelope["payload"])
    envelope["signature"] = base64.b64encode(keys[0][0].sign(payload)).decode()
    from edge_runtime.errors import UpdateError

    with pytest.raises(UpdateError, match="none of the keys"):
        opened(json.dumps(envelope).encode(), [keys[0][1]])


def test_truncated_download_is_refused(update, publish, serve, unchanged):
    folder = publish()
    whole = (folder / "model.tflite").read_bytes()

    class HangsUp(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            content = (folder / self.path.lstrip("/")).read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            is_model = content == whole
            self.wfile.write(content[: len(content) // 2] if is_model else content)

        def log_message(self, *_):
            pass

    status, said = update(serve(folder, HangsUp))
    assert (status, "cut short" in said) == (1, True), said
    unchanged()


@pytest.mark.parametrize("change", [lambda x: x[:-1], lambda x: x[:-9] + b"123456789"])
def test_changed_or_short_file_is_refused(update, publish, unchanged, change):
    folder = publish()
    model = folder / "model.tflite"
    model.write_bytes(change(model.read_bytes()))
    status, said = update(folder)
    assert (status, "promises" in said) == (1, True), said
    unchanged()


def test_endless_answer_is_not_taken(update, publish, serve, unchanged):
    class Endless(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            try:
                for _ in range(200):
                    self.wfile.write(bytes(1024))
            except OSError:
                return

        def log_message(self, *_):
            pass

    status, said = update(serve(publish(), Endless))
    assert (status, "larger than" in said) == (1, True), said
    unchanged()


def test_missing_server_and_missing_release_are_named(update, serve, tmp_path):
    (tmp_path / "empty").mkdir()
    for place in (tmp_path / "empty", serve(tmp_path / "empty"), "http://127.0.0.1:9"):
        status, said = update(place)
        assert (status, "cannot be fetched" in said) == (1, True), said


def test_other_network_and_newer_runtime_are_refused(update, publish, unchanged):
    status, said = update(publish(network="another"))
    assert (status, "another network" in said) == (1, True)
    status, said = update(publish(minimum_runtime="99.0.0"))
    assert (status, "Update the package" in said) == (1, True)
    unchanged()


def test_file_name_cannot_leave_the_folder(publish):
    with pytest.raises(ValueError, match="plain name"):
        publish(file="../model.tflite")


def test_model_that_fails_its_golden_vectors_stays_out(
    update, publish, unchanged, model_path, tmp_path
):
    file = read_model_file(model_path)
    # Another temperature: all cards agree with themselves, the golden probabilities do
    # not agree with the card.
    from edge_runtime.evaluation.temperature import calibrated

    half = file.card.temperature / 2
    card = dataclasses.replace(
        file.card,
        temperature=half,
        threshold=dataclasses.replace(
            file.card.threshold,
            probability=calibrated(file.card.threshold.score, half),
        ),
        uncertainty=dataclasses.replace(
            file.card.uncertainty,
            low_probability=calibrated(file.card.uncertainty.low_score, half),
        ),
    )
    path = tmp_path / "wrong.tflite"
    write_model_file(path, file.model, card, file.labels, file.golden)
    status, said = update(publish(content=path.read_bytes()))
    assert (status, "probability differs" in said) == (4, True), said
    unchanged()


def test_release_that_speaks_of_another_threshold_stays_out(update, publish, unchanged):
    status, said = update(publish(threshold_score=0.99))
    assert (status, "0.99" in said) == (4, True), said
    unchanged()


def test_missing_library_is_named(monkeypatch, update, publish, unchanged):
    monkeypatch.setitem(
        sys.modules, "cryptography.hazmat.primitives.serialization", None
    )
    status, said = update(publish())
    assert (status, "pip install 'cryptography" in said) == (1, True)
    unchanged()


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ([], ["--from", "--key", "--rollback"]),
        (["--from", "releases"], ["--key", "public key", "--make-key"]),
        (["--from", "releases", "--key", "k.pub", "--rollback"], ["one of them"]),
    ],
)
def test_words_that_do_not_fit_together_say_which_ones_do(
    device, capsys, words, wanted
):
    assert main(["update", "--model", str(device), *words]) == 1
    said = capsys.readouterr().err
    assert all(word in said for word in wanted), said
