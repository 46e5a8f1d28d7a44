from collections import Counter

import numpy as np
import pytest
from PIL import Image

from convert.errors import ConversionError
from convert.quantize.calibration_photos import (
    refuse_held_out,
    representative_batches,
    representative_photos,
)
from edge_runtime.errors import PhotoError
from edge_runtime.photos.manifest import LabelledPhoto


@pytest.fixture
def photo(tmp_path):
    """Function that draws a plain photo and lists it; each has its own colour."""
    made = []

    def make(split, *, malignant=False, lesion=None, colour=None):
        number = len(made)
        path = tmp_path / f"{number}.png"
        colour = colour or (number, 2 * number, 255 - number)
        Image.new("RGB", (20, 16), colour).save(path)
        lesion = lesion or f"lesion {number}"
        made.append(LabelledPhoto(path, malignant, split, lesion, False, {}))
        return made[-1]

    return make


@pytest.fixture
def manifest(photo):
    """Three malignant and nine benign photos to learn from, and held-out ones."""
    train = [photo("train", malignant=number < 3) for number in range(12)]
    return [*train, photo("val", malignant=True), photo("test")]


def test_photos_come_from_the_training_split_alone(manifest):
    chosen = representative_photos(manifest, count=100)
    assert {each.split for each in chosen} == {"train"}
    assert len({each.path for each in chosen}) == len(chosen) == 12


def test_half_of_the_photos_are_malignant(manifest):
    chosen = representative_photos(manifest, count=6)
    assert Counter(each.malignant for each in chosen) == {True: 3, False: 3}


def test_a_seed_always_draws_the_same_photos(manifest):
    first = representative_photos(manifest, count=6, seed=1)
    assert representative_photos(manifest, count=6, seed=1) == first
    others = [representative_photos(manifest, count=6, seed=s) for s in range(2, 6)]
    assert any(other != first for other in others)


def test_training_photos_that_are_also_held_out_are_left_out(photo, manifest):
    same_lesion = photo("train", malignant=True, lesion=manifest[-1].lesion)
    same_file = photo("train", colour=(1, 1, 1))
    twin = photo("val", colour=(1, 1, 1))
    assert same_file.path.read_bytes() == twin.path.read_bytes()
    photos = [*manifest, same_lesion, same_file, twin]
    chosen = representative_photos(photos, count=100)
    names = {each.path for each in chosen}
    assert names.isdisjoint({same_lesion.path, same_file.path})
    refuse_held_out(chosen, photos)


def test_a_class_without_training_photos_is_refused(photo):
    photos = [photo("train"), photo("val", malignant=True)]
    with pytest.raises(ConversionError, match="no malignant training photo"):
        representative_photos(photos)


@pytest.mark.parametrize("split", ["val", "test"])
def test_held_out_photos_are_refused_by_name(manifest, split):
    wrong = next(each for each in manifest if each.split == split)
    with pytest.raises(
        ConversionError, match=f"{wrong.path.name} belongs to the {split}"
    ):
        refuse_held_out([*manifest[:2], wrong], manifest)


def test_the_lesion_of_a_held_out_photo_is_refused(photo, manifest):
    again = photo("train", lesion=manifest[-1].lesion)
    with pytest.raises(ConversionError, match=r"same lesion as .* of the test split"):
        refuse_held_out([again], manifest)


def test_the_file_of_a_held_out_photo_is_refused_under_any_name(photo, manifest):
    photo("val", colour=(9, 9, 9))
    held_out = photo("val", colour=(7, 7, 7))
    again = photo("train", colour=(7, 7, 7))
    with pytest.raises(ConversionError, match=r"same file as .* of the val split"):
        refuse_held_out([again], [*manifest, held_out])


def test_batches_are_what_the_network_sees(photo):
    chosen = [photo("train", colour=(255, 0, 51)), photo("train")]
    batches = list(representative_batches(chosen, size_px=8, mean=127.5, std=127.5))
    assert [(each.shape, each.dtype) for each in batches] == [
        ((1, 8, 8, 3), np.float32)
    ] * 2
    # (255 - 127.5) / 127.5, (0 - 127.5) / 127.5 and (51 - 127.5) / 127.5
    np.testing.assert_allclose(batches[0][0, 3, 5], [1, -1, -0.6], rtol=1e-6)


def test_an_unreadable_photo_is_named(photo):
    broken = photo("train")
    broken.path.write_bytes(b"no photo")
    with pytest.raises(PhotoError, match=broken.path.name):
        list(representative_batches([broken], size_px=8, mean=0, std=255))
