from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from benchmarks.side_by_side.published_runs import HEAD, main
from edge_runtime.classifier import LesionClassifier
from edge_runtime.photos.manifest import photos_of, read_manifest
from edge_runtime.photos.preprocessing import load_pixels
from training.synthetic.dataset import draw_table

MODELS = Path(__file__).resolve().parents[3] / "models"
CNN32 = MODELS / "cnn32.qat_int8.tflite"
LESION64 = MODELS / "lesion64.qat_int8.tflite"


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    return draw_table(tmp_path_factory.mktemp("photos"), 24, 24, size_px=96)


@pytest.fixture(scope="module")
def rows(manifest, tmp_path_factory, table_rows):
    """The command's table: columns by heading, two rows a run."""
    out = tmp_path_factory.mktemp("results")
    runs = [f"published cnn32={CNN32}", f"published resnet101v2 augmented={LESION64}"]
    assert main([*runs, "--manifest", str(manifest), "--out", str(out)]) == 0
    found = table_rows(out / "published_runs.md")
    return [dict(zip(HEAD, row, strict=True)) for row in found]


@pytest.fixture(scope="module")
def judged(manifest):
    photos = photos_of(read_manifest(manifest), "test")
    file = LesionClassifier.load(CNN32)
    scores = np.array([file.score(load_pixels(photo.path, 32)) for photo in photos])
    return np.array([int(photo.malignant) for photo in photos]), scores


def test_the_published_row_quotes_recall_and_specificity(rows):
    assert rows[0]["whose"] == "published"
    assert rows[0]["recall at 0.5"] == "0.533"
    assert rows[0]["specificity at 0.5"] == "0.944"
    assert rows[0]["AUC"] == "0.912"


def test_ours_is_measured_at_the_same_threshold(rows, judged):
    labels, scores = judged
    assert rows[1]["whose"] == "cnn32.qat_int8"
    assert rows[1]["AUC"].startswith(f"{roc_auc_score(labels, scores):.3f}")
    recall = (scores[labels == 1] >= 0.5).mean()
    assert rows[1]["recall at 0.5"].startswith(f"{recall:.3f}")
    specificity = (scores[labels == 0] < 0.5).mean()
    assert rows[1]["specificity at 0.5"].startswith(f"{specificity:.3f}")


def test_ours_is_measured_at_the_published_recall(rows, judged):
    labels, scores = judged
    malignant = np.sort(scores[labels == 1])[::-1]
    needed = int(np.ceil(160 / 300 * len(malignant)))  # 140 of 300 were missed
    specificity = (scores[labels == 0] < malignant[needed - 1]).mean()
    shown = rows[1]["specificity at the published recall"]
    assert shown.startswith(f"{specificity:.3f}")


def test_a_micro_average_is_not_matched(rows):
    published, ours = rows[2], rows[3]
    assert published["recall at 0.5"] == "not published"
    assert ours["whose"] == "lesion64.qat_int8"
    assert ours["specificity at the published recall"] == "\N{EN DASH}"


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        (
            ["published cnn99=a.tflite"],
            "RUN=FILE with one of the runs published cnn32",
        ),
        (["published cnn32"], "got published cnn32"),
        ([f"published cnn32={CNN32}"] * 2, "named twice"),
    ],
)
def test_unknown_runs_are_refused(manifest, capsys, runs, words):
    assert main([*runs, "--manifest", str(manifest)]) == 1
    assert words in capsys.readouterr().err
