"""``python -m edge_runtime classify``: what it prints, and how it ends."""

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from edge_runtime.__main__ import main
from edge_runtime.model.evidence import headline
from edge_runtime.verdict import NOTICE


@pytest.fixture
def photos(drawn, encoded, tmp_path):
    """A folder of three good photos."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed in range(3):
        content = encoded(drawn(seed=seed), "JPEG")
        (folder / f"photo{seed}.jpg").write_bytes(content)
    return folder


@pytest.fixture
def classify(model_path, classifier):
    """Function: runs the verb on the model at hand; returns the exit status."""

    def run(*words):
        return main(["classify", str(model_path), *map(str, words)])

    return run


class TestTable:
    def test_every_photo_has_a_line(self, classify, photos, capfd):
        assert classify(photos) == 0
        printed, errors = capfd.readouterr()
        *_, first, second, third = printed.splitlines()
        for line, name in zip((first, second, third), "012", strict=True):
            assert f"photo{name}.jpg" in line
        assert errors == ""

    def test_recall_never_stands_without_specificity(
        self, classify, photos, capfd, classifier
    ):
        classify(photos)
        head = capfd.readouterr().out.partition("decision")[0]
        assert NOTICE in head
        assert "recall" in head
        assert "specificity" in head
        assert f"{headline(classifier.card.accuracy).recall.value:.3f}" in head

    def test_figures_are_those_of_the_verdict(
        self, classify, photos, capfd, classifier
    ):
        classify(photos / "photo1.jpg")
        line = capfd.readouterr().out.splitlines()[-1]
        verdict = classifier.classify(photos / "photo1.jpg")
        assert f" {verdict.probability:.3f} " in line
        assert f" {verdict.threshold:.3f} " in line
        assert f" {verdict.decision} " in line

    def test_an_unusable_photo_shows_no_probability(
        self, classify, encoded, tmp_path, capfd, classifier
    ):
        path = tmp_path / "black.png"
        path.write_bytes(encoded(np.zeros((99, 99, 3), np.uint8), "PNG"))
        classify(path)
        line = capfd.readouterr().out.splitlines()[-1]
        verdict = classifier.classify(path)
        assert verdict.decision == "unusable photo" and verdict.decision in line
        assert f"{verdict.probability:.3f}" not in line

    def test_a_long_path_keeps_its_end(self, classify, drawn, encoded, tmp_path, capfd):
        path = tmp_path / ("long" * 20) / "photo.png"
        path.parent.mkdir()
        path.write_bytes(encoded(drawn(), "PNG"))
        classify(path)
        line = capfd.readouterr().out.splitlines()[-1]
        assert line.startswith("…")
        assert "/photo.png" in line


class TestJson:
    def test_each_line_is_a_verdict(self, classify, photos, capfd, classifier):
        assert classify(photos, "--json") == 0
        lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
        assert [line["type"] for line in lines] == ["verdict"] * 3
        expected = classifier.classify(photos / "photo0.jpg")
        assert lines[0]["photo"] == str(photos / "photo0.jpg")
        assert lines[0]["probability"] == expected.probability
        assert lines[0]["notice"] == NOTICE
        assert lines[0]["reason"] == expected.reason
        assert lines[0]["accuracy"]["recall"]["n"] == expected.accuracy.recall.n

    def test_a_bad_photo_has_a_line_of_its_own(self, classify, photos, capfd):
        (photos / "photo1.jpg").write_bytes(b"no picture")
        assert classify(photos, "--json") == 3
        printed, errors = capfd.readouterr()
        lines = [json.loads(line) for line in printed.splitlines()]
        assert [line["type"] for line in lines] == ["verdict", "error", "verdict"]
        assert lines[1]["photo"] == str(photos / "photo1.jpg")
        assert "not a picture" in lines[1]["error"]
        assert str(photos / "photo1.jpg") in errors


class TestBadPhotos:
    def test_three_bad_photos_of_a_hundred_leave_97_verdicts(
        self, classify, drawn, encoded, tmp_path, capfd
    ):
        good = encoded(drawn(), "JPEG")
        for number in range(100):
            (tmp_path / f"photo{number:02}.jpg").write_bytes(good)
        bad = {"photo07.jpg": b"", "photo50.jpg": good[:300], "photo99.jpg": b"text"}
        for name, content in bad.items():
            (tmp_path / name).write_bytes(content)
        assert classify(tmp_path) == 3
        printed, errors = capfd.readouterr()
        assert printed.count(".jpg") == 97
        named = [line for line in errors.splitlines() if line.startswith("error:")]
        assert len(named) == 3
        for name, line in zip(bad, named, strict=True):
            assert name in line
        assert "3 of 100 photos have no verdict" in errors

    def test_nothing_but_bad_photos_is_a_failure(self, classify, tmp_path, capfd):
        (tmp_path / "a.jpg").touch()
        assert classify(tmp_path) == 1
        assert "a.jpg is empty" in capfd.readouterr().err

    def test_a_folder_without_photos_is_named(self, classify, photos, tmp_path, capfd):
        (tmp_path / "empty").mkdir()
        assert classify(tmp_path / "empty", photos) == 3
        said = capfd.readouterr().err
        assert f"{tmp_path / 'empty'} is a folder without photos" in said

    def test_an_unusable_photo_is_no_failure(self, classify, encoded, tmp_path, capfd):
        black = Image.new("RGB", (90, 90))
        (tmp_path / "black.png").write_bytes(encoded(black, "PNG"))
        assert classify(tmp_path) == 0
        assert "unusable photo" in capfd.readouterr().out


class TestBadModels:
    def test_a_missing_model_is_one_line_and_no_traceback(self, photos, capfd):
        assert main(["classify", "nowhere.tflite", str(photos)]) == 1
        printed, errors = capfd.readouterr()
        assert printed == ""
        assert errors.startswith("error: the model nowhere.tflite cannot be read")
        assert len(errors.splitlines()) == 1

    def test_a_damaged_model_gives_no_verdict(self, made_model, photos, capfd):
        made_model.write_bytes(made_model.read_bytes()[:-1])
        assert main(["classify", str(made_model), str(photos), "--json"]) == 1
        printed, errors = capfd.readouterr()
        assert printed == ""
        assert "made.tflite" in errors


class TestUsage:
    @pytest.mark.parametrize(
        "words",
        [
            [],
            ["classify"],
            ["classify", "model.tflite"],
            ["judge"],
            ["classify", "model.tflite", "a.jpg", "--threads", "0"],
            ["classify", "model.tflite", "a.jpg", "--threads", "many"],
        ],
    )
    def test_wrong_words_end_with_2(self, words, capfd):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 2
        assert "usage:" in capfd.readouterr().err

    def test_help_says_what_json_lines_look_like(self, capfd):
        with pytest.raises(SystemExit) as ended:
            main(["classify", "--help"])
        assert ended.value.code == 0
        described = capfd.readouterr().out
        for words in ('"type": "error"', "exit status", "--threads", "at any depth"):
            assert words in described

    def test_ctrl_c_ends_with_130(self, classify, photos, monkeypatch):
        def interrupted(*_):
            raise KeyboardInterrupt

        monkeypatch.setattr(
            "edge_runtime.commands.classify.LesionClassifier.classify", interrupted
        )
        assert classify(photos) == 130


class TestProcess:
    def test_standard_error_holds_nothing_of_the_interpreters(
        self, model_path, classifier, photos
    ):
        done = subprocess.run(
            [sys.executable, "-m", "edge_runtime", "classify", model_path, photos],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")

    def test_a_reader_that_has_seen_enough_is_no_failure_to_explain(
        self, model_path, classifier, photos
    ):
        content = (photos / "photo0.jpg").read_bytes()
        # More lines than a pipe holds, so that not all are written before it closes.
        for number in range(700):
            (photos / f"{'long' * 30}{number}.jpg").write_bytes(content)
        command = [sys.executable, "-m", "edge_runtime", "classify", model_path]
        with subprocess.Popen(
            [*command, photos],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as running:
            running.stdout.readline()
            running.stdout.close()
            assert running.wait(60) == 1
            assert running.stderr.read() == ""
