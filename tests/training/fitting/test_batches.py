import itertools

import numpy as np
import pytest
from PIL import Image

from edge_runtime.photos.manifest import photos_of, read_manifest
from edge_runtime.photos.preprocessing import load_pixels, resize
from training.augmentation.pipelines import MILD, strong
from training.fitting.batches import (
    AugmentedPhotos,
    decoded_squares,
    labels_of,
    model_inputs,
)
from training.fitting.sources import BalancedDraws
from training.synthetic.dataset import draw_table

N_PHOTOS = 10
LABELS = np.array([1, 0, 0, 0, 1, 0, 0, 0, 1, 0])


def _plain(square, size_px, _rng, _strength):
    return resize(square, size_px)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Drawn photos of 48 px: 10 of each class."""
    manifest = draw_table(tmp_path_factory.mktemp("squares"), 10, 10, size_px=48)
    return read_manifest(manifest)


@pytest.fixture
def cards():
    """A function that supplies ten cards, each of a grey level of its own."""

    def supply(*, batch_size=4, seed=0, augmentation=_plain, mild_from=1):
        squares = [
            np.full((24, 24, 3), 20 * number, np.uint8) for number in range(N_PHOTOS)
        ]
        return AugmentedPhotos(
            squares, LABELS, 16, augmentation, batch_size, seed, mild_from
        )

    return supply


def _numbers(batches):
    """Which cards are in the batches, in order."""
    pixels = np.concatenate([batch.pixels for batch in batches])
    return np.rint(pixels[:, 0, 0, 0] * 255 / 20).astype(int)


def _flat(batches):
    return [
        array.tobytes()
        for batch in batches
        for array in (batch.pixels, batch.labels, batch.weights)
    ]


class TestEpoch:
    def test_is_a_function_of_seed_and_number_only(self, table):
        train = photos_of(table, "train")
        squares = decoded_squares(train, 16)

        def epochs(numbers):
            photos = AugmentedPhotos(squares, labels_of(train), 16, strong, 4, seed=3)
            return {number: _flat(photos.epoch(number)) for number in numbers}

        forwards, backwards = epochs([1, 2, 3]), epochs([3, 2, 1])
        assert forwards == backwards

    def test_other_epochs_and_other_seeds_have_another_order(self, cards):
        orders = {
            tuple(_numbers(cards(seed=seed).epoch(number)))
            for seed, number in itertools.product((0, 1), (1, 2, 3))
        }
        assert len(orders) == 6

    def test_changes_a_photo_the_same_way_in_any_batch(self, cards):
        # The changes follow from seed, epoch and photo, not from its neighbours.
        def lottery(square, size_px, rng, _strength):
            return np.full((size_px, size_px, 3), rng.integers(256), np.uint8)

        drawn = []
        for batch_size in (2, 5):
            by_card = cards(batch_size=batch_size)
            order = _numbers(by_card.epoch(1))
            lots = cards(batch_size=batch_size, augmentation=lottery).epoch(1)
            levels = np.concatenate([batch.pixels[:, 0, 0, 0] for batch in lots])
            drawn.append(dict(zip(order.tolist(), levels.tolist(), strict=True)))
        assert drawn[0] == drawn[1]

    def test_shows_no_photo_twice(self, cards):
        numbers = _numbers(cards(batch_size=5).epoch(1))
        assert sorted(numbers) == list(range(N_PHOTOS))

    def test_photos_that_fill_no_batch_wait_for_another_epoch(self, cards):
        photos = cards(batch_size=4)
        first = list(photos.epoch(1))
        assert [len(batch.labels) for batch in first] == [4, 4]
        assert photos.steps == 2
        seen = set(itertools.chain(*(_numbers(photos.epoch(n)) for n in range(1, 6))))
        assert seen == set(range(N_PHOTOS))

    def test_fewer_photos_than_a_batch_are_one_batch(self, cards):
        (batch,) = cards(batch_size=64).epoch(1)
        assert len(batch.labels) == N_PHOTOS

    def test_labels_belong_to_their_photos(self, cards):
        for batch in cards().epoch(1):
            np.testing.assert_array_equal(batch.labels[:, 0], LABELS[_numbers([batch])])

    def test_both_classes_weigh_the_same(self, cards):
        (batch,) = cards(batch_size=N_PHOTOS).epoch(1)
        malignant = batch.labels == 1
        # Sums of at most ten float32 numbers near 1.
        assert batch.weights[malignant].sum() == pytest.approx(N_PHOTOS / 2, rel=1e-6)
        assert batch.weights[~malignant].sum() == pytest.approx(N_PHOTOS / 2, rel=1e-6)

    def test_arrays_are_what_a_training_step_takes(self, cards):
        batch = next(cards().epoch(1))
        assert batch.pixels.shape == (4, 16, 16, 3)
        assert batch.labels.shape == batch.weights.shape == (4, 1)
        for array in (batch.pixels, batch.labels, batch.weights):
            assert array.dtype == np.float32
        assert 0 <= batch.pixels.min() <= batch.pixels.max() <= 1

    def test_augments_mildly_from_the_epoch_it_is_told(self, cards):
        strengths = []

        def noting(square, size_px, rng, strength):
            strengths.append(strength)
            return resize(square, size_px)

        photos = cards(batch_size=N_PHOTOS, augmentation=noting, mild_from=3)
        for number in (1, 2, 3, 4):
            list(photos.epoch(number))
        assert strengths == [1.0] * 2 * N_PHOTOS + [MILD] * 2 * N_PHOTOS

    def test_failure_of_the_augmentation_reaches_the_trainer(self, cards):
        def failing(square, size_px, rng, strength):
            raise OSError("disk gone")

        with pytest.raises(OSError, match="disk gone"):
            next(cards(augmentation=failing).epoch(1))


class TestBalancedEpoch:
    @pytest.fixture
    def photos(self):
        """Cards of which the malignant one is drawn three times an epoch."""

        def lottery(_square, size_px, rng, _strength):
            return np.full((size_px, size_px, 3), rng.integers(256), np.uint8)

        draws = BalancedDraws((np.array([1, 2, 3]), np.array([0])), (3, 3))
        squares = [np.full((24, 24, 3), 20 * n, np.uint8) for n in range(N_PHOTOS)]

        def supply(augmentation, **more):
            return AugmentedPhotos(
                squares, LABELS, 16, augmentation, 3, 0, draws=draws, **more
            )

        return supply, lottery

    def test_has_as_many_steps_as_draws_fill(self, photos):
        assert photos[0](_plain).steps == 2

    def test_shows_what_was_drawn_at_equal_weight(self, photos):
        batches = list(photos[0](_plain).epoch(1))
        assert sorted(_numbers(batches)) == [0, 0, 0, 1, 2, 3]
        assert all((batch.weights == 1).all() for batch in batches)

    def test_a_photo_drawn_again_is_changed_anew(self, photos):
        supply, lottery = photos
        batches = list(supply(lottery).epoch(1))
        labels = np.concatenate([batch.labels[:, 0] for batch in batches])
        lots = np.concatenate([batch.pixels[:, 0, 0, 0] for batch in batches])
        assert len(set(lots[labels == 1].tolist())) == 3

    def test_diagnoses_belong_to_their_photos(self, photos):
        diagnoses = np.arange(N_PHOTOS) - 1
        for batch in photos[0](_plain, diagnoses=diagnoses).epoch(1):
            np.testing.assert_array_equal(batch.diagnoses, _numbers([batch]) - 1)


def test_model_inputs_are_what_the_runtime_shows_a_model(table):
    given = model_inputs(table[:3], 16)
    expected = [load_pixels(photo.path, 16) for photo in table[:3]]
    assert given.dtype == np.float32
    np.testing.assert_array_equal(np.rint(given * 255), expected)
    np.testing.assert_array_equal(given, np.float32(expected) / np.float32(255))


def test_labels_are_one_for_malignant(table):
    labels = labels_of(table)
    assert labels.tolist() == [int(photo.malignant) for photo in table]
    assert labels.sum() == 10


class TestDecodedSquares:
    @pytest.mark.parametrize(
        ("size_px", "width", "height", "kept_px"),
        [
            (16, 300, 200, 64),  # four times the model's size
            (32, 100, 60, 60),  # a small photo is not blown up
            (128, 700, 600, 256),  # never more than the cache's bound
        ],
    )
    def test_keep_as_much_detail_as_zooming_needs(
        self, table, tmp_path, size_px, width, height, kept_px
    ):
        path = tmp_path / "photo.png"
        Image.new("RGB", (width, height), (180, 120, 90)).save(path)
        photo = table[0].__class__(path, True, "train", "a", False, {})
        (square,) = decoded_squares([photo], size_px)
        assert square.shape == (kept_px, kept_px, 3)
        assert square.dtype == np.uint8

    def test_are_the_centre(self, table, tmp_path):
        image = np.zeros((20, 40, 3), np.uint8)
        image[:, 10:30] = 200
        path = tmp_path / "wide.png"
        Image.fromarray(image).save(path)
        photo = table[0].__class__(path, True, "train", "a", False, {})
        (square,) = decoded_squares([photo], 16)
        np.testing.assert_array_equal(square, np.full((20, 20, 3), 200, np.uint8))
