"""The answers bench on an invented table: no photo is looked at, no network trained."""

import json

import numpy as np
import pytest
from PIL import Image

from benchmarks.answers import answers_bench
from benchmarks.answers.answers_bench import parse_arguments, run
from benchmarks.answers.figures import Scored
from benchmarks.answers.folds import fold_rows, patient_of
from benchmarks.answers.logistic import regressed, table_of
from benchmarks.errors import BenchmarkError
from edge_runtime.evaluation.metrics import roc_auc
from edge_runtime.photos.manifest import (
    COLUMNS,
    photos_of,
    read_manifest,
    write_manifest,
)

N = 200
COLUMNS_TOLD = (
    *("patient", "age", "region", "itch", "hurt", "bleed", "elevation"),
    *("sex", "fitzpatrick", "grew", "changed", "diagnosis"),
)


@pytest.fixture
def manifest(tmp_path):
    """Two photos of each patient; sex and skin type only of those with a biopsy."""
    rng, rows = np.random.default_rng(0), []
    photo = tmp_path / "p.png"
    Image.new("RGB", (1, 1)).save(photo)
    for place in range(N):
        malignant = place % 4 == 0
        name = f"{place}.png"
        (tmp_path / name).write_bytes(photo.read_bytes())
        asked = malignant or rng.random() < 0.4
        told = (
            f"P{place // 2}",
            str(int(rng.normal(65 if malignant else 50, 10))),
            str(rng.choice(["nose", "back"])),
            *(str(rng.choice(["yes", "no"])) for _ in range(2)),
            "yes" if rng.random() < (0.6 if malignant else 0.1) else "no",
            str(rng.choice(["yes", "no"])),
            "female" if asked else "",
            "2" if asked else "",
            *("yes", "no"),
            "melanoma [biopsy]" if malignant else "nevus",
        )
        label = "malignant" if malignant else "benign"
        values = (name, label, ("train", "val", "test")[place % 3], f"L{place}", "0")
        rows.append(dict(zip((*COLUMNS, *COLUMNS_TOLD), (*values, *told), strict=True)))
    rows = [{**row, "split": "train"} for row in rows]
    write_manifest(tmp_path / "pad.csv", rows)
    return tmp_path / "pad.csv"


@pytest.fixture
def photos(manifest):
    return read_manifest(manifest)


@pytest.fixture
def train(monkeypatch):
    """A training that only notes its options; its network knows the truth, noisily."""

    def trained(options, manifests, folder):
        trained.options.append(tuple(options))
        folder.mkdir(exist_ok=True)
        for path in manifests:
            scores = {}
            for split in ("val", "test"):
                photos = photos_of(read_manifest(path), split)
                malignant = np.array([photo.malignant for photo in photos])
                noise = np.random.default_rng(len(photos)).normal(0, 0.3, len(photos))
                scores[f"{split}_score"] = (malignant * 0.5 + 0.25 + noise).clip(0, 1)
            if folder.name == "concat":
                scores["test_score_without_age"] = scores["test_score"]
                scores["test_score_without_all"] = np.full(len(photos), 0.5)
            np.savez(folder / f"{path.stem}.npz", **scores)

    def features(_run, _manifest, photos):
        return np.random.default_rng(0).normal(size=(len(photos), 4))

    trained.options = []
    monkeypatch.setattr(answers_bench, "features_of", features)
    return trained


def _settings(manifest, tmp_path, *more):
    return parse_arguments(
        [
            *("--manifest", str(manifest), "--start", "runs/a", "--folds", "4"),
            *("--cases", "image", "concat", "--out", str(tmp_path / "out"), *more),
        ]
    )


def test_each_patient_is_judged_once_and_never_learnt_from(photos):
    judged = []
    for fold in range(5):
        rows = fold_rows(photos, fold, 5, seed=1)
        of = {
            split: {row["patient"] for row in rows if row["split"] == split}
            for split in ("train", "val", "test")
        }
        assert not of["test"] & (of["train"] | of["val"])
        assert not of["train"] & of["val"]
        judged += [row["path"] for row in rows if row["split"] == "test"]
    assert sorted(judged) == sorted(str(photo.path) for photo in photos)


