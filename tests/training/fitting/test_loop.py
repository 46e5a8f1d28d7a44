from dataclasses import replace

import keras
import numpy as np
import pytest

from edge_runtime.photos.preprocessing import resize
from training.fitting import loop
from training.fitting.batches import AugmentedPhotos
from training.fitting.checkpoint import TrainingError
from training.fitting.diagnoses import UNKNOWN, with_diagnoses
from training.fitting.loop import Schedule, Validation, fit, scores_of
from training.networks.designs import Network
from training.networks.published_cnn import build

pytestmark = pytest.mark.usefixtures("deterministic")

SIZE_PX = 16
NETWORK = Network("tiny16", SIZE_PX, (16, 8, 8, 8), first_kernel=2)
STEPS = 12
# Enough steps for the averages of batch norm to forget where they started.
SCHEDULE = Schedule(epochs=8, learning_rate=1e-2, patience=9)


def _plain(square, size_px, _rng, _strength):
    return resize(square, size_px)


def _cards(count, seed):
    """Noisy cards, the malignant ones darker; and their labels."""
    generator = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    levels = (160 - 60 * labels)[:, None, None, None]
    noise = generator.normal(0, 30, (count, SIZE_PX, SIZE_PX, 3))
    return (levels + noise).clip(0, 255).astype(np.uint8), labels


class _Watched(AugmentedPhotos):
    """Photos that call ``watch(epoch, step)`` before each batch."""

    def epoch(self, number):
        for step, batch in enumerate(super().epoch(number), start=1):
            self.watch(number, step)
            yield batch


def _photos(watch=lambda epoch, step: None):
    squares, labels = _cards(4 * STEPS, seed=0)
    photos = _Watched(list(squares), labels, SIZE_PX, _plain, 4, seed=1)
    object.__setattr__(photos, "watch", watch)
    return photos


def _model(seed=0):
    keras.utils.set_random_seed(seed)
    return build(NETWORK, pool_first=True, dense_units=8)


def _head(model):
    return model.get_layer("diagnosis").get_weights()


@pytest.fixture(scope="module")
def validation():
    squares, labels = _cards(40, seed=2)
    return Validation(squares.astype(np.float32) / 255, labels)


@pytest.fixture(scope="module")
def finished(deterministic, validation, tmp_path_factory):
    """An uninterrupted run: what it found, its checkpoint, its learning rates."""
    model, rates = _model(), []
    photos = _photos(lambda *_: rates.append(float(model.optimizer.learning_rate)))
    checkpoint = tmp_path_factory.mktemp("loop") / "checkpoint.npz"
    return fit(model, photos, validation, SCHEDULE, checkpoint), checkpoint, rates


