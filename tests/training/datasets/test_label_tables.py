"""A person's own table of labels becomes a manifest, or says what is missing."""

import csv

import pytest

from edge_runtime.photos.manifest import read_manifest
from training.datasets.label_tables import label_map
from training.prepare import main

HEAD = "image,dx"


@pytest.fixture
def photos(tmp_path, drawn, write_photo):
    """A folder with m0.jpg to m9.jpg, malignant, and b0.jpg to b9.jpg, two deep."""
    for letter, kind in (("m", True), ("b", False)):
        for number, image in enumerate(drawn[kind]):
            write_photo(tmp_path / "set" / "deep" / f"{letter}{number}.jpg", image)
    return tmp_path / "set"


@pytest.fixture
def labels(tmp_path):
    """Function: writes a table of labels of all the photos; returns its path."""

    def write(head, row, place=None, names=None):
        names = names or [f"{letter}{n}" for letter in "mb" for n in range(10)]
        path = place or tmp_path / "labels.csv"
        lines = [head, *(row(name, name[0] == "m") for name in names)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def prepare(tmp_path):
    """Function: prepares with these words; returns exit status and the manifest."""

    def run(*words):
        out = tmp_path / "out.csv"
        return main([*map(str, words), "--out", str(out)]), out

    return run


TABLES = {
    "codes": (HEAD, lambda name, malignant: f"{name},{'mel' if malignant else 'nv'}"),
    "endings and capitals": (
        "Image,Label",
        lambda name, malignant: f"{name}.jpg,{'Malignant' if malignant else 'BENIGN'}",
    ),
    "paths": (
        "path,label",
        lambda name, malignant: (
            f"deep/{name}.jpg,{'malignant' if malignant else 'nevus'}"
        ),
    ),
    "windows paths": (
        "file,class",
        lambda name, malignant: f"deep\\{name}.jpg,{'melanoma' if malignant else 'nv'}",
    ),
    "a column for each class": (
        "image,MEL,NV,BCC",
        lambda name, malignant: (
            f"{name},{'1.0,0.0,0.0' if malignant else '0.0,1.0,0.0'}"
        ),
    ),
    "semicolons": (
        "image;dx;age",
        lambda name, malignant: f"{name};{'mel' if malignant else 'nv'};40,5",
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_usual_tables_are_read_without_options(photos, labels, prepare, name):
    status, out = prepare(photos, "--labels", labels(*TABLES[name]))
    assert status == 0
    found = read_manifest(out)
    assert len(found) == 20
    assert all(photo.malignant == (photo.path.name[0] == "m") for photo in found)
    assert {photo.columns["source"] for photo in found} == {"set"}


def test_the_diagnosis_is_kept(photos, labels, prepare):
    _, out = prepare(photos, "--labels", labels(*TABLES["a column for each class"]))
    assert {(row["label"], row["diagnosis"]) for row in rows_of(out)} == {
        ("malignant", "mel"),
        ("benign", "nv"),
    }


def test_columns_can_be_named(photos, labels, prepare):
    table = labels(
        "who,photo no,finding,part,lesion no",
        lambda name, bad: f"P,{name},{'mel' if bad else 'nv'},Train,L{name[1]}{bad}",
    )
    words = ["--image-column", "photo no", "--label-column", "finding"]
    words += ["--split-column", "part", "--lesion-column", "lesion no"]
    status, out = prepare(photos, "--labels", table, *words)
    assert status == 0
    assert {row["published_split"] for row in rows_of(out)} == {"train"}
    assert {row["lesion"] for row in rows_of(out)} >= {"L0True", "L9False"}


def test_the_label_map_decides_what_labels_mean_and_what_is_omitted(
    photos, labels, prepare, capsys
):
    table = labels(HEAD, lambda name, bad: f"{name},{'ak' if bad else name[1]}")
    digits = ",".join(f"{n}=benign" for n in range(9))
    status, out = prepare(
        photos, "--labels", table, "--label-map", f"AK=malignant,9=omit,{digits}"
    )
    assert status == 0
    assert len(read_manifest(out)) == 19
    told = capsys.readouterr().err
    assert "1 photos left out by --label-map" in told
    assert "1 photos below" in told


def test_unknown_labels_are_counted_with_the_option_that_explains_them(
    photos, labels, prepare, capsys
):
    table = labels(HEAD, lambda name, bad: f"{name},{1 if bad else 0}")
    status, out = prepare(photos, "--labels", table)
    assert status == 1
    assert not out.exists()
    told = capsys.readouterr().err
    assert "'1' (10), '0' (10)" in told
    assert "--label-map '1=malignant'" in told


def test_rows_without_a_photo_are_left_out_and_named(photos, labels, prepare, capsys):
    (photos / "deep" / "m3.jpg").unlink()
    status, out = prepare(photos, "--labels", labels(*TABLES["codes"]))
    assert status == 3
    assert len(read_manifest(out)) == 19
    assert "left out: " in (told := capsys.readouterr().err)
    assert "line 5: there is no photo m3" in told


def test_photos_without_a_row_are_counted(photos, labels, prepare, capsys):
    names = [f"{letter}{n}" for letter in "mb" for n in range(8)]
    status, _ = prepare(photos, "--labels", labels(*TABLES["codes"], names=names))
    assert status == 0
    assert "4 photos below" in capsys.readouterr().err


def test_a_table_alone_finds_its_photos_beside_it(photos, labels, prepare):
    table = labels(*TABLES["paths"], place=photos / "mine.csv")
    status, out = prepare(table)
    assert status == 0
    assert {row["source"] for row in rows_of(out)} == {"mine"}


@pytest.mark.parametrize("name", ["labels.csv", "manifest.csv"])
def test_a_folder_may_bring_its_table(photos, labels, prepare, name):
    labels(*TABLES["codes"], place=photos / name)
    status, out = prepare(photos)
    assert status == 0
    assert len(read_manifest(out)) == 20


@pytest.mark.parametrize(
    ("head", "words", "expected"),
    [
        ("a,b", (), "--image-column"),
        ("image,b", (), "--label-column"),
        (HEAD, ("--image-column", "nothing"), "has no column nothing"),
        ("image,image", (), "more than once"),
    ],
)
def test_columns_that_are_not_there_are_named(
    photos, labels, prepare, capsys, head, words, expected
):
    table = labels(head, lambda name, bad: f"{name},mole")
    status, _ = prepare(photos, "--labels", table, *words)
    assert status == 1
    assert expected in capsys.readouterr().err


def test_photos_elsewhere_are_named(tmp_path, photos, labels, prepare, capsys):
    (tmp_path / "empty").mkdir()
    status, _ = prepare(tmp_path / "empty", "--labels", labels(*TABLES["codes"]))
    assert status == 1
    assert "none of the 20 photos" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["mel"], ["mel=bad"], ["=benign"], ["a=omit,A=omit"]]
)
def test_a_label_map_that_says_nothing_is_refused(words):
    with pytest.raises(ValueError, match=r"expected|twice"):
        label_map(words)


def test_folders_named_after_diagnoses_tell_label_and_diagnosis(
    tmp_path, drawn, write_photo, prepare
):
    for name, kind in (("Melanoma", True), ("nevus", False)):
        for number, image in enumerate(drawn[kind]):
            write_photo(tmp_path / "own" / name / f"{number}.jpg", image)
    status, out = prepare(tmp_path / "own")
    assert status == 0
    told = {(row["label"], row["diagnosis"]) for row in rows_of(out)}
    assert told == {("malignant", "melanoma"), ("benign", "nevus")}