def test_too_few_patients_are_refused(photos):
    with pytest.raises(BenchmarkError, match="expected at least 200 of each"):
        fold_rows(photos, 0, 100, seed=0)


def test_photos_without_a_patient_belong_to_their_lesion(photos):
    assert patient_of(photos[3]) == "P1"
    assert patient_of(type(photos[3])(**{**vars(photos[3]), "columns": {}})) == "L3"


def test_absence_tells_the_label_where_only_some_were_asked(photos):
    labels = np.array([photo.malignant for photo in photos], np.int64)
    learnt = np.arange(N) % 3 > 0
    judged = ~learnt

    def auc(columns, *, absence_only):
        table = table_of(photos, columns, absence_only=absence_only)
        return roc_auc(labels[judged], regressed(table, labels, learnt)[judged])

    assert auc(("sex", "fitzpatrick"), absence_only=True) > 0.7
    assert auc(("age", "bleed"), absence_only=True) == 0.5
    assert auc(("age", "bleed"), absence_only=False) > 0.7


def test_an_auc_ranks_within_folds_only():
    labels = np.array([0, 1, 0, 1])
    scores = np.array([[0.1, 0.2, 0.8, 0.9]])
    scored = Scored(
        labels, np.array(list("abcd")), np.array([[0, 0, 1, 1]]), scores, scores > 0.5
    )
    assert scored.auc().value == 1.0
    assert scored.auc(np.array([True, False, False, True])).value is None
    assert scored.recall().value == 0.5
    assert scored.balanced_accuracy().value == 0.5


def test_the_interval_holds_the_figure_and_narrows_with_patients():
    rng = np.random.default_rng(0)

    def scored(n):
        labels = np.arange(n) % 2
        scores = (labels + rng.normal(0, 1, n))[None]
        patients = np.array([str(each) for each in range(n)])
        return Scored(labels, patients, np.zeros((1, n), int), scores, scores > 0.5)

    few, many = scored(60).auc(), scored(600).auc()
    for each in (few, many):
        assert each.interval.low < each.value < each.interval.high
    assert many.interval.high - many.interval.low < few.interval.high - few.interval.low


def test_the_table_comes_of_one_command_and_goes_on(manifest, tmp_path, train):
    text = run(_settings(manifest, tmp_path), train)
    assert len(train.options) == 2
    assert {"--answers" in options for options in train.options} == {True, False}
    for title in ("image alone", "answers alone", "SHORTCUT", "probe", "all answers"):
        assert title in text
    report = json.loads((tmp_path / "out" / "answers.json").read_text())
    auc = {row["name"]: row["auc"]["value"] for row in report["rows"]}
    assert auc["concat"] == auc["concat/age"] > 0.8
    assert auc["concat/all"] == 0.5
    assert auc["absence"] == 0.5 < auc["absence_tempting"]
    groups = {each["group"]: each for each in report["groups"]}
    assert groups["Fitzpatrick 2"]["malignant"] == N / 4
    assert groups["Fitzpatrick not stated"]["malignant"] == 0
    assert groups["Fitzpatrick not stated"]["auc"]["value"] is None
    assert 0.3 < auc["seen"] < 0.7 < auc["seen_answers"]
    assert run(_settings(manifest, tmp_path), train) == text


def test_without_networks_regressions_are_left(manifest, tmp_path, train):
    words = ["--manifest", str(manifest), "--cases", "--out", str(tmp_path / "out")]
    text = run(parse_arguments([*words, "--folds", "4"]), train)
    assert train.options == []
    assert "answers alone" in text
    assert "frozen" not in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--cases", "image"], "--start: expected the folder"),
        (["--cases", "image_imagenet"], "--weights: expected files"),
        (["--cases", "nothing"], "invalid choice"),
    ],
)
def test_what_a_case_needs_is_asked_for(words, message, capsys):
    with pytest.raises(SystemExit):
        parse_arguments(["--manifest", "m.csv", *words])
    assert message in capsys.readouterr().err
