"""The files in models/ keep what their cards and the README promise."""

from pathlib import Path

import numpy as np
import pytest

from edge_runtime import LesionClassifier
from edge_runtime.evaluation.metrics import roc_auc
from edge_runtime.model.answers import answers_in
from edge_runtime.model.domain import DERMOSCOPIC, SMARTPHONE
from edge_runtime.model.file import read_model_file
from edge_runtime.photos.manifest import photos_of, read_manifest
from edge_runtime.photos.preprocessing import load_pixels

MODELS = sorted((Path(__file__).resolve().parents[1] / "models").glob("*.tflite"))

# Of the whole file, card and golden vectors included.
# The card of five sources is 6 kB longer than that of one.
MOST_BYTES = {"cnn32": 145_000, "cnn64": 680_000, "cnn128": 3_100_000}
MOST_BYTES_OF_PHONE64 = 450_000

DERMOSCOPIC_MODELS = [
    path for path in MODELS if read_model_file(path).card.photo_kind == DERMOSCOPIC
]
(PHONE64,) = (
    path for path in MODELS if read_model_file(path).card.photo_kind == SMARTPHONE
)

# Those with photos of enough malignant lesions.
SOURCES = ("fanconic", "ham10000", "bcn20000", "isic_archive")

every_model = pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)


def test_the_published_networks_are_shipped():
    names = {path.stem for path in MODELS}
    assert {f"{network}.qat_int8" for network in MOST_BYTES} <= names


def test_all_files_together_stay_small():
    assert sum(path.stat().st_size for path in MODELS) <= 10_000_000


@every_model
class TestShippedModel:
    def test_keeps_its_size(self, path):
        network = read_model_file(path).card.network
        assert path.stat().st_size <= MOST_BYTES.get(network, 3_100_000)

    def test_is_named_as_its_card_says(self, path):
        assert read_model_file(path).card.name == path.stem

    def test_takes_the_pixel_itself(self, path):
        given = read_model_file(path).card.input
        table = given.quantization.store_pixels(given.mean, given.std)
        assert np.array_equal(table, np.arange(256))

    def test_was_measured_on_the_test_photos(self, path):
        card = read_model_file(path).card
        # phone64 is of padufes20.
        alone = card.photo_kind == SMARTPHONE
        for source in (None,) if alone else SOURCES:
            splits = [it.split for it in card.accuracy if it.source == source]
            # A source without marked lesions has one test only.
            assert splits[0] == "val" and "test_clean" in splits, source
        assert card.threshold.split == "val"

    def test_computes_in_integers_only(self, path):
        pytest.importorskip("ai_edge_litert.schema_py_generated")
        from convert.tflite.audit import audit

        audit(read_model_file(path).model, int8=True)

    def test_gives_its_golden_vectors(self, path):
        from edge_runtime.model.golden import check_golden

        assert check_golden(read_model_file(path)) == ()

    def test_says_which_photos_it_is_for(self, path):
        card = read_model_file(path).card
        told = "smartphone" if path == PHONE64 else "dermoscopic"
        assert told in card.description
        assert (card.answers is not None) == (path == PHONE64)
        assert "/work" not in card.to_json()


@pytest.mark.parametrize("path", DERMOSCOPIC_MODELS, ids=lambda path: path.stem)
class TestDermoscopicModel:
    def test_finds_what_its_card_says_it_finds(self, path, fanconic):
        """Every twentieth clean test photo: the scores that the card counted."""
        photos = photos_of(read_manifest(fanconic / "manifest.csv"), "test", clean=True)
        classifier = LesionClassifier.load(path)
        card = classifier.card
        scores = np.array(
            [
                classifier.score(load_pixels(photo.path, card.input.size_px))
                for photo in photos[::20]
            ]
        )
        malignant = np.array([photo.malignant for photo in photos[::20]])
        called = scores >= card.threshold.score
        (clean,) = (
            measured
            for measured in card.accuracy
            if measured.split == "test_clean" and measured.source in (None, "fanconic")
        )
        # A sample of about 14 of 270: within four standard errors of the card's share.
        for found, share in (
            (called[malignant], clean.recall.value),
            (~called[~malignant], clean.specificity.value),
        ):
            error = max(0.05, (share * (1 - share) / found.size) ** 0.5)
            assert abs(found.mean() - share) <= 4 * error


class TestPhone64:
    def test_keeps_its_size(self):
        assert PHONE64.stat().st_size <= MOST_BYTES_OF_PHONE64

    def test_asks_what_both_classes_answered(self):
        questions = read_model_file(PHONE64).card.answers.questions
        names = [question.name for question in questions]
        assert names == ["age", "region", "itch", "hurt", "bleed", "elevation"]

    def test_has_the_auc_that_was_owed_with_answers(self):
        (test,) = (
            measured
            for measured in read_model_file(PHONE64).card.accuracy
            if measured.split == "test_clean"
        )
        assert test.auc >= 0.85

    def test_has_the_auc_that_was_owed_without_answers(self, padufes20):
        """Every test photo, patients never seen: nothing is told, then all is."""
        photos = photos_of(read_manifest(padufes20 / "manifest.csv"), "test")
        classifier = LesionClassifier.load(PHONE64, site=False)
        labels = np.array([photo.malignant for photo in photos], np.int64)
        pixels = [load_pixels(photo.path, 64) for photo in photos]
        alone = np.array([classifier.score(each) for each in pixels])
        assert roc_auc(labels, alone) >= 0.78
        told = np.array(
            [
                classifier.score(each, _answers(photo.columns))
                for each, photo in zip(pixels, photos, strict=True)
            ]
        )
        assert roc_auc(labels, told) >= 0.85


def _answers(columns):
    """The data set's own words in ours."""
    from training.datasets.questions import QUESTION_SETS, pad_answers

    return answers_in(pad_answers("a row", columns), QUESTION_SETS["complete"])