def _assert_same(first, second):
    assert first.history == second.history
    assert first.best_epoch == second.best_epoch
    for one, other in zip(first.weights, second.weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_two_softmax_units_learn_the_same_with_malignant_last(validation, tmp_path):
    keras.utils.set_random_seed(0)
    single = _model()
    shares = keras.layers.Dense(2, activation="softmax", name="shares")
    model = keras.Model(single.input, shares(single.get_layer("dense").output))
    fitted = fit(model, _photos(), validation, SCHEDULE, tmp_path / "checkpoint.npz")
    assert max(result.val_auc for result in fitted.history) > 0.9
    model.set_weights(fitted.weights)
    both = np.asarray(model(validation.pixels))
    np.testing.assert_allclose(
        scores_of(model, validation.pixels), both[:, 1], rtol=1e-5
    )
    assert (
        both[validation.labels == 1, 1].mean() > both[validation.labels == 0, 1].mean()
    )


class TestDiagnoses:
    def _fitted(self, diagnoses, validation, path):
        model = with_diagnoses(_model())
        photos = replace(_photos(), diagnoses=diagnoses)
        object.__setattr__(photos, "watch", lambda *_: None)
        schedule = replace(SCHEDULE, diagnoses=0.5)
        return model, fit(model, photos, validation, schedule, path / "c.npz")

    def test_are_learnt_beside_the_label(self, validation, tmp_path):
        # Dark cards are melanomas and bright ones nevi.
        classes = np.arange(4 * STEPS) % 2
        model, fitted = self._fitted(classes, validation, tmp_path)
        model.set_weights(fitted.weights)
        _, told = model.predict_on_batch(validation.pixels)
        right = np.asarray(told)[:, :2].argmax(axis=1) == validation.labels
        assert right.mean() > 0.8
        assert max(result.val_auc for result in fitted.history) > 0.8

    def test_an_unknown_one_teaches_nothing(self, validation, tmp_path):
        unknown = np.full(4 * STEPS, UNKNOWN)
        model, fitted = self._fitted(unknown, validation, tmp_path)
        before = dict(
            zip(("kernel", "bias"), _head(with_diagnoses(_model())), strict=True)
        )
        # Weight decay alone moves it: towards nought, and no sign changes.
        for name, after in zip(("kernel", "bias"), _head(model), strict=True):
            np.testing.assert_allclose(after, before[name], rtol=0.01, atol=1e-7)
        assert max(result.val_auc for result in fitted.history) > 0.8


class TestSources:
    def test_mean_of_their_aucs_chooses_the_epoch(self, validation, tmp_path):
        half = np.arange(len(validation.labels))
        pixels = np.concatenate([validation.pixels] * 2)
        # One source's labels are the wrong way round: what is gained in one is lost in
        # the other.
        judged = Validation(
            pixels,
            np.concatenate([validation.labels, 1 - validation.labels]),
            sources={"right": half, "wrong": half + len(half)},
        )
        schedule = replace(SCHEDULE, epochs=2)
        fitted = fit(_model(), _photos(), judged, schedule, tmp_path / "c.npz")
        for result in fitted.history:
            assert result.sources["right"] == pytest.approx(1 - result.sources["wrong"])
            assert result.val_auc == pytest.approx(0.5)

    def test_are_kept_in_the_checkpoint(self, validation, tmp_path):
        judged = replace(validation, sources={"all": np.arange(len(validation.labels))})
        schedule, path = replace(SCHEDULE, epochs=1), tmp_path / "c.npz"
        fitted = fit(_model(), _photos(), judged, schedule, path)
        again = fit(_model(seed=3), _photos(), judged, schedule, path)
        assert again.history == fitted.history
        assert set(again.history[0].sources) == {"all"}


class TestFit:
    def test_learns_to_tell_dark_cards_from_bright_ones(self, finished, validation):
        fitted, _, _ = finished
        assert max(result.val_auc for result in fitted.history) > 0.9
        model = _model(seed=5)
        model.set_weights(fitted.weights)
        scores = scores_of(model, validation.pixels)
        malignant = validation.labels == 1
        # The share of pairs in the right order, by brute force.
        pairs = scores[malignant][:, None] > scores[~malignant][None]
        best = fitted.history[fitted.best_epoch - 1]
        assert pairs.mean() == pytest.approx(best.val_auc, abs=1e-9)

    def test_numbers_its_epochs(self, finished):
        assert [result.epoch for result in finished[0].history] == [*range(1, 9)]

    def test_rate_warms_up_over_an_epoch_and_falls_to_nothing(self, finished):
        _, _, rates = finished
        peak = SCHEDULE.learning_rate
        assert len(rates) == SCHEDULE.epochs * STEPS
        np.testing.assert_allclose(
            rates[: STEPS + 1], np.linspace(0, peak, STEPS + 1), atol=1e-7
        )
        assert np.all(np.diff(rates[STEPS:]) < 0)
        # The last of 84 steps of a cosine.
        last = (1 + np.cos(np.pi * 83 / 84)) / 2
        assert rates[-1] == pytest.approx(last * peak, abs=1e-7)

    def test_interrupted_and_resumed_run_gives_the_same_bits(
        self, finished, validation, tmp_path
    ):
        def interrupt(epoch, step):
            if (epoch, step) == (3, 2):
                raise KeyboardInterrupt

        checkpoint = tmp_path / "checkpoint.npz"
        with pytest.raises(KeyboardInterrupt):
            fit(_model(), _photos(interrupt), validation, SCHEDULE, checkpoint)
        # As another process would: nothing of the first run but its checkpoint.
        resumed = fit(_model(seed=77), _photos(), validation, SCHEDULE, checkpoint)
        _assert_same(resumed, finished[0])

    def test_finished_run_is_not_run_again(self, finished, validation):
        def refuse(epoch, step):
            raise AssertionError("trained again")

        fitted, checkpoint, _ = finished
        again = fit(_model(), _photos(refuse), validation, SCHEDULE, checkpoint)
        _assert_same(again, fitted)

    def test_stops_when_patience_ends_and_keeps_the_best_epoch(
        self, validation, tmp_path, monkeypatch
    ):
        model, weights = _model(), []
        aucs = iter([0.5, 0.9, 0.9, 0.7, 0.95])

        def scripted(_labels, _scores):
            weights.append(model.get_weights())
            return next(aucs)

        monkeypatch.setattr(loop, "roc_auc", scripted)
        # With no averaging the weights themselves are what is judged and kept.
        schedule = Schedule(epochs=9, learning_rate=1e-2, patience=2, averaging=0.0)
        fitted = fit(model, _photos(), validation, schedule, tmp_path / "c.npz")
        assert [result.val_auc for result in fitted.history] == [0.5, 0.9, 0.9, 0.7]
        assert fitted.best_epoch == 2
        for kept, second in zip(fitted.weights, weights[1], strict=True):
            np.testing.assert_array_equal(kept, second)

    def test_loss_that_is_no_number_stops_the_run(
        self, validation, tmp_path, monkeypatch
    ):
        model, checkpoint = _model(), tmp_path / "checkpoint.npz"
        monkeypatch.setattr(model, "train_on_batch", lambda *_, **__: np.float32("nan"))
        with pytest.raises(TrainingError, match="epoch 1; try a lower --learning-rate"):
            fit(model, _photos(), validation, SCHEDULE, checkpoint)
        assert not checkpoint.exists()


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda content: b"", id="empty"),
        pytest.param(lambda content: b"epoch 3", id="text"),
        pytest.param(lambda content: content[: len(content) // 2], id="truncated"),
    ],
)
def test_damaged_checkpoint_is_named(finished, validation, tmp_path, damage):
    checkpoint = tmp_path / "checkpoint.npz"
    checkpoint.write_bytes(damage(finished[1].read_bytes()))
    with pytest.raises(TrainingError, match=r"checkpoint\.npz does not fit"):
        fit(_model(), _photos(), validation, SCHEDULE, checkpoint)


