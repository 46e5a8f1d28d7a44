"""Updates over the air: a real server on loopback, and power lost at every step."""

import dataclasses
import datetime
import functools
import hashlib
import http.server
import os
import subprocess
import sys
import threading

import pytest

from edge_runtime.__main__ import main
from edge_runtime.golden_check import check_golden
from edge_runtime.model_file import read_model_file, write_model_file
from edge_runtime.release import Release, RollbackTarget, opened, signed
from edge_runtime.verdict import NOTICE
from edge_runtime.version import VERSION

ed25519 = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ed25519")
serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")

# Ends the process, as a loss of power would, before or after the Nth call that changes
# what is on the disk; what was not synced is not lost here, which a rename relies on.
KILLED = """
import os, pathlib, sys
calls, at, late = [0], int(sys.argv[1]), sys.argv[2] == "late"

def counted(call):
    def wrapped(*words, **options):
        calls[0] += 1
        if calls[0] == at and not late:
            os._exit(137)
        result = call(*words, **options)
        if calls[0] == at:
            os._exit(137)
        return result
    return wrapped

os.fsync = counted(os.fsync)
pathlib.Path.replace = counted(pathlib.Path.replace)
pathlib.Path.unlink = counted(pathlib.Path.unlink)
if not late:
    from edge_runtime import atomic
    real = os.fdopen
    class Half:
        # Writes half of what it is given, then the power goes.
        def __init__(self, file): self.file = file
        def __enter__(self): self.file.__enter__(); return self
        def __exit__(self, *reasons): return self.file.__exit__(*reasons)
        def __getattr__(self, name): return getattr(self.file, name)
        def write(self, content):
            calls[0] += 1
            if calls[0] == at:
                self.file.write(content[: len(content) // 2])
                self.file.flush()
                os._exit(137)
            return self.file.write(content)
    os.fdopen = lambda *words, **options: Half(real(*words, **options))
from edge_runtime.__main__ import main
sys.exit(main(sys.argv[3:]))
"""


def _sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


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
            format=1,
            notice=NOTICE,
            network=card.network,
            model=card.name,
            version=version,
            file="model.tflite",
            file_bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            minimum_runtime=VERSION,
            threshold_score=card.threshold.score,
            threshold_probability=card.threshold.probability,
            created=now.isoformat(),
            expires=(now + datetime.timedelta(days=1)).isoformat(),
            rollback=None,
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
def unchanged(device):
    """A function: the device still has the file it had when the test began."""
    before = _sha256(device)

    def check():
        assert _sha256(device) == before
        read_model_file(device)

    return check


def test_newer_release_is_installed_and_the_old_one_kept(
    update, publish, serve, device, other_model
):
    old = _sha256(device)
    status, said = update(serve(publish()))
    assert status == 0, said
    assert "release 1" in said
    assert "not a medical device" in said
    assert _sha256(device) == _sha256(other_model)
    assert _sha256(device.with_name("model.tflite.previous")) == old
    # Asked again, there is nothing to do.
    status, said = update(serve(publish()))
    assert status == 0
    assert "already" in said


def test_folder_serves_as_well_as_a_server(update, publish, device, other_model):
    assert update(publish())[0] == 0
    assert _sha256(device) == _sha256(other_model)


def test_rollback_by_hand_and_no_way_up_to_what_was_left(
    update, publish, device, unchanged
):
    place = publish()
    assert update(place)[0] == 0
    status, said = update(None, "--rollback")
    assert status == 0, said
    unchanged()
    # The release that was left is not taken again by itself, a newer one is.
    status, said = update(place)
    assert (status, "not newer" in said) == (1, True)
    unchanged()
    assert update(publish(2))[0] == 0
    assert update(None, "--rollback")[0] == 0
    assert update(None, "--rollback")[0] == 1


def test_downgrade_is_refused(update, publish, model_path, device):
    assert update(publish(5))[0] == 0
    before = _sha256(device)
    old = publish(4, content=model_path.read_bytes(), name="old")
    status, said = update(old)
    assert (status, "not newer" in said) == (1, True)
    assert _sha256(device) == before


def test_replay_with_other_content_is_refused(update, publish, model_path, device):
    assert update(publish(5))[0] == 0
    before = _sha256(device)
    status, _ = update(publish(5, content=model_path.read_bytes(), name="again"))
    assert status == 1
    assert _sha256(device) == before


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


