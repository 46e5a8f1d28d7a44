import json

import numpy as np
import pytest
from PIL import Image

from benchmarks.robustness import source_probe
from benchmarks.robustness.source_probe import Judge, main, probe_aucs, score_features
from edge_runtime.photos.manifest import write_manifest

RNG = np.random.default_rng(0)
SOURCES = np.repeat(["a", "b", "c"], 100)
LESIONS = np.array([str(place // 2) for place in range(300)])


def test_scores_of_chance_tell_nothing_of_the_source():
    found = probe_aucs(score_features(RNG.random(300)), SOURCES, LESIONS)
    assert list(found) == ["a", "b", "c"]
    assert max(abs(auc - 0.5) for auc in found.values()) < 0.12


def test_a_score_that_differs_by_source_is_found_out_also_in_the_middle():
    means = np.repeat([0.2, 0.5, 0.8], 100)
    scores = np.clip(means + RNG.normal(0, 0.03, 300), 0, 1)
    found = probe_aucs(score_features(scores), SOURCES, LESIONS)
    assert min(found.values()) > 0.95


def test_features_that_know_lesions_only_are_judged_on_other_lesions():
    # One number per lesion: a probe that saw the lesion's other photo would be perfect.
    known = np.eye(150)[np.arange(300) // 2]
    found = probe_aucs(known, SOURCES, LESIONS)
    assert max(found.values()) < 0.65


@pytest.fixture
def of_two_cameras(tmp_path):
    """A manifest: one source bluer than the other, malignant lesions darker."""
    rows = []
    for place in range(160):
        source, malignant = ("blue", "red")[place % 2], place % 8 < 2
        colour = (200, 150, 170 if source == "blue" else 130)
        photo = np.full((32, 32, 3), colour)
        photo[10:22, 10:22] = photo[10:22, 10:22] * (0.4 if malignant else 0.7)
        noisy = (photo + RNG.normal(0, 5, photo.shape)).clip(0, 255)
        Image.fromarray(noisy.astype(np.uint8)).save(tmp_path / f"{place}.png")
        rows.append(
            {
                "path": f"{place}.png",
                "label": "malignant" if malignant else "benign",
                "split": "test",
                "lesion": str(place),
                "lesion_in_train": "0",
                "source": source,
            }
        )
    write_manifest(tmp_path / "m.csv", rows)
    return tmp_path / "m.csv"


@pytest.fixture
def judges(monkeypatch):
    """Models by name: one reads the lesion's darkness, one the camera's blue."""

    def lesion(squares):
        middle = np.array([each[12:20, 12:20].mean() for each in squares])
        return np.clip(1 - middle / 200, 0, 1), None

    def camera(squares):
        blue = np.array([each[..., 2].mean() for each in squares]) / 255
        return blue, np.stack([blue, 1 - blue], axis=1)

    known = {"lesion": Judge("lesion", lesion), "camera": Judge("camera", camera)}
    monkeypatch.setattr(source_probe, "opened", lambda path: known[path.name])
    monkeypatch.setattr(source_probe, "LEAST_BENIGN", 20)


def test_one_table_tells_the_camera_from_the_lesion(
    of_two_cameras, judges, tmp_path, capsys
):
    given = ["--manifest", str(of_two_cameras), "--out", str(tmp_path / "out")]
    assert main(["lesion", "camera", *given]) == 0
    report = json.loads((tmp_path / "out" / "source_probe.json").read_text())
    assert report["benign"] == {"blue": 60, "red": 60}
    auc = {(row["model"], row["question"]): row["auc"] for row in report["rows"]}
    assert auc["any model", source_probe.FROM_COLOUR]["blue"] > 0.95
    assert auc["camera", source_probe.FROM_SCORE]["blue"] > 0.95
    assert auc["camera", source_probe.FROM_FEATURES]["red"] > 0.95
    assert ("lesion", source_probe.FROM_FEATURES) not in auc
    assert min(auc["lesion", source_probe.AS_TAKEN].values()) > 0.95
    # With the lesion in the colour of its surroundings nothing is left.
    masked = auc["lesion", source_probe.MASKED].values()
    assert max(abs(x - 0.5) for x in masked) < 0.25
    text = (tmp_path / "out" / "source_probe.md").read_text(encoding="utf-8")
    assert text in capsys.readouterr().out
    assert "not a medical device" in text


def test_a_manifest_of_one_source_is_refused(of_two_cameras, judges, capsys):
    text = of_two_cameras.read_text().replace(",red", ",blue")
    of_two_cameras.write_text(text)
    assert main(["lesion", "--manifest", str(of_two_cameras)]) == 1
    assert "several" in capsys.readouterr().err
