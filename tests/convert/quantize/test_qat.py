import numpy as np
import pytest
import tf_keras

from convert.graph.fold_batch_norm import folded
from convert.graph.keras_to_nodes import nodes_of
from convert.graph.nodes import built
from convert.quantize.bias_correction import bias_corrected
from convert.quantize.qat import fine_tuned, learnt
from convert.quantize.recipes import FineTuning
from edge_runtime.photos.preprocessing import resize
from training.fitting.batches import AugmentedPhotos

SIZE_PX = 16
N_PHOTOS = 32


def _plain(square, size_px, _rng, _strength):
    return resize(square, size_px)


@pytest.fixture(scope="module")
def photos():
    generator = np.random.default_rng(4)
    noise = generator.integers(180, 256, (N_PHOTOS, SIZE_PX, SIZE_PX, 3))
    colours = generator.random((N_PHOTOS, 1, 1, 3))
    squares = (noise * colours).astype(np.uint8)
    labels = np.arange(N_PHOTOS) % 2
    return AugmentedPhotos(list(squares), labels, SIZE_PX, _plain, 16, seed=0)


@pytest.fixture(scope="module", params=["relu_bn_relu", "bn_relu"])
def tuned(request, small_network, photos):
    """The float model, its weights before, and its fake-quantised copy.

    One step that learns nothing, so that ranges are those found before it.
    """
    tf_keras.utils.set_random_seed(0)
    model = built(folded(nodes_of(small_network(request.param))), SIZE_PX)
    before = model.get_weights()
    return model, before, fine_tuned(model, photos, _pixels(photos), FineTuning(1, 0.0))


def _pixels(photos):
    return np.stack(photos.squares).astype(np.float32) / 255


def _range_ends(quantised, end):
    """Fake quantisation's own variables: (layer, what it quantises) -> value."""
    found = {}
    for wrapper in quantised.layers:
        for variable in wrapper.weights:
            what, _, last = variable.name.split("/")[-1].split(":")[0].rpartition("_")
            if last == end and what != "kernel":
                found[wrapper.name.removeprefix("quant_"), what] = variable.numpy()
    return found


def test_float_model_stays_as_it_was(tuned):
    model, before, _ = tuned
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_stored_input_will_be_the_pixel(tuned):
    _, _, quantised = tuned
    lows, highs = _range_ends(quantised, "min"), _range_ends(quantised, "max")
    entrance = [key for key in highs if key[0].startswith("quantize_layer")]
    assert len(entrance) == 1
    # The one step moves a range by a thousandth of the way, and 0..1 is all there is.
    assert lows[entrance[0]] == 0
    assert highs[entrance[0]] == 1


def test_ranges_are_what_real_photos_show(tuned, photos):
    model, _, quantised = tuned
    highs = _range_ends(quantised, "max")
    checked = 0
    for layer in model.layers:
        for what in ("post_activation", "output"):
            if (layer.name, what) in highs:
                shown = tf_keras.Model(model.input, layer.output)(_pixels(photos))
                # The step moves a range by a thousandth of the way to what it saw of
                # the quantised model, which is at most about the same.
                assert highs[layer.name, what] == pytest.approx(
                    float(np.max(shown)), rel=2e-3, abs=1e-6
                )
                checked += 1
    assert checked >= 5


def test_scores_stay_near_those_of_the_float_model(tuned, photos):
    model, _, quantised = tuned
    expected = np.asarray(model(_pixels(photos), training=False))
    given = np.asarray(quantised(_pixels(photos), training=False))
    # Six layers, each rounded to 255 steps of its range: together a few hundredths of
    # the spread. A wrong range or a lost layer changes as much as the spread itself.
    assert expected.std() > 0.1
    assert np.abs(given - expected).mean() < 0.1 * expected.std()


def test_steps_teach_the_copy_and_leave_the_model_alone(tuned, photos):
    given, _, _ = tuned
    model = tf_keras.models.clone_model(given)
    model.set_weights(given.get_weights())
    kernel, bias = model.layers[-1].get_weights()
    # All scores below a half: a range of such logits does not hold 0 by itself.
    model.layers[-1].set_weights([kernel, bias - 8])
    assert np.max(model(_pixels(photos))) < 0.5
    before = model.get_weights()
    taught = fine_tuned(model, photos, _pixels(photos), FineTuning(20, 3e-4))
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)
    for variable in taught.trainable_variables:
        start = next(
            weight.numpy()
            for weight in model.trainable_variables
            if weight.name == variable.name
        )
        assert np.any(variable.numpy() != start), variable.name


def _distance(given, model, pixels):
    return float(np.abs(np.asarray(given(pixels)) - np.asarray(model(pixels))).mean())


def test_teaching_brings_the_scores_nearer(tuned, photos):
    model, _, started = tuned
    taught = fine_tuned(model, photos, _pixels(photos), FineTuning(40, 1e-3))
    pixels = _pixels(photos)
    assert _distance(taught, model, pixels) < _distance(started, model, pixels)


def test_teaching_that_does_harm_is_thrown_away(tuned, photos):
    model, _, started = tuned
    # Every weight by several times its size.
    taught = fine_tuned(model, photos, _pixels(photos), FineTuning(3, 5.0))
    pixels = _pixels(photos)
    # Rounding alone, which the fixture's one step hardly changed; harm is ten times it.
    assert _distance(taught, model, pixels) < 2 * _distance(started, model, pixels)


def test_learnt_weights_go_back_into_the_float_model(tuned, photos):
    model, _, started = tuned
    # Its one step learnt nothing.
    before = bias_corrected(model, _pixels(photos)).get_weights()
    for now, then in zip(learnt(started, model).get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)
    taught = fine_tuned(model, photos, _pixels(photos), FineTuning(20, 1e-3))
    copy = learnt(taught, model)
    assert copy.input_shape == model.input_shape
    known = {variable.name: variable.numpy() for variable in taught.trainable_variables}
    for variable in copy.trainable_variables:
        layer, _, stem = variable.name.rpartition("/")
        np.testing.assert_array_equal(
            variable.numpy(),
            next(
                value
                for name, value in known.items()
                if name.endswith(f"/{stem}")
                and name.startswith((layer, f"quant_{layer}"))
            ),
        )


def test_every_range_holds_zero(tuned):
    # TensorFlow moves one that does not until it does, away from the values.
    _, _, quantised = tuned
    lows, highs = _range_ends(quantised, "min"), _range_ends(quantised, "max")
    assert lows.keys() == highs.keys()
    assert all(np.max(low) <= 0 for low in lows.values())
    assert all(np.min(high) >= 0 for high in highs.values())
