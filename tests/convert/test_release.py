"""Releases signed here are taken, or refused, by the runtime's own verb."""

import dataclasses
import json
import stat

import numpy as np
import pytest

from convert.cards.golden import golden_npz
from convert.cards.golden_pictures import golden_pngs
from convert.release import fallen, main
from edge_runtime.__main__ import main as runtime
from edge_runtime.model.file import read_model_file, write_model_file
from edge_runtime.model.operating_point import share_of
from edge_runtime.update.release import opened


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    name = tmp_path_factory.mktemp("keys") / "publisher"
    assert main(["--make-key", str(name)]) == 0
    return name.with_suffix(".key"), name.with_suffix(".pub")


@pytest.fixture(scope="module")
def shipped(root):
    return root / "models/cnn32.qat_int8.tflite"


@pytest.fixture
def sign(shipped, keys, tmp_path):
    """A function: sign a release of the shipped file; exit status and folder."""

    def run(version, *words, name="release", model=shipped):
        out = tmp_path / name
        return main([str(model), "--version", str(version), "--key", str(keys[0]),
                     "--out", str(out), *words]), out  # fmt: skip

    return run


def test_private_key_is_the_owner_s_alone(keys):
    assert stat.S_IMODE(keys[0].stat().st_mode) == 0o600
    assert b"PRIVATE" in keys[0].read_bytes()
    assert b"PRIVATE" not in keys[1].read_bytes()


def test_key_is_never_written_over(keys, capsys):
    before = keys[0].read_bytes()
    assert main(["--make-key", str(keys[0].with_suffix(""))]) == 1
    assert "already" in capsys.readouterr().err
    assert keys[0].read_bytes() == before


def test_device_takes_what_was_signed(sign, keys, shipped, tmp_path):
    status, out = sign(1)
    assert status == 0
    device = tmp_path / "device.tflite"
    file = read_model_file(shipped)
    card = dataclasses.replace(file.card, description="an older one")
    write_model_file(device, file.model, card, file.labels, file.golden)
    words = ["--model", str(device), "--from", str(out), "--key", str(keys[1])]
    assert runtime(["update", *words]) == 0
    assert device.read_bytes() == shipped.read_bytes()


def test_release_says_what_the_card_says(sign, keys, shipped):
    _, out = sign(7, "--days", "3")
    release = opened((out / "release.json").read_bytes(), [keys[1]])
    card = read_model_file(shipped).card
    assert (release.version, release.model, release.network) == (7, card.name, "cnn32")
    assert release.threshold_score == card.threshold.score
    assert (out / release.file).stat().st_size == release.file_bytes
    days = np.datetime64(release.expires[:19]) - np.datetime64(release.created[:19])
    assert days == np.timedelta64(3 * 24 * 3600, "s")
    assert "not a medical device" in release.notice


@pytest.fixture
def worse(shipped, tmp_path):
    """The shipped file with a card that tells of much less recall on the test."""
    file = read_model_file(shipped)
    n = file.card.accuracy[0].recall.n
    accuracy = tuple(
        dataclasses.replace(each, recall=share_of(each.recall.n // 2, each.recall.n))
        for each in file.card.accuracy
    )
    assert n
    path = tmp_path / "worse.tflite"
    card = dataclasses.replace(file.card, accuracy=accuracy)
    write_model_file(path, file.model, card, file.labels, file.golden)
    return path


def test_a_release_that_is_worse_than_the_one_before_is_not_signed(
    sign, worse, keys, capsys
):
    assert sign(1)[0] == 0
    assert "not compared" in capsys.readouterr().out
    status, out = sign(2, model=worse)
    said = capsys.readouterr()
    assert status == 4
    assert "recall on" in said.err
    assert "Nothing was signed" in said.err
    assert "release 1 AUC" in said.out
    assert opened((out / "release.json").read_bytes(), [keys[1]]).version == 1
    assert sign(2, "--accept-worse", model=worse)[0] == 0
    # The same file again is no worse.
    assert sign(3, model=worse)[0] == 0


def test_the_release_before_may_lie_elsewhere_and_must_be_older(sign, worse, capsys):
    _, old = sign(2, name="old")
    assert sign(3, "--before", str(old), name="new", model=worse)[0] == 4
    assert sign(2, "--before", str(old), name="same")[0] == 1
    assert "expected --version 3" in capsys.readouterr().err


def test_chance_is_no_fall(card):
    now = card.accuracy[0]
    n = now.recall.n
    before = dataclasses.replace(
        now, recall=share_of(min(n, now.recall.successes + 1), n)
    )
    assert fallen(now, before) == []
    low = dataclasses.replace(
        now, auc=now.auc - 0.2, auc_low=now.auc_low - 0.2, auc_high=now.auc_high - 0.2
    )
    assert fallen(low, now) == ["AUC"]
    assert fallen(now, low) == []


def test_a_key_is_not_made_inside_a_repository(tmp_path, capsys):
    (tmp_path / ".git").mkdir()
    assert main(["--make-key", str(tmp_path / "deep" / "publisher")]) == 1
    assert "lies in the repository" in capsys.readouterr().err
    assert not (tmp_path / "deep").exists()


def test_a_key_without_a_name_lies_in_the_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert main(["--make-key"]) == 0
    key = tmp_path / ".config/lesion-edge/publisher.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700


def test_a_site_s_threshold_goes_along_unless_left_aside(
    sign, shipped, keys, site_file, tmp_path
):
    model = tmp_path / shipped.name
    model.write_bytes(shipped.read_bytes())
    score = site_file(model)
    for words, expected in (((), score), (("--without-site",), None)):
        status, out = sign(1, *words, model=model, name=f"r{len(words)}")
        assert status == 0
        release = opened((out / "release.json").read_bytes(), [keys[1]])
        carried = read_model_file(out / release.file).card.threshold
        expected = expected or read_model_file(shipped).card.threshold.score
        assert release.threshold_score == carried.score == expected


def test_file_that_fails_its_golden_vectors_is_not_signed(
    sign, shipped, tmp_path, capsys
):
    file = read_model_file(shipped)
    wrong = tmp_path / "wrong.tflite"
    golden = golden_npz(
        golden_pngs(32), lambda stored: np.array([7], stored.dtype), file.card
    )
    write_model_file(wrong, file.model, file.card, file.labels, golden)
    status, out = sign(1, model=wrong)
    assert status == 4
    assert "Nothing was signed" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize(
    "words",
    [[], ["model"], ["--make-key", "k", "model", "--version", "1", "--key", "k",
                     "--out", "o"], ["m", "--version", "0", "--key", "k", "--out", "o"],
     ["m", "--version", "1", "--key", "k", "--out", "o", "--minimum-runtime", "new"]],
)  # fmt: skip
def test_words_that_make_no_sense_are_wrong_usage(words, capsys):
    with pytest.raises(SystemExit) as raised:
        main(words)
    assert raised.value.code == 2
    assert capsys.readouterr().err


def test_key_of_another_kind_is_refused(sign, keys, shipped, tmp_path, capsys):
    words = [str(shipped), "--version", "1", "--out", str(tmp_path / "x")]
    for key in (keys[1], tmp_path / "missing.key"):
        assert main([*words, "--key", str(key)]) == 1
        assert str(key) in capsys.readouterr().err


def test_envelope_is_json_that_holds_no_key(sign):
    _, out = sign(1)
    envelope = json.loads((out / "release.json").read_text())
    assert sorted(envelope) == ["format", "payload", "signature"]
