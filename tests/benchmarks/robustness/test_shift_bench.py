import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.robustness.changes import SHIFTS, SHORTCUTS, STRENGTHS
from benchmarks.robustness.shift_bench import main
from benchmarks.robustness.shift_cache import keep_rows, kept_rows, key_of
from benchmarks.robustness.shift_report import (
    NO_SHIFT,
    Scorer,
    ShiftReport,
    ShiftRow,
    markdown,
    row_of,
    worst,
)
from training.synthetic.dataset import draw_table

MODEL = "cnn32.qat_int8"
MODELS = Path(__file__).resolve().parents[3] / "models"


def _row(model, shift, strength, auc, recall=0.9, specificity=0.7):
    return ShiftRow(model, shift, strength, auc, recall, specificity)


def test_rates_are_those_at_the_scorers_own_threshold():
    scorer = Scorer("some", 8, 0.5, lambda pixels: 0.0)
    labels, scores = np.array([1, 1, 1, 0, 0]), np.array([0.9, 0.5, 0.1, 0.6, 0.2])
    row = row_of(scorer, "darker", 2, labels, scores)
    assert (row.recall, row.specificity) == (2 / 3, 1 / 2)
    # Of 3 x 2 pairs 0.9 wins two, 0.5 one and 0.1 none.
    assert row.auc == pytest.approx(3 / 6)


def test_sources_are_judged_one_by_one_and_never_pooled():
    scorer = Scorer("some", 8, 0.5, lambda pixels: 0.0)
    # Source b scores everything high: pooled, half of the pairs across sources are won.
    labels = np.array([1] * 20 + [0] * 20 + [1] * 20 + [0] * 20 + [1, 0])
    scores = np.r_[[0.6] * 19, 0.1, [0.2] * 20, [0.9] * 20, [0.8] * 20, 0.0, 1.0]
    sources = np.array(["a"] * 40 + ["b"] * 40 + ["small"] * 2)
    row = row_of(scorer, "darker", 2, labels, scores, sources)
    assert row.auc == pytest.approx((19 / 20 + 1) / 2)
    assert (row.recall, row.specificity) == (19 / 20, (1 + 0) / 2)


def test_the_table_names_the_sources_that_count():
    rows = (_row("a", NO_SHIFT, 0, 0.9), _row("a", "darker", 1, 0.8))
    text = markdown(ShiftReport("val", 10, "abc", rows, ("one", "two")))
    assert "means of one, two; recall is the lowest of them" in text


def test_worst_is_a_change_of_the_model_within_the_strengths():
    rows = [
        _row("a", NO_SHIFT, 0, 0.1),
        _row("a", "darker", 1, 0.9),
        _row("a", "darker", 2, 0.8),
        _row("a", "darker", 3, 0.7),
        _row("a", "lesion blanked out", 1, 0.1),
        _row("b", "darker", 1, 0.2),
    ]
    assert worst(rows, "a", 2) == rows[2]


def test_table_never_shows_recall_without_specificity():
    rows = (
        _row("a", NO_SHIFT, 0, 0.95, 0.951, 0.752),
        _row("a", "darker", 1, 0.93, 0.853, 0.654),
        _row("a", "darker", 2, 0.91, 0.995, 0.156),
    )
    text = markdown(ShiftReport("val", 10, "abc", rows))
    assert "| a | 0.950 | 0.910 | darker 2 |" in text
    assert "0.853 (0.654), darker 1" in text
    assert "0.156 (0.995), darker 2" in text
    assert "not a medical device" in text


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    return draw_table(tmp_path_factory.mktemp("drawn"), 6, 6, size_px=64, val_share=0.5)


def test_every_version_of_the_photos_is_judged(manifest, tmp_path, capsys):
    words = ["--models", str(MODELS), "--manifest", str(manifest), "--split", "val"]
    assert main([*words, "--only", MODEL, "--out", str(tmp_path)]) == 0
    report = json.loads((tmp_path / "shifts.json").read_text())
    judged = {(row["shift"], row["strength"]) for row in report["rows"]}
    expected = {
        (name, strength) for name in {**SHIFTS, **SHORTCUTS} for strength in STRENGTHS
    }
    assert judged == expected | {(NO_SHIFT, 0)}
    assert (tmp_path / "shifts.md").read_text() in capsys.readouterr().out


def test_only_what_is_new_is_judged_and_the_report_is_the_same(
    manifest, tmp_path, capsys, monkeypatch
):
    words = ["--models", str(MODELS), "--manifest", str(manifest), "--split", "val"]
    words += ["--out", str(tmp_path)]
    both = ["--only", MODEL, "colour_baseline"]
    assert main([*words, "--only", MODEL]) == 0
    assert main([*words, *both]) == 0
    together = (tmp_path / "shifts.json").read_bytes()
    assert main([*words, *both, "--again"]) == 0
    assert (tmp_path / "shifts.json").read_bytes() == together

    def refuse(*anything):
        raise AssertionError("judged again")

    monkeypatch.setattr("benchmarks.robustness.shift_bench.shifted", refuse)
    assert main([*words, *both]) == 0
    assert (tmp_path / "shifts.json").read_bytes() == together
    with pytest.raises(AssertionError):
        main([*words, *both, "--again"])


def test_another_file_manifest_or_split_is_another_key(tmp_path):
    manifest = tmp_path / "a.csv"
    manifest.write_text("path\n")
    first = key_of("a", b"file", manifest, "val")
    keys = {first, key_of("a", b"other", manifest, "val")}
    keys |= {key_of("b", b"file", manifest, "val")}
    keys |= {key_of("a", b"file", manifest, "test")}
    manifest.write_text("path\nx.png\n")
    assert len(keys | {key_of("a", b"file", manifest, "val")}) == 5


def test_a_damaged_cache_is_judged_again(tmp_path):
    keep_rows(tmp_path, "a", [_row("m", "darker", 1, 0.5)])
    assert kept_rows(tmp_path, "a") == (_row("m", "darker", 1, 0.5),)
    (tmp_path / "shift_cache/a.rows").write_text('[{"model": "m"}]')
    assert kept_rows(tmp_path, "a") is None


def test_missing_models_are_named(manifest, tmp_path, capsys):
    words = ["--models", str(tmp_path), "--manifest", str(manifest)]
    assert main(words) == 1
    assert "no .tflite file" in capsys.readouterr().err
