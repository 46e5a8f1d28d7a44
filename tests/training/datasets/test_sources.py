"""Several data sets become one manifest: nothing leaks from one into another."""

import csv
import shutil

import numpy as np
import pytest

from edge_runtime.photos.manifest import photos_of, read_manifest
from training.prepare import main

HEAD = "path,label,split,lesion,lesion_in_train,source"


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def manifest(tmp_path, drawn, write_photo):
    """Function: a data set with a manifest of these rows; returns its folder.

    A row is name, label, split and lesion; a name names a drawing of its own, the same
    in all data sets, unless ``images`` says which.
    """

    def write(name, rows, images=None, extra=""):
        folder = tmp_path / name
        head = f"{HEAD},{extra}" if extra else HEAD
        lines = [head]
        for number, (photo, label, split, lesion, *more) in enumerate(rows):
            kind = label == "malignant"
            image = (images or {}).get(photo, drawn[kind][number % 10])
            # Turned about by a number, so that drawings differ between data sets.
            write_photo(folder / photo, image)
            lines.append(",".join([photo, label, split, lesion, "0", name, *more]))
        (folder / "manifest.csv").write_text("\n".join(lines), encoding="utf-8")
        return folder

    return write


@pytest.fixture
def prepare(tmp_path):
    """Function: prepares places with exact copies only; returns status and rows."""

    def run(*words):
        out = tmp_path / "all.csv"
        status = main([*map(str, words), "--duplicates", "exact", "--out", str(out)])
        if status in (0, 3):
            read_manifest(out)
        return status, {row["path"]: row for row in rows_of(out)} if not status else {}

    return run


def drawings(seed):
    """Photos that no other data set has."""
    rng = np.random.default_rng(seed)
    return {
        name: rng.integers(0, 255, (64, 64, 3), np.uint8)
        for name in ("m0.jpg", "m1.jpg", "b0.jpg", "b1.jpg", "b2.jpg")
    }


PLAIN = (
    ("m0.jpg", "malignant", "train", "l0"),
    ("m1.jpg", "malignant", "test", "l1"),
    ("b0.jpg", "benign", "train", "l2"),
    ("b1.jpg", "benign", "val", "l3"),
)


def test_each_photo_keeps_its_source_and_split(manifest, prepare, capsys):
    one = manifest("one", PLAIN, drawings(1))
    other = manifest("other", PLAIN, drawings(2))
    status, rows = prepare(one, other)
    assert status == 0
    assert {row["source"] for row in rows.values()} == {"one", "other"}
    for source in ("one", "other"):
        for name, _, split, _ in PLAIN:
            assert rows[f"{source}/{name}"]["split"] == split
    # Lesion names of a list mean nothing in another: l0 of one is not l0 of other.
    assert len({row["lesion"] for row in rows.values()}) == 8
    printed = capsys.readouterr().out
    assert "of these, across sources: 0" in printed
    table = next(line for line in printed.splitlines() if line.startswith("other  "))
    assert table.split()[1:] == ["1", "1", "0", "1", "1", "0"]


def test_a_lesion_that_one_source_tests_is_trained_on_by_none(
    manifest, prepare, capsys
):
    one = manifest(
        "one", [*PLAIN[:1], ("m1.jpg", "malignant", "test", "HAM_0000001"), *PLAIN[2:]],
        drawings(1),
    )  # fmt: skip
    other = manifest(
        "other", [("m0.jpg", "malignant", "train", "HAM_0000001"), *PLAIN[1:]],
        drawings(2),
    )  # fmt: skip
    status, rows = prepare(one, other)
    assert status == 0
    assert rows["other/m0.jpg"]["split"] == "test"
    assert rows["one/m1.jpg"]["split"] == "test"
    assert rows["one/m1.jpg"]["lesion_in_train"] == "0"
    assert "1 photos of other moved from train to test" in capsys.readouterr().err


def test_a_copy_under_another_name_counts_as_the_same_lesion(
    manifest, prepare, tmp_path, capsys
):
    one = manifest("one", PLAIN, drawings(1))
    other = manifest("other", PLAIN, drawings(2))
    shutil.copy(one / "b1.jpg", other / "b0.jpg")
    status, rows = prepare(one, other)
    assert status == 0
    assert rows["other/b0.jpg"]["lesion"] == rows["one/b1.jpg"]["lesion"]
    assert rows["other/b0.jpg"]["split"] == rows["one/b1.jpg"]["split"] == "val"
    printed = capsys.readouterr()
    assert "of these, across sources: 1" in printed.out
    assert "1 photos of other moved from train to val" in printed.err


