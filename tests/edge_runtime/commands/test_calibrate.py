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
from edge_runtime.site_calibration.labelled import aimed_recall


@pytest.fixture
def model(model_path, classifier, tmp_path):
    """A copy of the model, so that the site file lies in a place of its own."""
    return shutil.copy(model_path, tmp_path / "copy.tflite")


@pytest.fixture
def labelled(drawn, tmp_path):
    """Function: folder of drawn photos, those on brighter skin labelled malignant.

    The model scores them higher; nothing else matters here.
    """

    def draw(malignant, other, other_name="benign"):
        for name, number, skin in (
            ("malignant", malignant, (220, 190, 180)),
            (other_name, other, (150, 90, 80)),
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
    aimed = aimed_recall(0.95, 50)
    assert site["threshold"]["score"] == threshold_at_recall(labels, scores, aimed)
    assert site["threshold"]["target_recall"] == 0.95
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
    assert main(["calibrate", str(model), "--photos", str(photos)]) == 3
    printed, errors = capsys.readouterr()
    assert "2 photos left out" in printed
    assert "broken.jpg" in errors
    assert "black.png is unusable (dark" in errors


def test_a_folder_without_labels_says_what_it_expected(model, tmp_path, capsys):
    assert main(["calibrate", str(model), "--photos", str(tmp_path)]) == 1
    assert f"{tmp_path}/malignant" in capsys.readouterr().err


@pytest.mark.parametrize("change", ["exchanged", "at random"])
def test_labels_that_the_scores_contradict_are_refused(model, labelled, capsys, change):
    photos = labelled(50, 50)
    if change == "exchanged":
        (photos / "malignant").rename(photos / "x")
        (photos / "benign").rename(photos / "malignant")
        (photos / "x").rename(photos / "benign")
    else:
        for number in range(0, 50, 2):
            one, other = (photos / name / f"{number}.png" for name in
                          ("malignant", "benign"))  # fmt: skip
            kept = one.read_bytes()
            one.write_bytes(other.read_bytes())
            other.write_bytes(kept)
    assert main(["calibrate", str(model), "--photos", str(photos), "--accept"]) == 1
    said = capsys.readouterr().err
    assert {"exchanged": "exchanged?", "at random": "tell nothing"}[change] in said
    assert not site_path(model).exists()


def test_what_is_worse_than_what_is_in_force_is_not_written_unless_accepted(
    model, labelled, capsys
):
    photos = str(labelled(95, 40))
    words = ["calibrate", str(model), "--photos", photos]
    assert main(words) == 0
    first = site_path(model).read_text()
    capsys.readouterr()
    # Half of the malignant lesions missed, for no false alarm less.
    lax = [*words, "--target-recall", "0.5"]
    status = main(lax)
    said = capsys.readouterr()
    assert status == 4, said
    assert "in force, on these photos: recall" in said.out
    assert "new, on photos it was not chosen on: recall" in said.out
    assert "Nothing was written" in said.err
    assert site_path(model).read_text() == first
    assert main([*lax, "--accept"]) == 0
    assert site_path(model).read_text() != first


@pytest.mark.parametrize("layout", ["Malignant", "VAL/MALIGNANT", "manifest"])
def test_photos_lie_as_for_prepare_and_only_val_counts(
    model, labelled, tmp_path, capsys, layout
):
    photos = labelled(50, 40)
    if layout == "Malignant":
        (photos / "malignant").rename(photos / "Malignant")
    elif layout == "manifest":
        lines = ["path,label,split,lesion,lesion_in_train"]
        for name in ("malignant", "benign"):
            for n, path in enumerate(sorted((photos / name).iterdir())):
                split = ("val", "train", "test")[0 if n < 45 else n % 3]
                lines.append(f"{name}/{path.name},{name},{split},{name}{n},0")
        photos = photos / "manifest.csv"
        photos.write_text("\n".join(lines), encoding="utf-8")
    else:
        (photos / "VAL").mkdir()
        (photos / "malignant").rename(photos / "VAL" / "MALIGNANT")
        (photos / "benign").rename(photos / "VAL" / "BENIGN")
        (photos / "test" / "benign").mkdir(parents=True)
        shutil.copy(photos / "VAL" / "BENIGN" / "0.png", photos / "test" / "benign")
    words = ["calibrate", str(model), "--photos", str(photos)]
    status = main([*words, "--target-recall", "0.97"])
    said = capsys.readouterr()
    if layout == "manifest":
        # Of 50, 45 and two of the last five are in val.
        assert status == 0
        assert "47 malignant and 40 other" in said.out
    else:
        assert "50 malignant and 40 other" in said.out
        assert ("1 photos of the split test" in said.err) == (layout != "Malignant")


def test_an_unknown_folder_beside_the_labels_is_named(model, labelled, capsys):
    photos = labelled(50, 40)
    (photos / "maybe").mkdir()
    assert main(["calibrate", str(model), "--photos", str(photos)]) == 1
    assert "unknown label 'maybe'" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_found_out_first(model, tmp_path, capsys):
    words = ["calibrate", str(model), "--photos", str(tmp_path / "nowhere")]
    assert main([*words, "--out", str(tmp_path)]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_every_interface_says_which_operating_point_is_in_force(
    model, labelled, tmp_path, capsys
):
    photos = labelled(50, 40)
    photo = str(photos / "malignant" / "0.png")
    assert main(["classify", str(model), photo]) == 0
    assert "operating point: the model card's, chosen on val" in capsys.readouterr().out
    assert main(["calibrate", str(model), "--photos", str(photos)]) == 0
    capsys.readouterr()
    assert main(["classify", str(model), photo]) == 0
    assert "operating point: this site's file" in capsys.readouterr().out
    assert main(["classify", str(model), photo, "--site", "none"]) == 0
    assert "operating point: the model card's" in capsys.readouterr().out
    other = site_path(model).rename(tmp_path / "other.json")
    assert main(["classify", str(model), photo, "--site", str(other)]) == 0
    assert "operating point: this site's file" in capsys.readouterr().out
    assert main(["classify", str(model), photo, "--site", str(tmp_path / "no")]) == 1
    assert "cannot be used" in capsys.readouterr().err
    loaded = LesionClassifier.load(model, site=other)
    assert str(other) in loaded.operating_point
    other.rename(site_path(model))
    assert main(["bench", str(model), "--runs", "2", "--warmup", "1"]) == 0
    told = capsys.readouterr().out
    assert "the model card's" in told
    assert "is left aside" in told


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
    photos = [photo for photo in read_manifest(manifest) if photo.split == "val"]
    counted = site["accuracy"]["recall"]["n"] + site["accuracy"]["specificity"]["n"]
    assert counted + site["left_out"] == len(photos)
    assert site["threshold"]["recall"]["value"] >= 0.9
    # Held out it may miss the target by chance, not by more than its interval.
    assert site["accuracy"]["recall"]["high"] >= 0.9
