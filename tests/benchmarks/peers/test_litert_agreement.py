"""Our figure beside LiteRT's own tool: the rule, the page, and one real run."""

import json

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.peers.litert_agreement import (
    AGREE,
    FILE,
    NOT,
    UNDECIDED,
    Pair,
    agreement_markdown,
    by_the_tool,
    main,
)


@pytest.mark.parametrize(
    ("ours_ms", "verdict"),
    [
        ([1.09] * 9, AGREE),
        ([0.91] * 9, AGREE),
        ([1.11] * 9, NOT),
        ([0.89] * 9, NOT),
        ([0.95, 1.05, 1.3] * 3, UNDECIDED),
        ([0.8, 1.0, 1.2] * 3, UNDECIDED),
    ],
)
def test_the_whole_interval_decides(ours_ms, verdict):
    assert Pair("cnn32", tuple(ours_ms), (1.0,) * 9).agree == verdict


def test_one_interrupted_turn_decides_nothing():
    pair = Pair("cnn32", (1.0,) * 10 + (9.0,), (5.0,) + (1.0,) * 10)
    assert pair.agree == AGREE
    assert pair.ratio == 1


def test_turns_that_were_slow_for_both_change_nothing():
    slow = tuple(1.0 + turn for turn in range(9))
    assert Pair("cnn32", slow, slow).interval.high == 1


def test_the_page_says_where_they_do_not_agree(machine):
    pairs = (
        Pair("cnn32", (0.07,) * 3, (0.07,) * 3),
        Pair("cnn64", (0.9,) * 3, (0.7,) * 3),
    )
    text = agreement_markdown(pairs, machine)
    assert "| cnn32 | 0.0700 | 0.0700 | 1.00 (1.00\N{EN DASH}1.00) | yes |" in text
    assert "| cnn64 | 0.900 | 0.700 | 1.29 (1.29\N{EN DASH}1.29) | **no** |" in text
    assert "not a medical device" in text


@pytest.mark.slow
def test_both_are_measured_and_written(model_path, root, tmp_path):
    words = ["--models", str(model_path.parent), "--only", model_path.stem]
    words += ["--photos", str(root / "samples"), "--out", str(tmp_path), "--turns", "2"]
    # A busy machine may keep them from agreeing.
    assert main(words) in (0, 3, 4)
    (pair,) = json.loads((tmp_path / FILE).read_text())["pairs"]
    assert pair["model"] == model_path.stem
    assert pair["ours_ms"][0] > 0
    # To all its digits, where the tool itself would write two.
    assert any(ms != round(ms, 2) for ms in pair["tool_ms"])


def test_a_tool_that_cannot_run_gives_its_last_words(tmp_path):
    with pytest.raises(BenchmarkError, match="gave no median"):
        by_the_tool(tmp_path / "none.tflite", tmp_path / "tool.json")


def test_without_models_it_says_what_was_expected(tmp_path, capsys):
    assert main(["--models", str(tmp_path), "--out", str(tmp_path)]) == 1
    assert "there is no .tflite file" in capsys.readouterr().err
