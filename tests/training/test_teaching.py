import keras
import numpy as np
import pytest

from training.augmentation import strong
from training.squares import AugmentedPhotos
from training.teaching import TEACHERS_SHARE, TeacherError, Teachers, read_teachers


def _constant(size_px, probability):
    """A model that says the same of every picture."""
    inputs = keras.Input((size_px, size_px, 3))
    values = keras.layers.GlobalAveragePooling2D()(inputs)
    outputs = keras.layers.Dense(1, activation="sigmoid", name="said")(values)
    model = keras.Model(inputs, outputs)
    bias = np.array([np.log(probability / (1 - probability))], np.float32)
    model.get_layer("said").set_weights([np.zeros((3, 1), np.float32), bias])
    return model


def _views(*sizes_px):
    return {size: np.zeros((2, size, size, 3), np.float32) for size in sizes_px}


LABELS = np.array([[0], [1]], np.float32)


def test_one_teachers_word_joins_the_label():
    targets = Teachers((_constant(8, 0.3),)).targets(_views(8), LABELS)
    taught = TEACHERS_SHARE * 0.3
    np.testing.assert_allclose(
        targets, [[taught], [taught + 1 - TEACHERS_SHARE]], atol=1e-6
    )


def test_teachers_agree_on_the_mean_of_their_logits():
    teachers = Teachers((_constant(8, 0.2), _constant(16, 0.8)))
    targets = teachers.targets(_views(8, 16), np.full((2, 1), 0.5, np.float32))
    # Opposite logits: neither word counts more.
    np.testing.assert_allclose(targets, 0.5, atol=1e-6)


def test_each_teacher_is_shown_its_own_size():
    assert Teachers((_constant(8, 0.5), _constant(16, 0.5))).sizes_px == {8, 16}


@pytest.fixture
def photos():
    rng = np.random.default_rng(0)
    squares = [rng.integers(0, 256, (64, 64, 3), np.uint8) for _ in range(6)]
    return AugmentedPhotos(
        squares, np.array([0, 1] * 3), size_px=8, augmentation=strong, batch_size=6,
        seed=0, teachers=Teachers((_constant(32, 0.9),)),
    )  # fmt: skip


def test_batches_carry_the_teachers_word(photos):
    (batch,) = photos.epoch(1)
    taught = TEACHERS_SHARE * 0.9
    expected = [taught] * 3 + [taught + 1 - TEACHERS_SHARE] * 3
    np.testing.assert_allclose(np.sort(batch.labels[:, 0]), expected, atol=1e-6)


def test_pupil_and_teacher_see_the_same_change(photos):
    part = np.arange(6)
    small = photos._view(part, 1, 8)
    large = photos._view(part, 1, 32)
    averaged = large.reshape(6, 8, 4, 8, 4, 3).mean(axis=(2, 4))
    # Noise keeps no structure between other changes: correlation tells them apart.
    for one, other in zip(small, averaged, strict=True):
        assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.8


def test_no_runs_mean_no_teachers():
    assert read_teachers(()) is None


def test_missing_run_is_named(tmp_path):
    with pytest.raises(TeacherError, match=r"model\.keras is missing"):
        read_teachers([tmp_path])


def test_model_of_many_classes_cannot_teach(tmp_path):
    inputs = keras.Input((8, 8, 3))
    outputs = keras.layers.Dense(5)(keras.layers.Flatten()(inputs))
    keras.Model(inputs, outputs).save(tmp_path / "model.keras")
    with pytest.raises(TeacherError, match="expected one probability"):
        read_teachers([tmp_path])
