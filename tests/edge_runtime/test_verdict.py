"""The rule that turns a score into a decision, at its borders."""

import json
import math

import pytest

from edge_runtime.model.evidence import headline
from edge_runtime.photos.quality import DOUBTS, Finding
from edge_runtime.site_calibration.unlabelled import UNLABELLED_SPLIT
from edge_runtime.verdict import NOTICE, decision, label, percent, verdict_of

# The card's threshold is 0.375, its band starts at 0.25.
BLURRED = Finding("blurred", 0.01, 0.022, unusable=False, message="blurred")
BLACK = Finding("dark", 0.0, 15.0, unusable=True, message="far too dark")


@pytest.mark.parametrize(
    ("score", "expected_label", "expected_decision"),
    [
        (0.0, "other", "monitor"),
        (math.nextafter(0.25, 0), "other", "monitor"),
        (0.25, "other", "uncertain"),
        (math.nextafter(0.375, 0), "other", "uncertain"),
        (0.375, "malignant", "investigate"),
        (1.0, "malignant", "investigate"),
    ],
)
def test_scores_at_a_limit_are_above_it(card, score, expected_label, expected_decision):
    assert label(score, card) == expected_label
    assert decision(score, card, ()) == expected_decision


def test_an_empty_band_leaves_nothing_uncertain(card, changed):
    narrow = changed(
        card,
        "uncertainty",
        changed(
            changed(card.uncertainty, "low_score", card.threshold.score),
            "low_probability",
            card.threshold.probability,
        ),
    )
    assert decision(math.nextafter(0.375, 0), narrow, ()) == "monitor"


@pytest.mark.parametrize("name", sorted(DOUBTS))
def test_a_doubt_about_what_is_shown_takes_monitor_away(card, name):
    doubt = Finding(name, 1.0, 2.0, unusable=False, message="what is it?")
    assert decision(0.1, card, (doubt,)) == "uncertain"
    assert decision(0.9, card, (doubt,)) == "investigate"
    assert decision(0.1, card, (doubt,), accepted=(name,)) == "monitor"


def test_a_caution_about_how_it_was_taken_changes_no_decision(card):
    assert decision(0.9, card, (BLURRED,)) == "investigate"
    assert decision(0.1, card, (BLURRED,)) == "monitor"


@pytest.mark.parametrize("score", [0.1, 0.3, 0.9])
def test_an_unusable_photo_gets_no_other_decision(card, score):
    assert decision(score, card, (BLURRED, BLACK)) == "unusable photo"


@pytest.fixture
def said(card):
    """A function: the verdict about a score, as a program reads it."""

    def say(score, *findings, card=card, **more):
        verdict = verdict_of(
            score, card, findings, photo="a.jpg", timings_ms={"total": 1.5}, **more
        )
        return json.loads(json.dumps(verdict.to_json(), allow_nan=False))

    return say


def test_a_verdict_is_json_with_its_version_and_the_notice(said):
    values = said(0.5, BLURRED)
    assert values["type"] == "verdict"
    assert values["format"] == 1
    assert values["notice"] == NOTICE
    assert values["findings"] == [
        {
            "name": "blurred",
            "value": 0.01,
            "limit": 0.022,
            "unusable": False,
            "message": "blurred",
        }
    ]
    assert values["label"] == "malignant"


def test_an_unusable_photo_has_no_label(said):
    for score in (0.1, 0.9):
        values = said(score, BLACK)
        assert values["decision"] == "unusable photo"
        assert values["label"] is None
        assert "%" not in values["reason"]


@pytest.mark.parametrize(
    ("score", "words"),
    [
        (0.1, "That is below its threshold of"),
        (0.3, "but too close to it"),
        (0.9, "That reaches its threshold of"),
    ],
)
def test_the_reason_compares_probability_and_threshold(said, score, words):
    values = said(score)
    assert words in values["reason"]
    for number in (values["probability"], values["threshold"]):
        assert percent(number) in values["reason"]


def test_the_reason_counts_the_faults(said):
    assert "has a fault that" in said(0.5, BLACK)["reason"]
    assert "has faults that" in said(0.5, BLACK, BLACK)["reason"]


def test_recall_and_specificity_come_with_intervals_and_their_split(said, card):
    measured, stated = said(0.5)["accuracy"], headline(card.accuracy)
    assert measured["split"] == "test_clean"
    for name in ("recall", "specificity"):
        share = getattr(stated, name)
        assert measured[name] == {
            "value": share.value, "low": share.low, "high": share.high,
            "successes": share.successes, "n": share.n,
        }  # fmt: skip


def test_a_threshold_that_was_moved_without_labels_has_no_recall(said, card, changed):
    moved = changed(
        card, "threshold", changed(card.threshold, "split", UNLABELLED_SPLIT)
    )
    assert said(0.5, card=moved)["accuracy"] is None


def test_what_the_model_was_told_is_noted(said):
    assert said(0.5)["answers"] == {}
    assert said(0.5, answers={"age": 61})["answers"] == {"age": 61}


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.0, "0 %"), (0.0004, "< 0.1 %"), (0.001, "0.1 %"), (0.5, "50.0 %"),
        (0.999, "99.9 %"), (0.9996, "> 99.9 %"), (1.0, "100 %"),
    ],
)  # fmt: skip
def test_percentages_are_not_rounded_to_none_or_all(share, words):
    assert percent(share) == words
