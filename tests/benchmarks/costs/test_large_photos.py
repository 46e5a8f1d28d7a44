"""Reduced decoding against the plain way, on one photo; and the gate."""

import dataclasses
import json

import pytest

from benchmarks.costs import large_photos
from benchmarks.costs.large_photos import Row, kept

PLAIN = Row("cnn32", 1, 0, 130.0, 130.0, 1.0, 0.0, 0.0, 20, 0.0, 0, 20, None)
USED = dataclasses.replace(PLAIN, scale=4, speedup=5.0, classify_ms=30.0)
MOVED = dataclasses.replace(PLAIN, moved_px=1, largest_difference=0.02)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"speedup": 3.9}, False),
        ({"largest_difference": 0.02}, True),
        ({"largest_difference": 0.021}, False),
    ],
)
def test_the_gate_knows_what_the_model_does_by_itself(change, expected):
    assert kept([PLAIN, dataclasses.replace(USED, **change), MOVED]) == expected


@pytest.mark.slow
def test_the_plain_way_differs_from_itself_by_nothing(
    root, model_path, tmp_path, capsys
):
    pytest.importorskip("ai_edge_litert", reason="no interpreter is installed")
    models = tmp_path / "models"
    models.mkdir()
    (models / model_path.name).write_bytes(model_path.read_bytes())
    out = tmp_path / "large.json"
    words = ["--models", str(models), "--count", "1", "--out", str(out)]
    words += ["--photos", str(root / "samples/drawn_tone3_irregular.png")]
    assert large_photos.main(words) in (0, 4)
    rows = json.loads(out.read_text())["rows"]
    assert rows[0]["largest_difference"] == 0
    assert [row["scale"] for row in rows] == [1, 2, 4, 8, 1]
    assert sum(row["classify_ms"] is not None for row in rows) == 1
    assert "crop moved" in capsys.readouterr().out
