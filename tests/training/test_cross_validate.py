"""Several splits of the same photos: a network learns from each and judges the rest."""

import csv

import numpy as np
import pytest

from training.augmentation.kept import KeptVersions
from training.cross_validate import main
from training.synthetic.dataset import draw_table

SPLITS = ("train", "val", "test")


def test_versions_are_made_once_and_shown_again():
    made = []

    def change(square, size_px, rng, _strength):
        made.append(size_px)
        return np.full((size_px, size_px, 3), rng.integers(256), np.uint8)

    kept = KeptVersions(change, 3)
    square, other = np.zeros((8, 8, 3), np.uint8), np.ones((8, 8, 3), np.uint8)
    rng = np.random.default_rng(0)
    shown = {int(kept(square, 4, rng, 1.0)[0, 0, 0]) for _ in range(50)}
    assert len(made) == 3 >= len(shown)
    kept(other, 4, rng, 1.0)
    assert len(made) == 4
    kept(square, 4, rng, 0.4)
    assert len(made) == 5


@pytest.mark.slow
def test_each_split_gets_scores_and_a_second_run_makes_none(tmp_path, capsys):
    pytest.importorskip("keras")
    manifest = draw_table(tmp_path, 12, 12, size_px=32)
    with manifest.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    paths = []
    for turn in range(2):
        for row in rows:
            place = int(row["path"].split("_")[-1].split(".")[0])
            row["split"] = SPLITS[(place + turn) % 3]
        path = tmp_path / f"fold{turn}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        paths.append(path)
    words = [
        *map(str, paths), "--network", "separable32", "--epochs", "2",
        "--batch-size", "4", "--out", str(tmp_path / "out"),
    ]  # fmt: skip
    assert main(words) == 0
    capsys.readouterr()
    for path in paths:
        with np.load(tmp_path / "out" / f"{path.stem}.npz") as found:
            assert len(found["test_score"]) == len(found["val_score"]) == 8
            assert ((found["test_score"] > 0) & (found["test_score"] < 1)).all()
    before = (tmp_path / "out" / "fold0.npz").stat().st_mtime_ns
    assert main(words) == 0
    assert (tmp_path / "out" / "fold0.npz").stat().st_mtime_ns == before
    assert main([*words, "--epochs", "3"]) == 1
    assert "comes of other options" in capsys.readouterr().err
