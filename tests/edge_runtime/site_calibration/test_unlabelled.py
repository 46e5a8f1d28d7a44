"""A threshold moved by unlabelled photos: arithmetic, refusals, and what is said."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from edge_runtime import LesionClassifier
from edge_runtime.__main__ import main
from edge_runtime.errors import SiteFileError
from edge_runtime.evaluation.intervals import wilson
from edge_runtime.site_calibration.file import read_site_file, site_path
from edge_runtime.site_calibration.unlabelled import (
    UNLABELLED_SPLIT,
    expected_share,
    is_moved,
    moved_threshold,
    needed_photos,
    score_that_calls,
)


@pytest.fixture
def model(model_path, classifier, tmp_path):
    """A copy of the model, so that the site file lies in a place of its own."""
    return shutil.copy(model_path, tmp_path / "copy.tflite")


@pytest.fixture
def folder(drawn, tmp_path):
    """Function: folder of so many drawn photos in the light of another lamp."""

    def draw(count):
        place = tmp_path / "photos"
        place.mkdir()
        for seed in range(count):
            skin = np.array((210, 150, 120)) + np.random.default_rng(seed).integers(
                -40, 40
            )
            photo = drawn(96, 96, skin=tuple(skin), seed=seed)
            Image.fromarray(photo).save(place / f"{seed}.png")
        return place

    return draw


class TestArithmetic:
    @pytest.mark.parametrize(
        ("share", "score"),
        [(0.1, 0.9), (0.2, 0.8), (0.25, 0.7), (1.0, 0.0), (0.0, 0.9)],
    )
    def test_at_least_that_share_is_called_and_no_higher_score_would(
        self, share, score
    ):
        scores = np.arange(10) / 10
        assert score_that_calls(scores, share) == score

    def test_ties_stay_together(self):
        assert score_that_calls(np.array([0.9, 0.5, 0.5, 0.5]), 0.5) == 0.5

    @pytest.mark.parametrize("share", [0.05, 0.1, 0.3, 0.5, 0.9])
    def test_photos_needed_tell_the_share_well_enough(self, share):
        n = needed_photos(share)
        interval = wilson(round(share * n), n)
        assert (interval.high - interval.low) / 2 <= min(
            0.1, share / 2, (1 - share) / 2
        )

    def test_expectation_weighs_both_rates(self, card):
        threshold = card.threshold
        assert expected_share(card, 1.0) == threshold.recall.value
        assert expected_share(card, 0.0) == pytest.approx(
            1 - threshold.specificity.value
        )

    def test_a_camera_that_raises_every_score_changes_no_verdict(self, card):
        rng = np.random.default_rng(0)
        labels = rng.random(4000) < 0.3
        logits = rng.normal(np.where(labels, 1.5, -1.5), 1.2)
        before = 1 / (1 + np.exp(-logits))
        # The card's rates as they really are on these photos.
        at = card.threshold.score
        recall, alarms = (before[labels] >= at).mean(), (before[~labels] >= at).mean()
        told = dataclasses.replace(
            card.threshold,
            recall=dataclasses.replace(card.threshold.recall, value=recall),
            specificity=dataclasses.replace(
                card.threshold.specificity, value=1 - alarms
            ),
        )
        real = dataclasses.replace(card, threshold=told)
        after = 1 / (1 + np.exp(-(logits + 1.0)))
        share = expected_share(real, float(labels.mean()))
        moved = moved_threshold(real, after, share)
        same = (after >= moved.score) == (before >= at)
        # One photo in a thousand may lie between two ranks.
        assert same.mean() > 0.999
        assert moved.score > at

    def test_too_few_are_refused_with_how_many_are_needed(self, card):
        share = expected_share(card, 0.3)
        with pytest.raises(SiteFileError, match=f"at least {needed_photos(share)}"):
            moved_threshold(card, np.full(20, 0.5), share)


class TestCommand:
    def test_moves_the_threshold_and_says_what_was_not_measured(
        self, model, folder, capsys
    ):
        words = ["--photos", str(folder(130)), "--malignant-share", "0.5", "--accept"]
        assert main(["calibrate", str(model), *words]) == 0
        printed = capsys.readouterr().out
        assert "recall and specificity were not measured here" in printed
        assert "were half as many malignant" in printed
        site = json.loads(site_path(model).read_text())
        assert site["threshold"]["split"] == UNLABELLED_SPLIT
        ours = LesionClassifier.load(model)
        assert is_moved(ours.card)
        assert ours.card.threshold.score == site["threshold"]["score"]
        assert not is_moved(LesionClassifier.load(model, site=False).card)
        assert main(["classify", str(model), words[1]]) == 0
        shown = capsys.readouterr().out
        assert "at the file's own threshold" in shown
        assert "recall not measured" in shown

    def test_nothing_is_written_unless_it_is_accepted(self, model, folder, capsys):
        words = ["--photos", str(folder(130)), "--malignant-share", "0.5"]
        assert main(["calibrate", str(model), *words]) == 4
        printed = capsys.readouterr()
        assert "threshold, as a score," in printed.out
        assert "nothing shows that the moved threshold is better" in printed.err
        assert "the card stays in force" in printed.err
        assert "--accept" in printed.err
        assert not site_path(model).exists()

    def test_too_few_photos_write_nothing(self, model, folder, capsys):
        words = ["--photos", str(folder(12)), "--malignant-share", "0.3"]
        assert main(["calibrate", str(model), *words]) == 1
        assert "too few usable photos: 12 without labels" in capsys.readouterr().err
        assert not site_path(model).exists()

    def test_another_model_s_shift_is_refused(self, model, folder, card):
        words = ["--photos", str(folder(130)), "--malignant-share", "0.5", "--accept"]
        assert main(["calibrate", str(model), *words]) == 0
        with pytest.raises(SiteFileError, match="belongs to the model"):
            read_site_file(site_path(model), card)
