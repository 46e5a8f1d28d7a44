"""Each layout is recognised and read as its publishers describe it."""

import shutil

import pytest

from edge_runtime.errors import ManifestError
from training.datasets.layouts import LAYOUTS, layout_of, read_photos
from training.synthetic.dataset import draw_table

TABLES = {
    "ham10000": "HAM10000_metadata.csv",
    "siim2020": "train.csv",
    "isic2017": "ISIC-2017_Training_Part3_GroundTruth.csv",
    "pad-ufes-20": "metadata.csv",
}


def found(folder, name="auto"):
    return read_photos(folder, layout_of(folder, name)).photos


def edited(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize("name", [*TABLES, "folders"])
def test_layouts_are_recognised(made, name):
    assert layout_of(made(name)).name == name


def test_a_manifest_counts_more_than_the_folders_beside_it(made):
    folder = made("folders")
    draw_table(folder, 3, 3, size_px=16)
    assert layout_of(folder).name == "manifest"


def test_class_folders_give_label_and_published_split(made):
    photos = {
        "/".join(photo.path.parts[-3:]): photo for photo in found(made("folders"))
    }
    assert len(photos) == 21
    for name, photo in photos.items():
        split, label, _ = name.split("/")
        assert (photo.split, photo.malignant) == (split, label == "malignant"), name
        assert photo.group == ""


def test_class_folders_without_splits_leave_the_split_open(made):
    assert {photo.split for photo in found(made("folders") / "train")} == {""}


def test_folders_beside_the_splits_are_left_alone(made):
    folder = made("folders")
    shutil.copytree(folder / "train", folder / "data" / "train")
    assert len(found(folder)) == 21


def test_files_that_are_no_photos_are_left_alone(made):
    folder = made("folders")
    for name in ("Thumbs.db", ".hidden.jpg", "notes.txt"):
        (folder / "train" / "benign" / name).write_bytes(b"no photo")
    (folder / "__MACOSX").mkdir()
    assert len(found(folder)) == 21


def test_own_manifest_keeps_splits_lesions_marks_and_columns(tmp_path):
    manifest = draw_table(tmp_path, 3, 3, size_px=16)
    text = manifest.read_text(encoding="utf-8")
    head, *lines = text.splitlines()
    manifest.write_text(
        "\n".join([head + ",camera", *(line + ",Pi" for line in lines)]) + "\n",
        encoding="utf-8",
    )
    photos = found(tmp_path)
    assert [photo.split for photo in photos] == ["train", "val", "test"] * 2
    assert photos[0].group == "malignant_0000"
    assert {photo.columns["camera"] for photo in photos} == {"Pi"}


def test_ham10000_groups_by_lesion_and_calls_three_diagnoses_malignant(made):
    photos = found(made("ham10000"))
    assert len(photos) == 21
    for photo in photos:
        malignant = photo.columns["dx"] in {"mel", "bcc", "akiec"}
        assert photo.malignant == malignant
        assert photo.group == photo.columns["lesion_id"]
        assert photo.path.stem == photo.columns["image_id"]
        assert photo.split == ""
    assert photos[0].group == photos[-1].group


def test_ham10000_table_may_lack_its_ending(made):
    folder = made("ham10000")
    (folder / "HAM10000_metadata.csv").rename(folder / "HAM10000_metadata")
    assert len(found(folder)) == 21


def test_siim2020_groups_by_patient_and_reads_the_target(made):
    photos = found(made("siim2020"))
    assert len(photos) == 20
    for photo in photos:
        assert photo.malignant == (photo.columns["target"] == "1")
        assert photo.group == photo.columns["patient_id"]
    assert len({photo.group for photo in photos}) == 10


def test_isic2017_keeps_published_splits_and_counts_melanoma_only(made):
    photos = found(made("isic2017"))
    splits = [photo.split for photo in photos]
    assert splits == ["train"] * 12 + ["val"] * 4 + ["test"] * 4
    for photo in photos:
        assert photo.malignant == (photo.columns["melanoma"] == "1.0")
        assert "superpixels" not in photo.path.name


def test_isic2017_reads_the_tables_that_are_there(made):
    folder = made("isic2017")
    for split in ("Validation", "Test_v2"):
        (folder / f"ISIC-2017_{split}_Part3_GroundTruth.csv").unlink()
    assert {photo.split for photo in found(folder)} == {"train"}


def test_pad_ufes_20_groups_by_patient_and_keeps_clinical_columns(made):
    photos = found(made("pad-ufes-20"))
    assert len(photos) == 20
    for photo in photos:
        assert photo.malignant == (photo.columns["diagnostic"] in {"BCC", "MEL", "SCC"})
        assert photo.group == photo.columns["patient_id"]
        assert photo.columns["fitspatrick"] == "3.0"
        assert photo.path.name == photo.columns["img_id"]


def test_tables_may_lie_one_folder_deeper(made, tmp_path):
    made("pad-ufes-20")
    assert layout_of(tmp_path).name == "pad-ufes-20"
    assert len(found(tmp_path)) == 20


@pytest.mark.parametrize(("name", "table"), TABLES.items())
def test_missing_tables_are_named(tmp_path, name, table):
    with pytest.raises(ManifestError, match=table):
        found(tmp_path, name)


@pytest.mark.parametrize(("name", "table"), TABLES.items())
def test_missing_photos_are_counted_and_the_first_is_named(made, name, table):
    folder = made(name)
    victims = [photo.path for photo in found(folder)][:2]
    for victim in victims:
        victim.unlink()
    with pytest.raises(ManifestError, match="line 2") as caught:
        found(folder)
    assert table in str(caught.value)
    assert victims[0].stem in str(caught.value)
    assert "(2 of " in str(caught.value)


@pytest.mark.parametrize(
    ("name", "old", "new", "wrong"),
    [
        ("ham10000", ",mel,", ",wart,", "wart"),
        ("siim2020", ",1\r\n", ",\r\n", "''"),
        ("isic2017", ",1.0,", ",yes,", "yes"),
        ("pad-ufes-20", ",BCC,", ",bcc?,", "bcc?"),
    ],
)
def test_unknown_labels_are_named_with_their_line(made, name, old, new, wrong):
    folder = made(name)
    table = folder / TABLES[name]
    content = table.read_bytes().replace(old.encode(), new.encode(), 1)
    table.write_bytes(content)
    with pytest.raises(ManifestError, match="line 2: unknown label") as caught:
        found(folder)
    assert wrong in str(caught.value)


def test_unknown_class_folders_are_named(made):
    folder = made("folders")
    (folder / "train" / "unsure").mkdir()
    with pytest.raises(ManifestError, match="unknown label 'unsure'"):
        found(folder)


def test_missing_columns_are_named(made):
    folder = made("ham10000")
    edited(folder / TABLES["ham10000"], "lesion_id", "lesion")
    with pytest.raises(ManifestError, match=r"lacks the columns \['lesion_id'\]"):
        found(folder)


def test_photos_listed_twice_are_named(made):
    folder = made("siim2020")
    edited(folder / TABLES["siim2020"], "ISIC_0000001", "ISIC_0000000")
    with pytest.raises(ManifestError, match=r"ISIC_0000000\.jpg is listed 2 times"):
        found(folder)


@pytest.mark.parametrize("label", ["malignant", "benign"])
def test_one_class_only_is_refused(made, label):
    folder = made("folders")
    for split in ("train", "test"):
        shutil.rmtree(folder / split / label)
    with pytest.raises(ManifestError, match=f"{label} ones are needed"):
        found(folder)


def test_empty_folders_are_refused_with_the_known_layouts(tmp_path):
    with pytest.raises(ManifestError, match="none of the known layouts") as caught:
        found(tmp_path)
    assert all(name in str(caught.value) for name in LAYOUTS)


def test_class_folders_without_photos_are_refused(tmp_path):
    (tmp_path / "benign").mkdir()
    with pytest.raises(ManifestError, match="holds no photos"):
        found(tmp_path)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "photo.jpg").write_bytes(b"")
    with pytest.raises(ManifestError, match="is not a folder"):
        found(tmp_path / "photo.jpg")


def test_tables_that_are_no_text_are_named(made):
    folder = made("ham10000")
    (folder / TABLES["ham10000"]).write_bytes(b"\xff\xfe\x00\xd8")
    with pytest.raises(ManifestError, match="cannot be read"):
        found(folder)


def test_own_manifest_with_pad_ufes_20s_answers_speaks_our_words(tmp_path):
    manifest = draw_table(tmp_path, 3, 3, size_px=16)
    head, *lines = manifest.read_text(encoding="utf-8").splitlines()
    told = [line + ",61,3.0,NOSE,True,UNK" for line in lines]
    head += ",age,fitspatrick,region,itch,hurt"
    manifest.write_text("\n".join([head, *told]) + "\n", encoding="utf-8")
    columns = found(tmp_path)[0].columns
    expected = {"age": "61", "fitzpatrick": "3", "region": "nose", "itch": "yes"}
    assert {name: columns[name] for name in expected} == expected
    assert columns["hurt"] == columns["grew"] == ""
