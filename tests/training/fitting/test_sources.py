from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge_runtime.errors import ManifestError
from edge_runtime.photos.manifest import LabelledPhoto
from training.fitting.sources import (
    LEAST_MALIGNANT,
    MOST_REPEATS,
    TARGET_RECALL,
    SourceScores,
    aucs_by_source,
    balanced_draws,
    common_threshold,
    in_words,
    indices_by_source,
    validation_metrics,
)

PREVALENCES = {"a": (90, 10), "b": (40, 60), "rare": (200, 3)}
"""Benign and malignant photos of each source."""


def _photos(counts=PREVALENCES):
    return [
        LabelledPhoto(
            Path(f"/{source}/{label}{number}.jpg"),
            label == 1,
            "train",
            f"{source}{label}{number}",
            False,
            {"source": source},
        )
        for source, pair in counts.items()
        for label, count in enumerate(pair)
        for number in range(count)
    ]


def _drawn(photos, indices):
    """Draws of benign and malignant photos, by source."""
    found = {photo.columns["source"]: [0, 0] for photo in photos}
    for index in indices.tolist():
        photo = photos[index]
        found[photo.columns["source"]][photo.malignant] += 1
    return found


def _scores(malignant, benign):
    labels = np.repeat([1, 0], [len(malignant), len(benign)])
    return SourceScores(labels, np.concatenate([malignant, benign]).astype(float))


class TestBalancedDraws:
    def test_every_source_gives_as_many_malignant_as_benign(self):
        photos = _photos()
        draws = balanced_draws(photos, "source", 120)
        indices, _ = draws.order(np.random.default_rng(0))
        for benign, malignant in _drawn(photos, indices).values():
            assert benign == malignant > 0

    def test_sources_share_an_epoch_equally_but_for_rare_ones(self):
        photos = _photos()
        draws = balanced_draws(photos, "source", 160)
        indices, _ = draws.order(np.random.default_rng(0))
        found = _drawn(photos, indices)
        # 3 malignant photos, 4 times each at most; the others share the rest.
        assert found == {"a": [34, 34], "b": [34, 34], "rare": [12, 12]}

    def test_no_photo_is_drawn_more_often_than_its_bound(self):
        draws = balanced_draws(_photos(), "source", 10_000)
        indices, _ = draws.order(np.random.default_rng(0))
        assert np.bincount(indices).max() <= MOST_REPEATS

    def test_within_a_group_no_photo_is_drawn_once_more_than_another(self):
        photos = _photos({"a": (10, 4)})
        draws = balanced_draws(photos, "source", 14)
        indices, _ = draws.order(np.random.default_rng(1))
        times = np.bincount(indices, minlength=14)
        assert np.ptp(times[:10]) <= 1
        assert np.ptp(times[10:]) <= 1

    def test_a_repeat_is_counted_from_nought(self):
        draws = balanced_draws(_photos({"a": (10, 2)}), "source", 12)
        indices, repeats = draws.order(np.random.default_rng(0))
        for index in (10, 11):
            assert sorted(repeats[indices == index]) == [0, 1, 2]

    def test_all_benign_photos_are_seen_in_some_epoch(self):
        draws = balanced_draws(_photos({"a": (50, 5)}), "source", 20)
        rng = np.random.default_rng(0)
        seen = {int(index) for _ in range(60) for index in draws.order(rng)[0]}
        assert len(seen) == 55

    def test_same_generator_gives_the_same_order(self):
        draws = balanced_draws(_photos(), "source", 120)
        one, other = (draws.order(np.random.default_rng(4)) for _ in range(2))
        np.testing.assert_array_equal(one, other)

    def test_a_source_of_one_label_is_left_out_and_named(self, capsys):
        photos = _photos({"a": (9, 9), "plain": (30, 0)})
        indices, _ = balanced_draws(photos, "source", 18).order(
            np.random.default_rng(0)
        )
        assert _drawn(photos, indices)["plain"] == [0, 0]
        assert "source 'plain': 30 photos left out, all benign" in (
            capsys.readouterr().err
        )

    @pytest.mark.parametrize(
        ("counts", "column", "message"),
        [
            (
                {"a": (9, 9)},
                "hospital",
                "no column 'hospital' to balance by",
            ),
            ({"a": (9, 0), "b": (0, 9)}, "source", "no source of the manifest has"),
        ],
    )
    def test_what_cannot_be_balanced_is_refused(self, counts, column, message):
        with pytest.raises(ManifestError, match=message):
            balanced_draws(_photos(counts), column, 10)


