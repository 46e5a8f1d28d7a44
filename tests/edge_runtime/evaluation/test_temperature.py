import numpy as np
import pytest

from edge_runtime.evaluation.calibration import calibrated
from edge_runtime.evaluation.temperature import COLDEST, HOTTEST, fitted_temperature

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
