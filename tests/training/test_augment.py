import numpy as np
import pytest

from edge_runtime.photos.decoding import read_photo
from edge_runtime.photos.manifest import photos_of, read_manifest
from training.augment import main
from training.synthetic.dataset import draw_table


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return draw_table(tmp_path_factory.mktemp("photos"), 10, 10, size_px=48)


@pytest.fixture(scope="module")
def augmented(table, tmp_path_factory):
    out = tmp_path_factory.mktemp("augmented")
    given = ["--samples", "60", "--size", "32", "--out", str(out)]
    assert main([str(table), *given]) == 0
    return out / "manifest.csv"


def test_train_split_is_the_copies(augmented):
    train = photos_of(read_manifest(augmented), "train")
    assert len(train) == 60
    assert {photo.path.parent for photo in train} == {augmented.parent / "train"}
    assert all(read_photo(photo.path).shape == (32, 32, 3) for photo in train)


def test_copies_keep_label_and_lesion(table, augmented):
    known = {photo.lesion: photo.malignant for photo in read_manifest(table)}
    for photo in read_manifest(augmented):
        assert known[photo.lesion] == photo.malignant


@pytest.mark.parametrize("split", ["val", "test"])
def test_other_splits_are_untouched(table, augmented, split):
    before, after = (
        photos_of(read_manifest(path), split) for path in (table, augmented)
    )
    assert [(p.path.resolve(), p.lesion, p.malignant) for p in before] == [
        (p.path.resolve(), p.lesion, p.malignant) for p in after
    ]


def test_no_lesion_of_a_copy_is_in_another_split_than_before(table, augmented):
    trained = {photo.lesion for photo in photos_of(read_manifest(table), "train")}
    copied = {photo.lesion for photo in photos_of(read_manifest(augmented), "train")}
    assert copied <= trained


def test_same_seed_gives_the_same_photos(table, augmented, tmp_path):
    given = ["--samples", "5", "--size", "32", "--out", str(tmp_path / "again")]
    assert main([str(table), *given]) == 0
    # The draw depends on how many are drawn; the changes on their number only.
    drawn = sorted((tmp_path / "again" / "train").iterdir())
    for path in drawn:
        np.testing.assert_array_equal(
            read_photo(path), read_photo(augmented.parent / "train" / path.name)
        )


def test_a_finished_folder_is_left_alone(table, augmented, capsys):
    before = augmented.read_bytes()
    assert main([str(table), "--out", str(augmented.parent)]) == 1
    assert "is there already" in capsys.readouterr().err
    assert augmented.read_bytes() == before


def test_no_samples_is_a_usage_error(table, tmp_path):
    with pytest.raises(SystemExit) as stop:
        main([str(table), "--samples", "0", "--out", str(tmp_path)])
    assert stop.value.code == 2
