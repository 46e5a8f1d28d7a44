"""From a data set's folder to a manifest that reads back, or to a named error."""

import csv
import os
import shutil

import pytest

from edge_runtime.photos.manifest import photos_of, read_manifest
from training.datasets.manifest_report import notes
from training.datasets.near_duplicates import DuplicatePair
from training.prepare import main
from training.synthetic.dataset import draw_table

MADE = ("folders", "ham10000", "siim2020", "isic2017", "pad-ufes-20")


def rows_of(manifest):
    with manifest.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def prepared(made, tmp_path):
    """A function that prepares a made data set and returns the manifest's path."""

    def prepare(name, *options):
        out = tmp_path / "out" / f"{name}.csv"
        assert main([str(made(name)), "--out", str(out), *options]) == 0
        return out

    return prepare


@pytest.mark.parametrize("name", MADE)
def test_manifest_reads_back_and_no_lesion_chooses_its_own_threshold(prepared, name):
    photos = read_manifest(prepared(name))
    train, val, test = (
        {photo.lesion for photo in photos_of(photos, split)}
        for split in ("train", "val", "test")
    )
    assert train
    assert val
    assert test
    assert not val & (train | test)
    clean = {photo.lesion for photo in photos_of(photos, "test", clean=True)}
    assert not clean & train


@pytest.mark.parametrize(("name", "group"), [
    ("ham10000", "lesion_id"), ("siim2020", "patient_id"), ("pad-ufes-20", "patient_id")
])  # fmt: skip
def test_photos_of_one_group_share_a_lesion_and_keep_their_columns(
    prepared, name, group
):
    rows = rows_of(prepared(name))
    of_group = {}
    for row in rows:
        of_group.setdefault(row[group], set()).add(row["lesion"])
    assert all(len(lesions) == 1 for lesions in of_group.values())


def test_copies_across_a_published_split_are_marked(prepared, capsys):
    rows = rows_of(prepared("folders"))
    by_name = {"/".join(row["path"].split("/")[-3:]): row for row in rows}
    copy = by_name["test/malignant/copy.jpg"]
    assert copy["split"] == copy["published_split"] == "test"
    assert copy["lesion_in_train"] == "1"
    assert copy["lesion"] == by_name["train/malignant/2.jpg"]["lesion"]
    assert by_name["train/malignant/2.jpg"]["split"] == "train"
    assert sum(row["lesion_in_train"] == "1" for row in rows) == 1
    assert "lesion is also in train: 1 (1 malignant)" in capsys.readouterr().out


def test_exact_search_misses_the_mirrored_copy(prepared):
    rows = rows_of(prepared("folders", "--duplicates", "exact"))
    assert all(row["lesion_in_train"] == "0" for row in rows)


def test_summary_counts_what_was_written(prepared, capsys):
    photos = read_manifest(prepared("isic2017"))
    lines = capsys.readouterr().out.splitlines()
    table = {line.split()[0]: line.split()[1:] for line in lines[2:6]}
    for split in ("train", "val", "test"):
        of_split = photos_of(photos, split)
        malignant = sum(photo.malignant for photo in of_split)
        lesions = len({photo.lesion for photo in of_split})
        counts = [malignant, len(of_split) - malignant, len(of_split), lesions]
        assert table[split] == [str(count) for count in counts]
    assert lines[-1] == "Research and education; not a medical device."


def test_same_seed_writes_the_same_file_and_another_seed_another(made, tmp_path):
    folder = made("ham10000")
    written = []
    for seed in ("1", "1", "2"):
        out = tmp_path / "manifest.csv"
        assert main([str(folder), "--out", str(out), "--seed", seed]) == 0
        written.append(out.read_bytes())
    assert written[0] == written[1] != written[2]


def test_shares_are_kept(prepared):
    photos = read_manifest(
        prepared("siim2020", "--test-share", "0.4", "--val-share", "0.3")
    )
    # Whole patients of two photos each: 5 groups with malignant photos, 5 without.
    assert len(photos_of(photos, "test")) == 8
    assert len(photos_of(photos, "val")) == 4


def test_own_manifest_is_kept_but_for_its_paths(tmp_path, capsys):
    source = draw_table(tmp_path / "set", 4, 4, size_px=32)
    out = tmp_path / "elsewhere" / "deeper" / "manifest.csv"
    assert main([str(tmp_path / "set"), "--out", str(out)]) == 0
    for kept, own in zip(rows_of(out), rows_of(source), strict=True):
        assert (out.parent / kept.pop("path")).samefile(source.parent / own.pop("path"))
        assert kept == own


def test_unmarked_copies_in_an_own_manifest_are_told(tmp_path, capsys):
    manifest = draw_table(tmp_path, 4, 4, size_px=64)
    rows = rows_of(manifest)
    one, other = (
        next(row["path"] for row in rows if row["split"] == split)
        for split in ("train", "test")
    )
    shutil.copy(tmp_path / one, tmp_path / other)
    assert main([str(tmp_path), "--out", str(tmp_path / "again.csv")]) == 0
    message = capsys.readouterr().err
    assert "unmarked copies of training photos: 1" in message
    assert other in message


def test_changed_photos_contradict_an_own_manifest_with_hashes(
    made, prepared, tmp_path, capsys
):
    manifest = prepared("folders")
    folder = tmp_path / "folders"
    victim = folder / "train" / "benign" / "1.jpg"
    shutil.copy(folder / "train" / "benign" / "0.jpg", victim)
    rows = rows_of(manifest)
    for row in rows:
        row["path"] = os.path.relpath(manifest.parent / row["path"], folder)
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    out = tmp_path / "new.csv"
    assert main([str(folder), "--out", str(out)]) == 1
    assert "1.jpg has SHA-256" in capsys.readouterr().err
    assert not out.exists()


