"""The stages as Python functions: the same options, checks and errors as in a shell."""

from pathlib import Path

import pytest

from benchmarks.measure.options import parse as parse_benchmark
from benchmarks.run import benchmark
from convert.to_tflite import convert
from convert.to_tflite import parse as parse_convert
from edge_runtime import EdgeRuntimeError, PhotoError, Verdict, classify
from edge_runtime.errors import UsageError
from edge_runtime.terminal.command_parser import CommandParser, from_keywords
from training.distil import distil
from training.fitting.settings import parse as parse_train
from training.generate import generate
from training.prepare import prepare
from training.train import train


class TestFromKeywords:
    def test_values_are_those_of_the_same_words_in_a_shell(self):
        options = {
            "manifest": Path("data/x.csv"),
            "network": "lesion128",
            "epochs": 3,
            "weights": ["a.pth", "b.h5"],
            "learning_rate": 0.001,
        }
        words = "--manifest data/x.csv --network lesion128 --epochs 3"
        words += " --weights a.pth b.h5 --learning-rate 0.001"
        assert from_keywords(parse_train, options) == parse_train(words.split())

    def test_repeated_options_switches_and_places(self):
        options = {
            "manifest": "x.csv",
            "recipe": "ptq_int8",
            "keep_float": ["one", "two"],
            "accept": ["auc-drop"],
            "overwrite": True,
            "measure_test": False,
            "calibration": None,
            "input_range": "-1..1",
        }
        words = (
            "a.keras --manifest x.csv --recipe ptq_int8 --keep-float one --keep-float"
            " two --accept auc-drop --overwrite --input-range -1..1"
        )
        found = from_keywords(parse_convert, options, places=["a.keras"])
        assert found == parse_convert(words.split())

    def test_a_value_that_begins_with_a_dash_is_a_value(self):
        def parse(words):
            parser = CommandParser()
            parser.add_argument("place")
            parser.add_argument("--name")
            return parser.parse_args(words)

        found = from_keywords(parse, {"name": "-x"}, places=["--y"])
        assert (found.name, found.place) == ("-x", "--y")

    @pytest.mark.parametrize("value", [3, None, False, True])
    def test_an_unknown_option_is_named_with_those_that_exist(self, value):
        with pytest.raises(UsageError, match=r"no option epoch; .* epochs,"):
            from_keywords(parse_train, {"manifest": "x.csv", "epoch": value})

    def test_the_shell_keeps_its_usage_message(self, capsys):
        with pytest.raises(UsageError):
            from_keywords(parse_benchmark, {})
        with pytest.raises(SystemExit) as ended:
            parse_benchmark([])
        assert ended.value.code == 2
        assert capsys.readouterr().err.startswith("usage: ")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: prepare(out="x.csv"), "data sets"),
        (lambda: prepare("photos", seed=-1), "0 or more"),
        (lambda: distil("runs/a"), "--manifest"),
        (lambda: distil("a.tflite", manifest="x.csv"), "--out"),
        (lambda: train(network="cnn64"), "--manifest"),
        (lambda: train(manifest="x.csv", network="cnn63"), "cnn63"),
        (lambda: train(manifest="x.csv", epochs=0), "--epochs must be at least 1"),
        (lambda: generate(out="x"), "--manifest"),
        (lambda: generate(manifest="x.csv", out="x", method="ldm"), "ldm"),
        (lambda: generate(manifest="x.csv", out="x", photos=-1), "at least 0"),
        (lambda: convert(manifest="x.csv"), "expected a model's path"),
        (lambda: convert("a.keras", manifest="x.csv", recipe="int4"), "int4"),
        (lambda: convert("a.keras", manifest="x.csv", recipe="all"), "several files"),
        (lambda: convert("a.keras", manifest="x.csv", max_auc="0"), "max_auc_drop"),
        (lambda: benchmark(models="models"), "--manifest"),
        (lambda: benchmark(manifest="x.csv", threads=[1, 0]), "at least 1"),
        (lambda: classify("a.tflite", "b.jpg", workers=0), "at least 1"),
        (lambda: classify("a.tflite", "b.jpg", json=True), "command line only"),
        (lambda: classify("a.tflite", []), "photo_or_folder"),
    ],
)
def test_a_wrong_option_raises_and_prints_nothing(call, said, capsys):
    with pytest.raises(UsageError, match=said):
        call()
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "call",
    [
        lambda: prepare("absent", out="x.csv"),
        lambda: distil("absent", manifest="absent.csv"),
        lambda: train(manifest="absent.csv"),
        lambda: generate(manifest="absent.csv", out="x"),
        lambda: convert("absent.keras", manifest="absent.csv"),
        lambda: benchmark(manifest="absent.csv", models="absent"),
        lambda: classify("absent.tflite", __file__),
    ],
)
def test_a_missing_file_raises_an_error_of_ours(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EdgeRuntimeError, match="absent"):
        call()


class TestClassify:
    PHOTOS = ("drawn_tone1_even.png", "drawn_tone3_irregular.png")

    @pytest.fixture
    def model(self, root):
        return sorted((root / "models").glob("cnn32*.tflite"))[0]

    def test_one_photo_gives_a_verdict(self, model, root):
        verdict = classify(model, root / "samples" / self.PHOTOS[0], threads=1)
        assert isinstance(verdict, Verdict)
        assert verdict.photo.endswith(self.PHOTOS[0])

    def test_many_give_an_outcome_each_in_order(self, model, root, tmp_path):
        (tmp_path / "text.png").write_text("no photo")
        photos = [root / "samples" / name for name in self.PHOTOS]
        found = classify(model, [*photos, tmp_path / "text.png"], workers=2)
        assert [outcome.photo for outcome in found[:2]] == photos
        assert [outcome.verdict is None for outcome in found] == [False, False, True]
        assert "text.png" in found[2].error

    def test_one_photo_that_cannot_be_read_raises(self, model, tmp_path):
        (tmp_path / "text.png").write_text("no photo")
        with pytest.raises(PhotoError):
            classify(model, tmp_path / "text.png")
        with pytest.raises(PhotoError, match="in a list"):
            classify(model, tmp_path)
