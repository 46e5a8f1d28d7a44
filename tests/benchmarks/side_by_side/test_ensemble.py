from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from benchmarks.side_by_side.ensemble import main
from edge_runtime.classifier import LesionClassifier
from edge_runtime.photos.manifest import photos_of, read_manifest
from edge_runtime.photos.preprocessing import load_pixels
from training.synthetic.dataset import draw_table

MODELS = Path(__file__).resolve().parents[3] / "models"
FILES = [MODELS / "cnn32.qat_int8.tflite", MODELS / "cnn64.qat_int8.tflite"]


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    return draw_table(tmp_path_factory.mktemp("photos"), 16, 16, size_px=96)


@pytest.fixture(scope="module")
def rows(manifest, tmp_path_factory, table_rows):
    """Cells of the table that the command writes, by name of the row."""
    out = tmp_path_factory.mktemp("results")
    given = ["--manifest", str(manifest), "--out", str(out)]
    assert main([*map(str, FILES), *given]) == 0
    return {row[0]: row[1:] for row in table_rows(out / "ensemble.md")}


def _logits(manifest, split):
    photos = photos_of(read_manifest(manifest), split)
    members = [LesionClassifier.load(file) for file in FILES]
    scores = np.array(
        [
            [m.score(load_pixels(p.path, m.card.input.size_px)) for m in members]
            for p in photos
        ]
    ).clip(1e-6, 1 - 1e-6)
    labels = [photo.malignant for photo in photos]
    return labels, np.log(scores / (1 - scores))


def test_one_row_for_each_member_and_two_for_all(rows):
    assert list(rows) == [
        *(file.stem for file in FILES), "mean of the logits", "meta-learner"
    ]  # fmt: skip


def test_members_and_their_mean_have_the_auc_of_their_logits(manifest, rows):
    labels, logits = _logits(manifest, "test")
    for column, file in enumerate(FILES):
        expected = roc_auc_score(labels, logits[:, column])
        assert rows[file.stem][1].startswith(f"{expected:.3f}")
    mean = roc_auc_score(labels, logits.mean(axis=1))
    assert rows["mean of the logits"][1].startswith(f"{mean:.3f}")


def test_thresholds_come_from_the_validation_photos(manifest, rows):
    labels, logits = _logits(manifest, "val")
    mean = logits.mean(axis=1)
    malignant = np.sort(mean[np.array(labels)])
    # 95 % of fewer than 20 photos is all of them: the lowest malignant score.
    assert len(malignant) < 20
    labels, logits = _logits(manifest, "test")
    called = logits.mean(axis=1) >= malignant[0] - 1e-9
    recall = called[np.array(labels)].mean()
    assert rows["mean of the logits"][3].startswith(f"{recall:.3f}")


def test_one_file_is_no_ensemble(manifest):
    with pytest.raises(SystemExit) as stop:
        main([str(FILES[0]), "--manifest", str(manifest)])
    assert stop.value.code == 2


def test_several_sources_are_not_pooled(manifest, tmp_path, capsys):
    rows = manifest.read_text().splitlines()
    named = [f"{row},{'ab'[i % 2]}" for i, row in enumerate(rows[1:])]
    several = manifest.parent / "several.csv"
    several.write_text("\n".join([f"{rows[0]},source", *named]) + "\n")
    given = ["--manifest", str(several), "--out", str(tmp_path)]
    assert main([*map(str, FILES), *given]) == 1
    assert "photos of a, b; expected one source" in capsys.readouterr().err
    assert not (tmp_path / "ensemble.md").exists()