class TestCamera:
    @pytest.fixture
    def photos(self):
        rows = [
            {"source": "own", "origin": ""},
            {"source": "other", "origin": "a copy found somewhere"},
            {"source": "mixed", "origin": "own"},
            {"source": "mixed", "origin": "other"},
            {"source": "mixed", "origin": ""},
        ]
        return [
            LabelledPhoto(Path(f"/{number}.jpg"), False, "val", str(number), False, row)
            for number, row in enumerate(rows)
        ]

    def test_is_the_origin_where_that_is_a_source_and_else_the_source(self, photos):
        found = indices_by_source(photos, "camera")
        assert {name: part.tolist() for name, part in found.items()} == {
            "own": [0, 2], "other": [1, 3], "mixed": [4]
        }  # fmt: skip

    def test_a_column_of_that_name_comes_first(self, photos):
        told = [
            replace(photo, columns={**photo.columns, "camera": "one"})
            for photo in photos
        ]
        assert list(indices_by_source(told, "camera")) == ["one"]


def test_photos_of_a_manifest_without_sources_are_one_source():
    photos = [
        LabelledPhoto(Path(f"/{number}.jpg"), False, "val", str(number), False, {})
        for number in range(3)
    ]
    found = indices_by_source(photos)
    assert list(found) == [""]
    np.testing.assert_array_equal(found[""], [0, 1, 2])


class TestJudging:
    few = _scores(np.full(LEAST_MALIGNANT - 1, 0.9), np.full(50, 0.1))

    def test_a_source_with_few_malignant_photos_has_no_auc(self):
        enough = _scores(np.full(LEAST_MALIGNANT, 0.9), np.full(50, 0.1))
        assert aucs_by_source({"few": self.few, "enough": enough}) == {"enough": 1.0}

    def test_a_source_without_benign_photos_has_no_auc(self):
        assert aucs_by_source({"a": _scores(np.linspace(0, 1, 50), [])}) == {}

    def test_auc_is_within_sources_not_pooled(self):
        # Each source is ranked perfectly; pooled, b's benign photos are above a's
        # malignant ones.
        by_source = {
            "a": _scores(np.full(30, 0.4), np.full(30, 0.3)),
            "b": _scores(np.full(30, 0.9), np.full(30, 0.8)),
        }
        assert aucs_by_source(by_source) == {"a": 1.0, "b": 1.0}

    def test_threshold_keeps_recall_in_every_source_that_counts(self):
        rng = np.random.default_rng(0)
        by_source = {
            name: _scores(rng.normal(mean, 1, 100), rng.normal(mean - 1, 1, 100))
            for name, mean in (("low", 0.0), ("high", 2.0))
        }
        threshold = common_threshold(by_source | {"few": self.few})
        recalls = [
            np.mean(part.scores[part.labels == 1] >= threshold)
            for part in by_source.values()
        ]
        assert min(recalls) >= TARGET_RECALL
        # The highest such: one malignant photo fewer of the lower source is too few.
        above = by_source["low"].scores[by_source["low"].labels == 1] > threshold
        assert above.mean() < TARGET_RECALL

    def test_record_tells_mean_worst_and_operating_point(self):
        by_source = {
            "good": _scores(np.full(20, 0.9), np.full(20, 0.1)),
            "bad": _scores(np.full(20, 0.5), np.repeat([0.4, 0.6], [15, 5])),
            "benign": _scores([], np.repeat([0.1, 0.9], [3, 1])),
        }
        found = validation_metrics(by_source)
        assert found["mean_auc"] == pytest.approx((1 + 0.75) / 2)
        assert (found["worst_source"], found["worst_auc"]) == ("bad", 0.75)
        assert found["threshold"] == 0.5
        assert found["mean_specificity"] == pytest.approx((1 + 0.75) / 2)
        assert found["sources"]["benign"] == {
            "photos": 4, "malignant": 0, "specificity": 0.75
        }  # fmt: skip
        text = in_words(by_source)
        assert "worst 0.7500 (bad)" in text
        assert "benign: specificity 0.750 (0 of 4 malignant)" in text

    def test_without_photos_enough_nothing_is_told(self):
        assert validation_metrics({"few": self.few}) == {}
        assert "no source has 20 malignant" in in_words({"few": self.few})
