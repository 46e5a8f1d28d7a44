import dataclasses

import pytest

from edge_runtime.model.card import Share
from edge_runtime.photos.quality import Finding
from edge_runtime.verdict import reason
from web_demo.wording import STRINGS, evidence, explanation, percent

PROBABILITIES = {"investigate": 0.9, "uncertain": 0.3, "monitor": 0.1}


def said(verdict, card, decision):
    changed = dataclasses.replace(
        verdict, decision=decision, probability=PROBABILITIES.get(decision, 0.5)
    )
    found = explanation(changed, card)
    text = f"{found.heading}. {found.reason} {found.advice}"
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_investigate_admits_false_alarms(verdict, card):
    text = said(verdict, card, "investigate")

    assert "90.0 %" in text and "reaches its threshold of 37.5 %" in text
    # 1 - specificity on the clean test: 1 - 0.783 to 1 - 0.692.
    assert "flagged 22 to 31 as well" in text


def test_monitor_admits_misses_and_is_no_all_clear(verdict, card):
    text = said(verdict, card, "monitor")

    assert "below its threshold of 37.5 %" in text
    assert "no all-clear" in text
    # 1 - recall on the clean test: 1 - 0.961 to 1 - 0.909.
    assert "left 4 to 9 below its threshold" in text


def test_uncertain_ends_with_a_doctor(verdict, card):
    text = said(verdict, card, "uncertain")

    assert "too close to it to tell" in text
    assert "Have a doctor look" in text


DOUBT = Finding("unfamiliar", 8.0, 7.35, False, "")


@pytest.mark.parametrize(
    ("findings", "probability", "cause"),
    [((), 0.3, "close"), ((DOUBT,), 0.1, "doubt"), ((DOUBT,), 0.3, "both")],
)
def test_uncertain_says_what_made_it_so(verdict, card, findings, probability, cause):
    uncertain = dataclasses.replace(
        verdict, decision="uncertain", findings=findings, probability=probability
    )
    found = explanation(uncertain, card)
    assert found.advice == STRINGS[f"advice.uncertain.{cause}"]
    assert "doctor look at the lesion, as if it had been flagged" in found.advice


def test_unusable_photo_gives_no_number(dark, card):
    found = explanation(dark, card)

    assert found.heading == "Unusable photo"
    assert "a fault" in found.reason
    assert "%" not in found.reason + found.advice


@pytest.mark.parametrize(
    "decision", ["investigate", "uncertain", "monitor", "unusable photo"]
)
def test_no_verdict_calls_a_lesion_harmless(verdict, card, decision):
    text = said(verdict, card, decision).lower()

    for word in ("benign", "harmless", "healthy", "safe", "normal"):
        assert word not in text


def test_evidence_is_the_fairest_measurement_on_the_card(card):
    assert evidence(card).recall.n == 270

    without_clean = dataclasses.replace(card, accuracy=card.accuracy[:1])
    assert evidence(without_clean).recall.n == 300

    elsewhere = dataclasses.replace(card.accuracy[0], split="clinic")
    only_elsewhere = dataclasses.replace(card, accuracy=(elsewhere,))
    assert evidence(only_elsewhere).recall.n == 300
    assert evidence(only_elsewhere).photos == "photos of the clinic split"


def test_share_of_malignant_photos_is_that_of_the_measurement(card):
    assert evidence(card).malignant_share == pytest.approx(270 / (270 + 353))


def test_a_perfect_measurement_still_admits_what_chance_allows(verdict, card):
    best = dataclasses.replace(card.accuracy[1], recall=Share(1, 0.979, 1, 179, 179))
    perfect = dataclasses.replace(card, accuracy=(best,))

    assert "left 0 to 2 below" in said(verdict, perfect, "monitor")


def test_percentages_stay_on_one_line():
    assert percent(0.5) == "50.0\N{NO-BREAK SPACE}%"


@pytest.mark.parametrize("faults", [1, 2])
@pytest.mark.parametrize("decision", ["investigate", "monitor", "unusable photo"])
def test_pages_give_the_reason_that_programs_get(dark, card, decision, faults):
    verdict = dataclasses.replace(
        dark, decision=decision, findings=dark.findings * faults
    )
    expected = reason(decision, verdict.probability, verdict.threshold, faults=faults)
    said = explanation(verdict, card).reason
    assert said.replace("\N{NO-BREAK SPACE}", " ") == expected


def test_a_site_s_photos_are_not_said_to_be_the_training_data(card):
    site = dataclasses.replace(card.accuracy[0], split="site")
    ours = dataclasses.replace(card, accuracy=(site, *card.accuracy))
    assert "this site's own set" in evidence(ours).data
    assert evidence(card).data == card.data.name
