"""Feature vectors of the rarer label, as differential evolution makes them."""

import keras
import numpy as np
import pytest

from edge_runtime.evaluation.metrics import roc_auc
from training.fitting.batches import AugmentedPhotos
from training.fitting.loop import Schedule, Validation, fit, scores_of
from training.fitting.mutation import FACTOR, Mutated, Mutations, with_mutations
from training.networks.head import with_head

pytestmark = pytest.mark.usefixtures("deterministic")

LABELS = np.array([0, 0, 0, 1, 1, 1, 0, 0], np.float32)[:, None]


def _rng():
    return np.random.default_rng(0)


def test_the_rarer_label_is_filled_up_until_both_count_the_same():
    labels = np.repeat([0, 1], [30, 12])
    mutations = Mutations.for_labels(labels)
    assert mutations.weights == (0.0, 1.5)
    assert 12 * (1 + mutations.weights[1]) == 30


def test_donors_are_two_other_photos_of_the_same_label():
    added = Mutations((0.0, 1.5)).of_batch(LABELS, _rng())
    assert added.weights[:, 0].tolist() == [0, 0, 0, 1.5, 1.5, 1.5, 0, 0]
    for place in (3, 4, 5):
        donors = {int(each) for each in added.donors[place]}
        assert donors == {3, 4, 5} - {place}


def test_too_few_of_a_label_make_no_vector():
    added = Mutations((0.0, 1.5)).of_batch(LABELS[2:5], _rng())
    assert not added.weights.any()


def test_a_mutated_vector_is_a_plus_f_times_the_difference():
    features = np.arange(12, dtype=np.float32).reshape(4, 3) ** 2
    donors = np.array([[1, 2], [2, 3], [3, 0], [0, 0]], np.float32)
    given = keras.ops.convert_to_numpy(Mutated()(features, donors))
    first, second = donors.astype(int).T
    expected = features + FACTOR * (features[first] - features[second])
    np.testing.assert_allclose(given, expected)
    np.testing.assert_allclose(given[3], features[3])


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((8, 8, 3), name="pixels")
    maps = keras.layers.Conv2D(4, 3, name="conv")(inputs)
    return with_head(inputs, [maps], "tiny8")


def test_the_networks_own_output_and_weights_stay(model):
    both = with_mutations(model)
    assert [weight.shape for weight in both.get_weights()] == [
        weight.shape for weight in model.get_weights()
    ]
    pixels = np.random.default_rng(1).random((5, 8, 8, 3)).astype(np.float32)
    np.testing.assert_allclose(scores_of(both, pixels), scores_of(model, pixels))


def test_a_network_calls_the_rarer_label_more_often_with_mutations(model, tmp_path):
    rng = np.random.default_rng(0)
    labels = (np.arange(60) % 5 == 0).astype(np.int64)
    levels = (160 - 60 * labels)[:, None, None, None]
    squares = (levels + rng.normal(0, 20, (60, 8, 8, 3))).clip(0, 255).astype(np.uint8)
    photos = AugmentedPhotos(
        list(squares), labels, 8, lambda square, *_: square, 20, 0, weighted=False
    )
    validation = Validation(squares.astype(np.float32) / 255, labels)
    start, scores = model.get_weights(), {}
    for name, mutation in (
        ("plain", None),
        ("mutated", Mutations.for_labels(labels)),
    ):
        model.set_weights(start)
        schedule = Schedule(10, 1e-2, 20, mutation=mutation)
        trained = with_mutations(model) if mutation else model
        checkpoint = tmp_path / f"{name}.npz"
        fitted = fit(trained, photos, validation, schedule, checkpoint)
        trained.set_weights(fitted.weights)
        scores[name] = scores_of(model, validation.pixels)
    assert scores["mutated"].mean() > scores["plain"].mean() + 0.03
    assert roc_auc(labels, scores["mutated"]) > 0.9