def test_one_of_several_keys_is_enough(update, publish, keys):
    assert update(publish(), "--key", str(keys[1][1]))[0] == 0


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
        assert (status, "cannot be had" in said) == (1, True), said


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
    from edge_runtime.calibration import calibrated

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


def test_failure_in_place_rolls_back_by_itself(monkeypatch, update, publish, unchanged):
    """The disk gives other bytes in place than were staged."""
    import edge_runtime.update

    real = edge_runtime.update.self_test

    def fails_in_place(path, release=None):
        real(path, release)
        if not path.name.startswith("."):
            raise edge_runtime.update.SelfTestError("it fails in place")

    monkeypatch.setattr(edge_runtime.update, "self_test", fails_in_place)
    place = publish()
    assert update(place)[0] == 4
    unchanged()
    monkeypatch.undo()
    # What failed here is not tried at every turn.
    status, said = update(place)
    assert (status, "failed here" in said) == (1, True)
    unchanged()


def test_site_s_own_threshold_is_not_lost_without_a_word(
    update, publish, device, unchanged
):
    device.with_name("model.site.json").write_text("{}")
    status, said = update(publish())
    assert (status, "calibrate again" in said) == (1, True)
    unchanged()


def test_dry_run_changes_nothing(update, publish, device, unchanged):
    status, said = update(publish(), "--dry-run")
    assert (status, "would be installed" in said) == (0, True)
    unchanged()
    assert not device.with_name("model.tflite.update.json").exists()


def test_second_update_at_the_same_time_is_kept_out(update, publish, device, unchanged):
    fcntl = pytest.importorskip("fcntl")
    with device.with_name(".model.tflite.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        status, said = update(publish())
    assert (status, "at work" in said) == (1, True)
    unchanged()


def test_file_copied_by_hand_can_be_updated(update, publish, device, model_path):
    assert update(publish(3))[0] == 0
    file = read_model_file(model_path)
    card = dataclasses.replace(file.card, description="by hand")
    write_model_file(device, file.model, card, file.labels, file.golden)
    assert update(publish(3))[0] == 1
    assert update(publish(4))[0] == 0


def test_words_that_make_no_sense_are_refused(update, publish):
    assert update(None)[0] == 1
    assert update(publish(), "--rollback")[0] == 1


def test_missing_library_is_named(monkeypatch, update, publish, unchanged):
    monkeypatch.setitem(
        sys.modules, "cryptography.hazmat.primitives.serialization", None
    )
    status, said = update(publish())
    assert (status, "pip install 'cryptography" in said) == (1, True)
    unchanged()


def test_rollback_target_travels_with_the_release(publish, keys):
    target = RollbackTarget(1, "0" * 64)
    place = publish(2, rollback=target)
    content = (place / "release.json").read_bytes()
    assert opened(content, [keys[0][1]]).rollback == target


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["early", "late"])
def test_power_lost_at_every_step(
    publish, keys, device, other_model, model_path, moment, tmp_path
):
    """After each loss the file in place is whole, and the next update gets through."""
    place, steps, cut = publish(), 0, 0
    ours = {_sha256(model_path), _sha256(other_model)}
    words = ["update", "--model", device, "--from", place, "--key", keys[0][1]]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for at in range(1, 60):
        for path in device.parent.iterdir():
            path.unlink()
        device.write_bytes(model_path.read_bytes())
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(at), moment, *map(str, words)],
            capture_output=True, text=True, env=environment, check=False,
        )  # fmt: skip
        assert done.returncode in (0, 137), done.stderr
        assert _sha256(device) in ours
        read_model_file(device)
        if done.returncode == 0:
            break
        steps += 1
        cut += _sha256(device) == _sha256(other_model)
        assert main([str(word) for word in words]) == 0
        assert _sha256(device) == _sha256(other_model)
        kept = device.with_name("model.tflite.previous")
        assert _sha256(kept) == _sha256(model_path)
        # Nothing half written is left to fill the disk.
        left = {
            path.name.removeprefix("model.tflite") for path in device.parent.iterdir()
        }
        assert left == {"", ".previous", ".update.json", ".model.tflite.lock"}
        assert main(["update", "--model", str(device), "--rollback"]) == 0
        assert _sha256(device) == _sha256(model_path)
    else:
        pytest.fail("the update never came to its end")
    # Both sides of the swap were met.
    assert steps >= 8
    assert 0 < cut < steps