def test_checkpoint_of_another_network_is_refused(finished, validation):
    wider = build(NETWORK, pool_first=True, dense_units=16)
    with pytest.raises(TrainingError, match="does not fit this network") as refused:
        fit(wider, _photos(), validation, SCHEDULE, finished[1])
    assert len(str(refused.value)) < 500  # no arrays in it


def test_scores_are_the_last_output_of_every_photo(validation):
    model = _model()
    pixels = np.concatenate([validation.pixels, validation.pixels[::-1]])
    assert len(pixels) > 2 * 32
    expected = np.asarray(model(pixels))[:, -1]
    # Sums in batches of another size: float32 rounding of a probability.
    np.testing.assert_allclose(scores_of(model, pixels), expected, rtol=0, atol=1e-6)


def test_published_recipe_is_adagrad_at_a_constant_rate(validation, tmp_path):
    schedule = Schedule(1, learning_rate=1e-2, patience=9, recipe="published")
    model = _model()
    fitted = fit(model, _photos(), validation, schedule, tmp_path / "c.npz")
    assert isinstance(model.optimizer, keras.optimizers.Adagrad)
    assert float(model.optimizer.learning_rate) == pytest.approx(1e-2)
    # Nothing is averaged: the weights after the last step are those that were judged.
    for kept, last in zip(fitted.weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, last)
