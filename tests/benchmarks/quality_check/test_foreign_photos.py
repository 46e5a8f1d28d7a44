"""Drawn pictures of other things, and the count of what is said about them."""

import json

import numpy as np
import pytest

from benchmarks.quality_check.foreign_drawings import KINDS, drawn
from benchmarks.quality_check.foreign_photos import Row, kept, main, row


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_gives_the_same_picture_again_and_another_seed_another(kind):
    first = drawn(kind, 3)
    assert (first == drawn(kind, 3)).all()
    assert (first != drawn(kind, 4)).any()


@pytest.mark.slow
def test_no_drawing_of_something_else_is_called_monitor(root, tmp_path, capsys):
    out = tmp_path / "foreign.json"
    assert (
        main(["--models", str(root / "models"), "--each", "3", "--out", str(out)]) == 0
    )
    rows = json.loads(out.read_text())
    (whole,) = (each for each in rows if each["kind"] == "all drawn")
    assert whole["pictures"] == 3 * len(KINDS)
    assert whole["unusable"] + whole["doubtful"] == whole["pictures"]
    assert "all drawn" in capsys.readouterr().out


def test_refusals_and_doubts_are_counted():
    noise = np.random.default_rng(0).integers(0, 256, (99, 99, 3)).astype(np.uint8)
    black = np.zeros((99, 99, 3), np.uint8)
    assert row("two", [noise, black], ()) == Row("two", 2, 2, 0, {})


@pytest.mark.parametrize(
    ("refused", "monitor", "expected"), [(5, 0, True), (6, 0, False), (0, 1, False)]
)
def test_the_gate_holds_both_limits(refused, monitor, expected):
    lesions = Row("lesions: train", 1000, refused, 0, {})
    foreign = Row("drawn: text", 10, 8, 1, {"cnn32": monitor})
    assert kept([lesions, foreign]) == expected
