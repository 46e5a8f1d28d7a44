import numpy as np
import pytest

from benchmarks.measure.colour_baseline import (
    colour_features,
    fit_colour_baseline,
    fit_logistic_regression,
)
from edge_runtime.evaluation.metrics import recall, roc_auc, specificity
from edge_runtime.photos.manifest import photos_of, read_manifest
from edge_runtime.photos.preprocessing import load_pixels


def test_features_are_the_means_and_deviations_of_each_colour():
    pixels = np.zeros((2, 2, 3), np.uint8)
    pixels[0, :, 0] = 255  # Red in half of the pixels: mean and deviation are 1/2.
    pixels[..., 2] = 51
    assert colour_features(pixels) == pytest.approx([0.5, 0, 0.2, 0.5, 0, 0])


def test_the_fit_is_that_of_scikit_learn():
    linear_model = pytest.importorskip("sklearn.linear_model")
    generator = np.random.default_rng(0)
    features = generator.normal(size=(400, 3)) * (1, 10, 0.1) + (0, 5, 1)
    odds = features @ (1.0, -0.2, 3.0)
    labels = (generator.random(400) < 1 / (1 + np.exp(-odds))).astype(np.int64)
    weights, bias = fit_logistic_regression(features, labels)
    oracle = linear_model.LogisticRegression(C=np.inf, tol=1e-8, max_iter=10_000)
    oracle.fit(features, labels)
    # The ridge of 1e-3 on standardised weights moves them by about 1e-3 / (n / 5).
    assert weights == pytest.approx(oracle.coef_[0], rel=1e-3)
    assert bias == pytest.approx(oracle.intercept_[0], rel=1e-3)


def test_classes_that_colour_separates_give_finite_weights():
    features = np.array([[0.0], [0.1], [0.9], [1.0]])
    weights, bias = fit_logistic_regression(features, np.array([0, 0, 1, 1]))
    assert np.isfinite(weights).all()
    assert ((features @ weights + bias > 0) == (False, False, True, True)).all()


def test_a_colour_that_never_changes_does_not_break_the_fit():
    features = np.array([[0.0, 7.0], [1.0, 7.0], [0.2, 7.0], [0.9, 7.0]])
    weights, _ = fit_logistic_regression(features, np.array([0, 1, 1, 0]))
    assert np.isfinite(weights).all()


def test_it_learns_drawn_photos_whose_colours_differ(drawn_manifest):
    photos = read_manifest(drawn_manifest)
    baseline = fit_colour_baseline(photos_of(photos, "train"), photos_of(photos, "val"))
    test = photos_of(photos, "test")
    scores = [baseline.score(load_pixels(photo.path, 64)) for photo in test]
    assert roc_auc(np.array([p.malignant for p in test]), np.array(scores)) == 1.0


def test_one_class_only_is_refused(drawn_manifest):
    photos = read_manifest(drawn_manifest)
    malignant = [photo for photo in photos_of(photos, "train") if photo.malignant]
    with pytest.raises(ValueError, match="both classes"):
        fit_colour_baseline(malignant, photos_of(photos, "val"))


@pytest.mark.slow
def test_colour_alone_reaches_what_was_measured_on_the_real_photos(fanconic):
    photos = read_manifest(fanconic / "manifest.csv")
    # Six weights need no more than a third of the training photos.
    train, val = photos_of(photos, "train")[::3], photos_of(photos, "val")
    baseline = fit_colour_baseline(train, val)
    test = photos_of(photos, "test")
    labels = np.array([int(photo.malignant) for photo in test])
    scores = np.array([baseline.score(load_pixels(p.path, 64)) for p in test])
    # 0.863 was found before with another fit; 0.028 is half its 95 % interval.
    assert roc_auc(labels, scores) == pytest.approx(0.863, abs=0.028)
    positive = scores >= baseline.threshold
    assert recall(labels, positive) > 0.9
    assert specificity(labels, positive) > 0.5
