"""The table of labelled photos, and each way in which it can contradict itself."""

import pytest

from edge_runtime.errors import ManifestError
from edge_runtime.photos.manifest import photos_of, read_manifest, write_manifest

HEADER = "path,label,split,lesion,lesion_in_train"
GOOD = (
    "a.jpg,malignant,train,l1,0",
    "b.jpg,benign,train,l2,0",
    "c.jpg,malignant,val,l3,0",
    "d.jpg,benign,test,l4,0",
    "e.jpg,malignant,test,l1,1",
)


@pytest.fixture
def manifest(tmp_path):
    """Function: writes a manifest and the files a.jpg to e.jpg; returns its path."""

    def write(*rows, header=HEADER):
        for name in "abcde":
            (tmp_path / f"{name}.jpg").touch()
        path = tmp_path / "manifest.csv"
        path.write_text("\n".join((header, *rows, "")), encoding="utf-8")
        return path

    return write


def test_rows_become_photos_in_order(manifest, tmp_path):
    photos = read_manifest(manifest(*GOOD))
    assert [photo.path for photo in photos] == [
        tmp_path / f"{name}.jpg" for name in "abcde"
    ]
    first, *_, last = photos
    assert (first.malignant, first.split, first.lesion) == (True, "train", "l1")
    assert not first.lesion_in_train
    assert last.lesion_in_train


def test_unknown_columns_are_kept(manifest):
    rows = [f"{row},Fitzpatrick {index}" for index, row in enumerate(GOOD)]
    photos = read_manifest(manifest(*rows, header=f"{HEADER},skin"))
    assert photos[2].columns == {"skin": "Fitzpatrick 2"}


def test_paths_are_absolute_whatever_the_working_folder(
    manifest, tmp_path, monkeypatch
):
    manifest(*GOOD)
    monkeypatch.chdir(tmp_path.parent)
    (tmp_path / "sub").mkdir()
    photos = read_manifest((tmp_path / "manifest.csv").relative_to(tmp_path.parent))
    assert photos[0].path == tmp_path / "a.jpg"


def test_the_clean_test_drops_lesions_seen_in_training(manifest, tmp_path):
    photos = read_manifest(manifest(*GOOD))
    assert len(photos_of(photos, "test")) == 2
    (clean,) = photos_of(photos, "test", clean=True)
    assert clean.path == tmp_path / "d.jpg"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("z.jpg,benign,train,l9,0", "line 7.*no photo .*z.jpg"),
        ("a.jpg,naevus,train,l9,0", "line 7.*'naevus'.*malignant or benign"),
        ("a.jpg,,train,l9,0", "line 7.*unknown label ''"),
        ("a.jpg,benign,dev,l9,0", "line 7.*unknown split 'dev'"),
        ("a.jpg,benign,train,,0", "line 7.*may not be empty"),
        (",benign,train,l9,0", "line 7.*may not be empty"),
        ("a.jpg,benign,test,l9,yes", "line 7.*lesion_in_train is 'yes'"),
        ("a.jpg,benign,train", "line 7.*may not be empty"),
        ("a.jpg,benign,train,l9,0", "a.jpg twice"),
        ("sub/../a.jpg,benign,train,l9,0", "a.jpg twice"),
    ],
)
def test_a_bad_row_is_named(manifest, row, words):
    with pytest.raises(ManifestError, match=words):
        read_manifest(manifest(*GOOD, row))


def test_a_lesion_in_train_and_val_is_named(manifest):
    with pytest.raises(ManifestError, match=r"lesion l3 is in both train and val"):
        read_manifest(manifest(*GOOD[:3], "d.jpg,benign,train,l3,0"))


def test_a_test_photo_of_a_training_lesion_needs_the_mark(manifest):
    with pytest.raises(ManifestError, match=r"e\.jpg.*l1.*lesion_in_train=1"):
        read_manifest(manifest(*GOOD[:4], "e.jpg,malignant,test,l1,0"))


@pytest.mark.parametrize(
    ("rows", "words"),
    [(GOOD[1:2], "benign only"), (GOOD[:1], "malignant only"), ((), "none only")],
)
def test_one_class_is_not_enough(manifest, rows, words):
    with pytest.raises(ManifestError, match=words):
        read_manifest(manifest(*rows))


def test_a_missing_column_is_named(manifest):
    with pytest.raises(ManifestError, match=r"lacks the columns \['lesion'\]"):
        read_manifest(manifest(header="path,label,split,lesion_in_train"))


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b'"' + b"a" * 200_000])
def test_what_is_no_table_is_named(tmp_path, content):
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(ManifestError, match=r"table\.csv"):
        read_manifest(path)


def test_an_absent_manifest_is_named(tmp_path):
    with pytest.raises(ManifestError, match=r"nowhere\.csv cannot be read"):
        read_manifest(tmp_path / "nowhere.csv")


def test_files_need_not_exist_when_they_are_not_needed(tmp_path):
    path = tmp_path / "manifest.csv"
    path.write_text("\n".join((HEADER, *GOOD)), encoding="utf-8")
    assert len(read_manifest(path, check_files=False)) == 5


def test_spreadsheets_byte_order_mark_is_no_part_of_the_first_column(manifest):
    path = manifest(*GOOD)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(read_manifest(path)) == 5


def test_what_is_written_reads_back(tmp_path):
    rows = [
        {
            "site": "arm, left",
            "path": f"{name}.jpg",
            "label": label,
            "split": "train",
            "lesion": name,
            "lesion_in_train": "0",
        }
        for name, label in (("a", "malignant"), ("b", "benign"))
    ]
    path = tmp_path / "new" / "manifest.csv"
    write_manifest(path, rows)
    assert path.read_text(encoding="utf-8").splitlines()[0] == f"{HEADER},site"
    first, _ = read_manifest(path, check_files=False)
    assert first.columns == {"site": "arm, left"}


def test_the_real_manifest_keeps_its_promises(fanconic):
    photos = read_manifest(fanconic / "manifest.csv", check_files=False)
    # Of 3,297 photos 660 are in the published test split, 123 of these marked.
    assert len(photos) == 3297
    assert len(photos_of(photos, "test")) == 660
    assert len(photos_of(photos, "test", clean=True)) == 537
