"""``calibrate``: labelled photos in, a site file out, used by classify."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from edge_runtime import LesionClassifier
from edge_runtime.__main__ import main
from edge_runtime.evaluation.metrics import threshold_at_recall
from edge_runtime.photos.manifest import read_manifest
from edge_runtime.site_calibration.file import site_path


@pytest.fixture
def model(model_path, classifier, tmp_path):
    """A copy of the model, so that the site file lies in a place of its own."""
    return shutil.copy(model_path, tmp_path / "copy.tflite")


@pytest.fixture
def labelled(drawn, tmp_path):
    """Function: folder of drawn photos, darker lesions labelled malignant."""

    def draw(malignant, other, other_name="benign"):
        for name, number, skin in (
            ("malignant", malignant, (150, 90, 80)),
            (other_name, other, (220, 190, 180)),
        ):
            folder = tmp_path / "site" / name
            folder.mkdir(parents=True)
            for seed in range(number):
                tint = np.array(skin) + np.random.default_rng(seed).integers(-30, 30)
                photo = drawn(96, 96, skin=tuple(tint), seed=seed)
                Image.fromarray(photo).save(folder / f"{seed}.png")
        return tmp_path / "site"

    return draw


@pytest.mark.parametrize("other_name", ["benign", "other"])
def test_a_site_gets_its_own_threshold(model, labelled, capsys, other_name):
    photos = labelled(50, 40, other_name)
    assert main(["calibrate", str(model), "--photos", str(photos)]) == 0
    printed = capsys.readouterr().out
    for word in ("recall", "specificity", "not a medical device", "50 malignant"):
        assert word in printed
    plain = LesionClassifier.load(model, site=False)
    site = json.loads(site_path(model).read_text())
    paths = [*photos.glob("malignant/*"), *photos.glob(f"{other_name}/*")]
    scores = np.array([plain.look(path)[0] for path in paths])
    labels = np.array([int(path.parent.name == "malignant") for path in paths])
    assert site["threshold"]["score"] == threshold_at_recall(labels, scores, 0.95)
    ours = LesionClassifier.load(model)
    assert ours.classify(paths[0]).threshold == site["threshold"]["probability"]
    assert plain.classify(paths[0]).threshold == plain.file.card.threshold.probability


def test_too_few_photos_are_refused_with_a_number(model, labelled, capsys):
    photos = labelled(10, 40)
    assert main(["calibrate", str(model), "--photos", str(photos)]) == 1
    error = capsys.readouterr().err
    assert "10 malignant and 40 other" in error
    assert "at least 49 and 40" in error
    assert not site_path(model).exists()


def test_unusable_and_unreadable_photos_are_left_out(model, labelled, capsys):
    photos = labelled(50, 40)
    Image.new("RGB", (96, 96)).save(photos / "malignant" / "black.png")
    (photos / "benign" / "broken.jpg").write_bytes(b"no picture")
    assert main(["calibrate", str(model), "--photos", str(photos)]) == 0
    printed, errors = capsys.readouterr()
    assert "2 photos left out" in printed
    assert "broken.jpg" in errors


def test_a_folder_without_labels_says_what_it_expected(model, tmp_path, capsys):
    assert main(["calibrate", str(model), "--photos", str(tmp_path)]) == 1
    assert f"{tmp_path}/malignant" in capsys.readouterr().err


@pytest.mark.parametrize("target", ["0", "1.01", "much"])
def test_impossible_targets_are_usage_errors(target):
    words = ["calibrate", "m.tflite", "--photos", "p", "--target-recall", target]
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2


@pytest.mark.slow
def test_real_photos_keep_the_promised_recall(model, fanconic, tmp_path, capsys):
    out = tmp_path / "elsewhere.json"
    manifest = fanconic / "manifest.csv"
    words = ["--photos", str(manifest), "--target-recall", "0.9", "--out", str(out)]
    assert main(["calibrate", str(model), *words]) == 0
    site = json.loads(out.read_text())
    photos = [photo for photo in read_manifest(manifest) if photo.split != "train"]
    counted = site["accuracy"]["recall"]["n"] + site["accuracy"]["specificity"]["n"]
    assert counted + site["left_out"] == len(photos)
    assert site["threshold"]["recall"]["value"] >= 0.9
    # Held out it may miss the target by chance, not by more than its interval.
    assert site["accuracy"]["recall"]["high"] >= 0.9
