"""Files of verdicts: resumed after any kill, without loss or duplicates."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from edge_runtime.__main__ import main
from edge_runtime.batch import judged
from edge_runtime.commands.verdict_files import CSV, JSON_LINES, ResultFile
from edge_runtime.errors import ResultFileError

LAYOUTS = {"jsonl": JSON_LINES, "csv": CSV}
every_layout = pytest.mark.parametrize("form", LAYOUTS)


def photos_in_file(path, form):
    """Names in a file of verdicts, read by the standard library alone."""
    text = path.read_text(encoding="utf-8", errors="surrogateescape")
    if form == "jsonl":
        return [json.loads(line)["photo"] for line in text.splitlines()]
    with path.open(newline="", encoding="utf-8", errors="surrogateescape") as file:
        return [row["photo"] for row in csv.DictReader(file)]


@pytest.fixture
def folder(drawn, encoded, tmp_path):
    """Function: a folder of that many photos, one in ten unreadable."""

    def fill(count):
        folder = tmp_path / "photos"
        folder.mkdir()
        contents = [encoded(drawn(64, 64, seed=seed), "JPEG") for seed in range(9)]
        for place in range(count):
            content = [*contents, b"broken"][place % 10]
            (folder / f"photo {place:05}.jpg").write_bytes(content)
        return folder

    return fill


def command(model_path, folder, form, out, *words):
    return [
        sys.executable, "-m", "edge_runtime", "classify", str(model_path), str(folder),
        f"--{form}", str(out), *words,
    ]  # fmt: skip


def killed_and_resumed(model_path, folder, form, out, *, kill_after, count):
    """Kill the command whenever it wrote some lines, until it ends by itself."""
    kills = 0
    while True:
        done = subprocess.Popen(
            command(model_path, folder, form, out, "--workers", "2"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=Path(__file__).resolve().parents[3],
        )
        before = out.read_bytes().count(b"\n") if out.exists() else 0
        while done.poll() is None:
            lines = out.read_bytes().count(b"\n") if out.exists() else 0
            if kills < 3 and lines >= before + kill_after:
                done.send_signal(signal.SIGKILL)
                done.wait()
                kills += 1
                # As a power cut would: the last line is cut off in the middle.
                os.truncate(out, out.stat().st_size - 7)
                break
            time.sleep(0.002)
        else:
            assert done.returncode == 3
            assert kills == 3
            return photos_in_file(out, form)


@pytest.mark.slow
@every_layout
def test_a_killed_run_goes_on_without_loss_or_duplicates(
    model_path, classifier, folder, tmp_path, form
):
    photos, out = folder(600), tmp_path / f"out.{form}"
    found = killed_and_resumed(model_path, photos, form, out, kill_after=60, count=600)
    assert found == sorted(map(str, photos.iterdir()))


@pytest.mark.long
def test_ten_thousand_photos_survive_three_kills(
    model_path, classifier, folder, tmp_path
):
    photos, out = folder(10_000), tmp_path / "out.jsonl"
    found = killed_and_resumed(
        model_path, photos, "jsonl", out, kill_after=2500, count=10_000
    )
    assert found == sorted(map(str, photos.iterdir()))


@every_layout
def test_a_second_run_judges_nothing_again(
    model_path, classifier, folder, tmp_path, capsys, form
):
    out = tmp_path / f"out.{form}"
    words = ["classify", str(model_path), str(folder(10)), f"--{form}", str(out)]
    assert main(words) == 3
    first = out.read_bytes()
    capsys.readouterr()
    assert main(words) == 3
    assert out.read_bytes() == first
    assert "0 photos judged" in capsys.readouterr().out


@every_layout
@pytest.mark.parametrize("name", ['line\nbreak, "quoted".jpg', "ümläut €.jpg", "{.jpg"])
def test_any_name_is_cut_anywhere_and_comes_back(
    classifier, drawn, encoded, tmp_path, form, name
):
    photos = [tmp_path / name, tmp_path / f"z{name}"]
    for photo in photos:
        photo.write_bytes(encoded(drawn(), "PNG"))
    out = tmp_path / "out"

    def write():
        with ResultFile(out, LAYOUTS[form], classifier.card) as file:
            left = [photo for photo in photos if str(photo) not in file.done]
            for outcome in judged(classifier, left, 1):
                file.write(outcome)

    write()
    whole = out.read_bytes()
    for length in range(0, len(whole), 7):
        out.write_bytes(whole[:length])
        write()
        assert photos_in_file(out, form) == list(map(str, photos)), length


def test_a_table_says_no_more_of_an_unusable_photo_than_that(
    classifier, drawn, encoded, tmp_path
):
    photos = [tmp_path / "black.png", tmp_path / "lesion.png"]
    photos[0].write_bytes(encoded(np.zeros((99, 99, 3), np.uint8), "PNG"))
    photos[1].write_bytes(encoded(drawn(), "PNG"))
    out = tmp_path / "out.csv"
    with ResultFile(out, CSV, classifier.card) as file:
        for outcome in judged(classifier, photos, 1):
            file.write(outcome)
    with out.open(newline="") as read:
        black, lesion = csv.DictReader(read)
    assert (black["decision"], black["label"]) == ("unusable photo", "")
    assert black["reason"].startswith("No verdict is given")
    expected = classifier.classify(photos[1])
    assert (lesion["label"], lesion["reason"]) == (expected.label, expected.reason)
    assert float(lesion["probability"]) == expected.probability


class TestRefusals:
    @every_layout
    def test_verdicts_of_another_threshold(
        self, classifier, folder, tmp_path, form, changed
    ):
        out = tmp_path / "out"
        with ResultFile(out, LAYOUTS[form], classifier.card) as file:
            for outcome in judged(classifier, sorted(folder(10).iterdir()), 1):
                file.write(outcome)
        other = changed(classifier.card, "model_sha256", "0" * 64)
        before = out.read_bytes()
        with pytest.raises(ResultFileError, match="another model or threshold"):
            ResultFile(out, LAYOUTS[form], other)
        assert out.read_bytes() == before

    @every_layout
    @pytest.mark.parametrize(
        "content", [b"a,b\n1,2\n", b"[1]\n", b'{"photo": 1}\n', b"\xff\xd8"]
    )
    def test_a_file_of_something_else(self, classifier, tmp_path, form, content):
        out = tmp_path / "out"
        out.write_bytes(content)
        with pytest.raises(ResultFileError, match="something else"):
            ResultFile(out, LAYOUTS[form], classifier.card)
        assert out.read_bytes() == content

    def test_a_second_run_at_the_same_time(self, classifier, tmp_path):
        pytest.importorskip("fcntl")
        with (
            ResultFile(tmp_path / "out", JSON_LINES, classifier.card),
            pytest.raises(ResultFileError, match="another run"),
        ):
            ResultFile(tmp_path / "out", JSON_LINES, classifier.card)

    def test_a_folder_that_cannot_be_written(self, classifier, tmp_path):
        (tmp_path / "file").write_bytes(b"")
        with pytest.raises(ResultFileError, match="cannot be written"):
            ResultFile(tmp_path / "file" / "out", CSV, classifier.card)

    def test_a_full_disk(self, classifier, drawn):
        if not Path("/dev/full").exists():
            pytest.skip("needs /dev/full")
        (outcome,) = judged(classifier, [Path("absent.jpg")], 1)
        file = ResultFile.__new__(ResultFile)
        file._path, file._layout = Path("/dev/full"), JSON_LINES
        file._card = classifier.card
        file._file = Path("/dev/full").open("wb", buffering=0)
        with pytest.raises(ResultFileError, match="goes on where it stopped"):
            file.write(outcome)
        file._file.close()
