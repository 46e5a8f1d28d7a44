"""Our figure beside LiteRT's own tool: the rule, the page, and one real run."""

import json

import pytest

from benchmarks.agreement import FILE, Pair, agreement_markdown, by_the_tool, main
from benchmarks.errors import BenchmarkError


@pytest.mark.parametrize(
    ("ours_ms", "tool_ms", "agree"),
    [
        (1.09, 1.0, True),
        (0.91, 1.0, True),
        (1.11, 1.0, False),
        (0.89, 1.0, False),
        # 0.07 may stand for anything from 0.065 to 0.075.
        (0.081, 0.07, True),
        (0.083, 0.07, False),
    ],
)
def test_they_agree_within_a_tenth_and_what_was_rounded(ours_ms, tool_ms, agree):
    assert Pair("cnn32", (ours_ms,), (tool_ms,)).agree == agree


def test_one_interrupted_turn_decides_nothing():
    pair = Pair("cnn32", (1.0, 9.0, 1.0), (1.0, 1.0, 5.0))
    assert pair.agree
    assert pair.apart == 0


def test_the_page_says_where_they_do_not_agree(machine):
    pairs = (Pair("cnn32", (0.07,), (0.07,)), Pair("cnn64", (0.9,), (0.7,)))
    text = agreement_markdown(pairs, machine)
    assert "| cnn64 | 0.900 | 0.70 | +29% | **no** |" in text
    assert "not a medical device" in text


@pytest.mark.slow
def test_both_are_measured_and_written(model_path, root, tmp_path):
    words = ["--models", str(model_path.parent), "--only", model_path.stem]
    words += ["--photos", str(root / "samples"), "--out", str(tmp_path), "--turns", "1"]
    # A busy machine may keep them from agreeing.
    assert main(words) in (0, 4)
    (pair,) = json.loads((tmp_path / FILE).read_text())["pairs"]
    assert pair["model"] == model_path.stem
    assert pair["ours_ms"][0] > 0
    assert pair["tool_ms"][0] > 0


def test_a_tool_that_cannot_run_gives_its_last_words(tmp_path):
    with pytest.raises(BenchmarkError, match="gave no median"):
        by_the_tool(tmp_path / "none.tflite", tmp_path / "tool.json")


def test_without_models_it_says_what_was_expected(tmp_path, capsys):
    assert main(["--models", str(tmp_path), "--out", str(tmp_path)]) == 1
    assert "expected model files" in capsys.readouterr().err
