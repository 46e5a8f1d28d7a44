"""The rule that turns a score into a decision, at its borders."""

import json
import math

import pytest

from edge_runtime.quality import DOUBTS, Finding
from edge_runtime.verdict import NOTICE, Verdict, decision, label

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


def test_a_verdict_is_json_with_its_version_and_the_notice():
    verdict = Verdict(
        photo="a.jpg",
        probability=0.7,
        threshold=0.4,
        label="malignant",
        decision="investigate",
        findings=(BLURRED,),
        timings_ms={"total": 1.5},
        model="cnn32.qat_int8",
        model_sha256="00",
    )
    values = json.loads(json.dumps(verdict.to_json(), allow_nan=False))
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
    assert values["probability"] == 0.7