def test_columns_named_like_ours_are_kept_under_another_name(made, tmp_path):
    folder = made("pad-ufes-20")
    table = folder / "metadata.csv"
    text = table.read_text(encoding="utf-8")
    table.write_text(text.replace("smoke", "split", 1), encoding="utf-8")
    out = tmp_path / "manifest.csv"
    assert main([str(folder), "--out", str(out)]) == 0
    assert {row["original_split"] for row in rows_of(out)} == {"False"}
    assert {row["split"] for row in rows_of(out)} == {"train", "val", "test"}


def test_photos_that_cannot_be_read_are_left_out_and_named(made, tmp_path, capsys):
    folder = made("folders")
    (folder / "train" / "benign" / "1.jpg").write_bytes(b"no photo")
    (folder / "train" / "benign" / "2.jpg").write_bytes(b"")
    out = tmp_path / "manifest.csv"
    assert main([str(folder), "--out", str(out)]) == 3
    assert len(read_manifest(out)) == 19
    failures = [
        line
        for line in capsys.readouterr().err.splitlines()
        if "error: left out" in line
    ]
    assert len(failures) == 2
    assert "1.jpg" in failures[0]
    assert "2.jpg" in failures[1]


@pytest.mark.parametrize("name", MADE[1:])
def test_missing_photo_leaves_nothing_half_written(made, tmp_path, capsys, name):
    folder = made(name)
    next(folder.rglob("*_0*1.jpg" if name != "pad-ufes-20" else "*.png")).unlink()
    out = tmp_path / "new" / "manifest.csv"
    assert main([str(folder), "--out", str(out)]) == 1
    assert capsys.readouterr().err.startswith("error: ")
    assert not out.parent.exists()


def test_an_older_manifest_survives_a_failure(made, tmp_path, capsys):
    out = tmp_path / "manifest.csv"
    out.write_text("older", encoding="utf-8")
    assert main([str(tmp_path / "nowhere"), "--out", str(out)]) == 1
    assert "nowhere is not a folder" in capsys.readouterr().err
    assert out.read_text(encoding="utf-8") == "older"


def test_one_class_left_is_refused(made, tmp_path, capsys):
    folder = made("folders")
    for path in folder.rglob("benign/*.jpg"):
        path.write_bytes(b"no photo")
    out = tmp_path / "manifest.csv"
    assert main([str(folder), "--out", str(out)]) == 1
    assert "both classes are needed" in capsys.readouterr().err
    assert not out.exists()


def test_no_readable_photo_is_an_error(made, tmp_path, capsys):
    folder = made("folders")
    for path in folder.rglob("*.jpg"):
        path.write_bytes(b"no photo")
    assert main([str(folder), "--out", str(tmp_path / "manifest.csv")]) == 1
    assert "none of the 21 photos can be read" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_an_error(made, tmp_path, capsys):
    folder = made("siim2020")
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    assert main([str(folder), "--out", str(tmp_path / "file" / "manifest.csv")]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_interruption_writes_nothing(made, tmp_path, capsys, monkeypatch):
    def interrupt(path, *, looks):
        raise KeyboardInterrupt

    monkeypatch.setattr("training.prepare.fingerprint", interrupt)
    out = tmp_path / "manifest.csv"
    assert main([str(made("siim2020")), "--out", str(out)]) == 130
    assert not out.exists()


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["folder", "--download", "fanconic"],
        ["folder", "--val-share", "0"],
        ["folder", "--test-share", "1"],
        ["folder", "--seed", "-1"],
        ["folder", "--layout", "unknown"],
        ["--download", "unknown"],
    ],
)
def test_impossible_wishes_are_usage_errors(words, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_paths_lead_through_linked_folders(made, tmp_path):
    folder = made("siim2020")
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "linked").symlink_to(tmp_path / "a" / "b")
    (tmp_path / "set").symlink_to(folder)
    out = tmp_path / "linked" / "manifest.csv"
    assert main([str(tmp_path / "set"), "--out", str(out)]) == 0
    assert len(read_manifest(out)) == 20


def test_notes_tell_contradictions():
    same = {"split": "val", "lesion_in_train": "0", "lesion": "one"}
    rows = [
        same | {"path": "a.jpg", "label": "malignant"},
        same | {"path": "b.jpg", "label": "benign"},
        same | {"path": "c.jpg", "label": "benign", "split": "test"},
    ]
    told = list(notes(rows, [DuplicatePair(0, 1, exact=False)]))
    assert told[0] == (
        "pairs of duplicates that carry both labels: 1, such as a.jpg and b.jpg"
    )
    assert "all photos in test are benign" in told
    assert "test photos whose lesion is also in val: 1" in told


@pytest.mark.slow
def test_fanconic_overlaps_are_found_without_its_manifest(fanconic, tmp_path):
    # Part of the real photos: those that the manifest marks, their lesions, others.
    rows = rows_of(fanconic / "manifest.csv")
    marked = {row["lesion"] for row in rows if row["lesion_in_train"] == "1"}
    chosen = [
        row
        for number, row in enumerate(rows)
        if row["lesion"] in marked or number % 20 == 0
    ]
    for row in chosen:
        link = tmp_path / "set" / row["path"]
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(fanconic / row["path"])
    out = tmp_path / "manifest.csv"
    assert main([str(tmp_path / "set"), "--out", str(out)]) == 0
    found, expected = (
        {
            "/".join(row["path"].split("/")[-3:])
            for row in some
            if row["lesion_in_train"] == "1"
        }
        for some in (rows_of(out), chosen)
    )
    assert len(expected) == 123
    # The others are other views of a lesion, which no copy finder can join.
    assert len(expected & found) >= 34
    # Copies that the manifest does not know were confirmed by eye.
    assert len(found - expected) <= 7