def test_photos_of_one_archive_number_and_one_patient_belong_together(
    manifest, prepare, capsys
):
    head = "isic_id,patient"
    one = manifest(
        "one",
        [
            (*PLAIN[0], "ISIC_0000007", ""),
            (*PLAIN[1], "", "IP_0000001"),
            (*PLAIN[2], "", ""),
            (*PLAIN[3], "", ""),
        ],
        drawings(1),
        head,
    )
    other = manifest(
        "other",
        [
            ("b0.jpg", "benign", "train", "x0", "ISIC_0000007", ""),
            ("b1.jpg", "benign", "train", "x1", "", "IP_0000001"),
            ("m1.jpg", "malignant", "train", "x2", "", ""),
        ],
        drawings(2),
        head,
    )
    status, rows = prepare(one, other)
    assert status == 0
    assert rows["other/b0.jpg"]["lesion"] == rows["one/m0.jpg"]["lesion"]
    assert rows["other/b1.jpg"]["split"] == "test"
    assert "ISIC_0000007 in one and other" in capsys.readouterr().err


def test_a_held_out_source_is_for_testing_and_what_is_known_of_it_is_marked(
    manifest, prepare
):
    rows = [(name, label, split, f"HAM_000000{n}") for n, (name, label, split, _) in
            enumerate(PLAIN)]  # fmt: skip
    one = manifest("one", rows, drawings(1))
    shared = [*rows[:1], *((*row[:3], f"{row[3]}9") for row in rows[1:])]
    other = manifest("other", shared, drawings(2))
    status, found = prepare(one, other, "--hold-out", "other")
    assert status == 0
    held = [row for row in found.values() if row["source"] == "other"]
    assert {row["split"] for row in held} == {"test"}
    assert found["one/m0.jpg"]["split"] == "train"
    assert [row["lesion_in_train"] for row in held] == ["1", "0", "0", "0"]


def test_an_unknown_source_to_hold_out_is_named_with_the_known(
    manifest, prepare, capsys
):
    one = manifest("one", PLAIN, drawings(1))
    assert prepare(one, "--hold-out", "two")[0] == 1
    assert "expected some of ['one']" in capsys.readouterr().err
    assert prepare(one, "--hold-out", "one")[0] == 1
    assert "no source is left" in capsys.readouterr().err


def test_folders_tables_and_manifests_go_together(made, manifest, prepare, tmp_path):
    places = [made("folders"), made("ham10000"), manifest("one", PLAIN, drawings(1))]
    status, rows = prepare(*places)
    assert status == 0
    photos = read_manifest(tmp_path / "all.csv")
    counts = {name: 0 for name in ("folders", "ham10000", "one")}
    for row in rows.values():
        counts[row["source"]] += 1
    assert counts == {"folders": 21, "ham10000": 21, "one": 4}
    diagnoses = {row["diagnosis"] for row in rows.values()}
    assert {"melanoma", "nevus", ""} <= diagnoses
    for split in ("train", "val", "test"):
        assert photos_of(photos, split)
    # Both of the made sets hold the same drawings: each of them lies on one side.
    sides = {}
    for row in rows.values():
        if row["split"] != "test" or row["lesion_in_train"] == "0":
            sides.setdefault(row["lesion"], set()).add(row["split"])
    assert all(len(each) == 1 for each in sides.values())


def test_sources_of_one_class_are_fine_where_the_other_class_comes_from_another(
    tmp_path, drawn, write_photo, prepare
):
    for name, label, kind in (("a", "benign", False), ("b", "malignant", True)):
        for number, image in enumerate(drawn[kind]):
            write_photo(tmp_path / name / label / f"{number}.jpg", image)
    assert prepare(tmp_path / "a", tmp_path / "b")[0] == 0
    assert prepare(tmp_path / "a")[0] == 1


def test_a_file_that_two_data_sets_list_counts_once(manifest, prepare, capsys):
    one = manifest("one", PLAIN, drawings(1))
    again = one / "again.csv"
    shutil.copy(one / "manifest.csv", again)
    again.write_text(again.read_text().replace(",one", ",again"), encoding="utf-8")
    other = manifest("other", PLAIN, drawings(2))
    status, rows = prepare(one, again, other)
    assert status == 0
    assert len(rows) == 8
    assert "4 photos of again are the very files of one" in capsys.readouterr().err


def test_folders_of_one_name_are_told_apart(made, tmp_path, drawn, write_photo):
    for parent in ("x", "y"):
        for label, kind in (("benign", False), ("malignant", True)):
            for number in range(4):
                image = np.roll(drawn[kind][number], ord(parent), axis=0)
                write_photo(tmp_path / parent / "set" / label / f"{number}.jpg", image)
    out = tmp_path / "all.csv"
    places = [str(tmp_path / parent / "set") for parent in ("x", "y")]
    assert main([*places, "--out", str(out), "--duplicates", "exact"]) == 0
    assert {row["source"] for row in rows_of(out)} == {"x_set", "y_set"}
