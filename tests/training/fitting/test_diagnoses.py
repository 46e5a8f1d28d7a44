from pathlib import Path

import keras
import numpy as np
import pytest

from edge_runtime.errors import ManifestError
from edge_runtime.photos.manifest import LabelledPhoto
from training.fitting.diagnoses import CLASSES, UNKNOWN, diagnoses_of, with_diagnoses
from training.networks.head import with_head


def _photos(*diagnoses):
    return [
        LabelledPhoto(Path(f"/{text}.jpg"), False, "train", text, False, columns)
        for text in diagnoses
        for columns in [{"diagnosis": text}]
    ]


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    pixels = keras.Input((8, 8, 3), name="pixels")
    seen = keras.layers.Conv2D(4, 3, name="seen")(pixels)
    return with_head(pixels, [seen], "tiny8")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("melanoma", "melanoma"),
        ("nevus [histo]", "nevus"),
        ("Seborrheic keratosis", "benign keratosis"),
        (
            "squamous cell carcinoma (HAM10000: akiec, actinic keratosis or Bowen)",
            "squamous cell carcinoma",
        ),
    ],
)
def test_names_are_read_as_data_sets_write_them(text, name):
    assert [CLASSES[index] for index in diagnoses_of(_photos(text))] == [name]


@pytest.mark.parametrize("text", ["", "unknown", "nevus or other benign"])
def test_other_names_are_unknown(text):
    assert diagnoses_of(_photos("nevus", text)).tolist() == [0, UNKNOWN]


def test_a_manifest_without_diagnoses_is_refused():
    photo = LabelledPhoto(Path("/a.jpg"), False, "train", "a", False, {})
    with pytest.raises(ManifestError, match="expected a column 'diagnosis'"):
        diagnoses_of([photo])


def test_first_output_is_the_networks_own(model):
    pixels = np.random.default_rng(0).random((5, 8, 8, 3)).astype(np.float32)
    likely, classes = with_diagnoses(model).predict_on_batch(pixels)
    np.testing.assert_array_equal(likely, model.predict_on_batch(pixels))
    assert classes.shape == (5, len(CLASSES))


def test_what_is_learnt_is_learnt_by_the_networks_own_layers(model):
    before = model.get_weights()
    both = with_diagnoses(model)
    both.compile(keras.optimizers.SGD(1.0), ["mse", "sparse_categorical_crossentropy"])
    both.train_on_batch(
        np.ones((2, 8, 8, 3), np.float32), [np.ones((2, 1)), np.array([1, 2])]
    )
    changed = [
        not np.array_equal(old, new)
        for old, new in zip(before, model.get_weights(), strict=True)
    ]
    assert all(changed)
    assert len(both.get_weights()) == len(before) + 2
