"""Data sets as they lie on people's disks: nothing is lost or taken in silence."""

import csv
import os
import shutil

import numpy as np
import pytest
from PIL import Image, ImageDraw

from edge_runtime.photos.manifest import read_manifest
from edge_runtime.photos.paths import PHOTO_SUFFIXES, photos_in
from training.prepare import main


def rows_of(path):
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out" / "manifest.csv"


@pytest.mark.parametrize(
    "hidden", [".thumbnails", ".ipynb_checkpoints", "@eaDir", "__MACOSX", "#recycle"]
)
@pytest.mark.parametrize("layout", ["ham10000", "folders"])
def test_photos_of_the_system_are_not_the_persons(made, out, hidden, layout):
    folder = made(layout)
    inside = folder / "train" / "benign" if layout == "folders" else folder
    for path in sorted(folder.rglob("*.jpg")):
        small = inside / hidden / path.name
        small.parent.mkdir(exist_ok=True)
        Image.open(path).resize((24, 24)).save(small)
    assert main([str(folder), "--out", str(out)]) == 0
    assert len(read_manifest(out)) == 21
    assert not any(hidden in row["path"] for row in rows_of(out))
    assert len([*photos_in([folder])]) == 21


def test_masks_do_not_take_the_place_of_photos(made, out, capsys):
    folder = made("ham10000")
    for number, path in enumerate(sorted(folder.rglob("*.jpg"))):
        mask = Image.new("L", (64, 64))
        ImageDraw.Draw(mask).ellipse((10, 10 + number, 40, 50), fill=255)
        (folder / "GroundTruth").mkdir(exist_ok=True)
        mask.save(folder / "GroundTruth" / f"{path.stem}.png")
    assert main([str(folder), "--out", str(out)]) == 0
    assert not any("GroundTruth" in row["path"] for row in rows_of(out))
    assert "21 photos have another file of the same name" in capsys.readouterr().err


def test_of_two_photos_of_one_name_nobody_guesses(made, out, capsys):
    folder = made("siim2020")
    for path in sorted((folder / "jpeg" / "train").iterdir()):
        (folder / "more").mkdir(exist_ok=True)
        Image.open(path).rotate(90).save(folder / "more" / path.name)
    assert main([str(folder), "--out", str(out)]) == 1
    assert "two different photos have one name" in capsys.readouterr().err
    shutil.rmtree(folder / "more")
    shutil.copytree(folder / "jpeg" / "train", folder / "again")
    assert main([str(folder), "--out", str(out)]) == 0


@pytest.mark.parametrize("suffix", [".jfif", ".jpe", ".JPG", ".mpo", ".Jpeg"])
def test_every_ending_of_a_photo_is_read(made, out, suffix):
    folder = made("folders")
    for path in sorted(folder.rglob("malignant/*.jpg")):
        path.rename(path.with_suffix(suffix))
    assert main([str(folder), "--out", str(out)]) == 0
    assert len(read_manifest(out)) == 21


@pytest.mark.parametrize("suffix", [".HEIC", ".jxl", ".cr2", ".NEF"])
def test_photos_that_cannot_be_decoded_are_counted_and_named(made, out, capsys, suffix):
    assert suffix.lower() in PHOTO_SUFFIXES
    folder = made("folders")
    for path in sorted(folder.rglob("train/benign/*.jpg"))[:2]:
        path.write_bytes(b"no picture that Pillow knows")
        path.rename(path.with_suffix(suffix))
    assert main([str(folder), "--out", str(out)]) == 3
    said = capsys.readouterr().err
    assert said.count("error: left out: ") == 2
    assert "2 of 21 photos were left out" in said
    assert len(read_manifest(out)) == 19


def test_files_that_are_no_photos_are_counted(made, out, capsys):
    folder = made("folders")
    for name in ("notes.txt", "Thumbs.db"):
        (folder / "train" / "benign" / name).write_bytes(b"x")
    assert main([str(folder), "--out", str(out)]) == 0
    assert "2 files that are no photos by their ending" in capsys.readouterr().err


def test_class_folders_may_be_links(made, out, tmp_path):
    folder = made("folders")
    (folder / "train" / "benign").rename(tmp_path / "elsewhere")
    (folder / "train" / "benign").mkdir()
    (folder / "train" / "benign" / "deep").symlink_to(tmp_path / "elsewhere")
    # A circle of links is walked once.
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "elsewhere")
    assert main([str(folder), "--out", str(out)]) == 0
    assert len(read_manifest(out)) == 21


@pytest.mark.parametrize("line", [2, 10, 20])
def test_a_stray_quotation_mark_is_named_with_its_line(made, out, capsys, line):
    folder = made("ham10000")
    table = folder / "HAM10000_metadata.csv"
    lines = table.read_text().splitlines()
    lines[line - 1] = lines[line - 1].replace("histo", '"histo')
    table.write_text("\n".join(lines))
    assert main([str(folder), "--out", str(out)]) == 1
    assert f"line {line} has a quotation mark" in capsys.readouterr().err
    assert not out.exists()


def test_lines_are_counted_with_the_blank_ones(made, out, capsys):
    folder = made("ham10000")
    table = folder / "HAM10000_metadata.csv"
    head, *rows = table.read_text().splitlines()
    rows[3] = rows[3].replace(",", ",X", 1)
    table.write_text("\n".join([head, "", "", *rows]))
    assert main([str(folder), "--out", str(out)]) == 1
    # Head, two blank lines, then the fourth row.
    assert "line 7: there is no photo X" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="names are no bytes there")
def test_names_that_are_no_utf_8_are_kept_and_read_back(made, out, capsys):
    folder = made("folders")
    victim = folder / "train" / "benign" / "1.jpg"
    odd = victim.with_name(os.fsdecode(b"\xfcber.jpg"))
    victim.rename(odd)
    shutil.copy(folder / "train" / "malignant" / "1.jpg", odd.with_name("same.jpg"))
    assert main([str(folder), "--out", str(out)]) == 0
    assert odd.resolve() in {photo.path for photo in read_manifest(out)}


def test_the_place_is_looked_at_before_the_photos(made, tmp_path, capsys, monkeypatch):
    def never(path, *, looks):
        raise AssertionError("photos were read")

    monkeypatch.setattr("training.prepare.fingerprint", never)
    assert main([str(made("folders")), "--out", str(tmp_path)]) == 1
    assert "that is a folder" in capsys.readouterr().err


def test_colours_do_not_matter_for_the_same_picture(made, out):
    """A data set's own copy in grey is still a copy: kept on one side."""
    folder = made("folders")
    grey = Image.open(folder / "train" / "malignant" / "3.jpg").convert("L")
    Image.fromarray(np.asarray(grey)).save(folder / "test" / "malignant" / "g.png")
    assert main([str(folder), "--out", str(out)]) == 0
    by_name = {row["path"].rsplit("/", 1)[1]: row for row in rows_of(out)}
    assert by_name["g.png"]["lesion_in_train"] == "1"
