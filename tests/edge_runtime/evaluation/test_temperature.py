import math

import numpy as np
import pytest

from edge_runtime.evaluation.temperature import (
    COLDEST,
    HOTTEST,
    calibrated,
    fitted_temperature,
)

optimize = pytest.importorskip("scipy.optimize", reason="scipy is the oracle")
metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is the oracle")


def sigmoid(logits):
    return 1 / (1 + np.exp(-logits))


def drawn(temperature, n=4000, seed=0):
    """Labels, and scores that are off by exactly this temperature."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 1.5, n)
    labels = (generator.random(n) < sigmoid(logits)).astype(int)
    return labels, sigmoid(logits * temperature)


@pytest.mark.parametrize("seed", range(3))
def test_no_temperature_makes_the_labels_more_likely(seed):
    labels, scores = drawn(1.7, n=300, seed=seed)
    best = optimize.minimize_scalar(
        lambda temperature: metrics.log_loss(labels, calibrated(scores, temperature)),
        bounds=(0.1, 10),
        method="bounded",
        options={"xatol": 1e-8},
    )
    # The result is rounded to four decimals.
    assert fitted_temperature(labels, scores) == pytest.approx(best.x, abs=1e-4)


@pytest.mark.parametrize("temperature", [0.6, 1.0, 2.0])
def test_overconfidence_that_was_put_in_is_found(temperature):
    labels, scores = drawn(temperature)
    # With 4,000 photos the slope of such a logistic fit has a standard error of 4 %.
    assert fitted_temperature(labels, scores) == pytest.approx(temperature, rel=0.12)


def test_scores_of_0_and_1_are_clipped_as_calibration_does():
    labels = np.array([0, 1, 1, 0, 1, 0])
    assert fitted_temperature(
        labels, np.array([0.0, 1.0, 0.0, 0.2, 0.7, 0.4])
    ) == fitted_temperature(
        labels, np.array([1 / 512, 511 / 512, 1 / 512, 0.2, 0.7, 0.4])
    )


@pytest.mark.parametrize(
    ("scores", "expected"), [([0.1, 0.9], COLDEST), ([0.9, 0.1], HOTTEST)]
)
def test_perfect_and_reversed_scores_end_at_the_bounds(scores, expected):
    assert fitted_temperature(np.array([0, 1]), np.array(scores)) == expected


SCORES = np.arange(256) / 256


def test_agrees_with_the_formula_one_by_one():
    for score in (0.01, 0.3, 0.5, 0.77, 0.99):
        logit = math.log(score / (1 - score))
        expected = 1 / (1 + math.exp(-logit / 2.5))
        # Double precision: a few units in the last place.
        assert calibrated(score, 2.5) == pytest.approx(expected, rel=1e-12)


def test_temperature_one_leaves_scores_as_they_are():
    inner = SCORES[1:]
    np.testing.assert_allclose(calibrated(inner, 1.0), inner, rtol=1e-12)


@pytest.mark.parametrize("temperature", [0.2, 1.0, 1.7, 10.0])
def test_all_256_scores_stay_in_order_and_apart(temperature):
    assert (np.diff(calibrated(SCORES, temperature)) > 0).all()


def test_certain_scores_become_finite():
    assert calibrated(0.0, 1.0) == pytest.approx(1 / 512)
    assert calibrated(1.0, 1.0) == pytest.approx(511 / 512)


def test_one_half_is_one_half_at_every_temperature():
    assert calibrated(0.5, 7.0) == 0.5


def test_one_number_gives_a_float_and_an_array_its_shape():
    assert type(calibrated(np.float32(0.25), 1.0)) is float
    assert calibrated(SCORES.reshape(16, 16), 2.0).shape == (16, 16)


def test_an_array_and_its_elements_agree_exactly():
    together = calibrated(SCORES, 1.3)
    assert [calibrated(float(score), 1.3) for score in SCORES] == together.tolist()


@pytest.mark.parametrize("temperature", [0.0, -1.0, math.nan, math.inf])
def test_impossible_temperatures_are_refused(temperature):
    with pytest.raises(ValueError, match="temperature"):
        calibrated(0.5, temperature)


@pytest.mark.parametrize("score", [-0.01, 1.01, 37.0, math.nan])
def test_values_that_are_no_scores_are_refused(score):
    with pytest.raises(ValueError, match="scores"):
        calibrated(score, 1.0)


def test_weights_count_as_repeated_photos_do():
    labels, scores = np.array([0, 0, 1, 1, 1]), np.array([0.2, 0.6, 0.4, 0.7, 0.9])
    repeats = np.array([3, 1, 2, 1, 1])
    assert fitted_temperature(labels, scores, repeats / 8) == pytest.approx(
        fitted_temperature(np.repeat(labels, repeats), np.repeat(scores, repeats)),
        abs=1e-3,
    )
