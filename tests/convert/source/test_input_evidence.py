import dataclasses

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from convert.graph.head import LINEAR, LOGIT, Head
from convert.graph.input_rule import InputRule
from convert.source.input_evidence import (
    Trial,
    clear_winner,
    contradiction,
    table,
    usual_rules,
)

LABELS = np.repeat([1, 0], 100)
GENERATOR = np.random.default_rng(0)
LOGITS = np.where(LABELS == 1, 1.5, -1.5) + GENERATOR.normal(0, 1.2, 200)
NOISE = GENERATOR.normal(0, 1.2, 200)


def _trial(logits, word="0..1", order="rgb", head=None):
    scores = 1 / (1 + np.exp(-logits))
    return Trial(InputRule(word, order), head or Head(), LABELS, scores)


GOOD = _trial(LOGITS)
# What wrong ranges do: all scores nearly the same, all 0 or 1, or another order.
FLAT = _trial(LOGITS / 50, "0..255")
SATURATED = _trial(LOGITS * 40 + 60, "-1..1")
NOISY = _trial(LOGITS + 2 * NOISE, "0..255")


@pytest.mark.parametrize("other", [FLAT, SATURATED, NOISY])
def test_the_range_that_was_trained_on_wins_by_auc_or_by_calibration(other):
    for trials in ([GOOD, other], [other, GOOD]):
        assert clear_winner(trials) is GOOD


@pytest.mark.parametrize("shift", [-3.0, 3.0])
def test_class_weights_of_the_training_do_not_favour_a_range(shift):
    assert clear_winner([FLAT, _trial(LOGITS + shift)]).rule.range == "0..1"


def test_nobody_wins_where_chance_explains_the_difference():
    near = _trial(LOGITS + 0.05 * NOISE, "0..255")
    assert np.abs(near.scores - GOOD.scores).max() > 0.005
    assert clear_winner([GOOD, near]) is None


@pytest.mark.parametrize("factor", [2.0, 4.4])
def test_a_cautious_network_is_not_fed_more_contrast_for_its_calibration(factor):
    cautious = _trial(LOGITS / 4)
    amplified = _trial(LOGITS / 4 * factor, "-1..1")
    assert amplified.brier < cautious.brier
    assert clear_winner([cautious, amplified]) is None
    assert contradiction(cautious, [cautious, amplified]) is None


def test_few_photos_decide_nothing():
    few = [
        dataclasses.replace(each, labels=LABELS[96:104], scores=each.scores[96:104])
        for each in (GOOD, NOISY)
    ]
    assert clear_winner(few) is None


def test_a_model_that_normalises_by_itself_takes_any_range():
    same = _trial(LOGITS + 1e-3, "0..255")
    assert clear_winner([GOOD, same, NOISY]) is GOOD


class TestColourOrder:
    def test_is_red_first_where_photos_cannot_tell(self):
        # As good as the other one but for noise, and not behind by both measures.
        rgb, bgr = _trial(LOGITS), _trial(LOGITS + 0.05 * NOISE, order="bgr")
        assert bgr.auc <= rgb.auc or bgr.brier >= rgb.brier
        assert clear_winner([bgr, rgb, FLAT]) is rgb

    def test_is_blue_first_where_photos_tell(self):
        rgb, bgr = _trial(LOGITS + 2 * NOISE), _trial(LOGITS, order="bgr")
        assert clear_winner([rgb, bgr]) is bgr

    def test_is_asked_for_where_blue_first_is_ahead_by_chance(self):
        bgr = _trial(LOGITS, order="bgr")
        rgb = _trial(LOGITS + 0.2 * NOISE)
        assert bgr.auc > rgb.auc
        assert bgr.brier < rgb.brier
        assert clear_winner([rgb, bgr]) is None


def test_what_is_known_is_contradicted_by_clear_evidence_only():
    assert contradiction(FLAT, [FLAT, GOOD]) is GOOD
    assert contradiction(GOOD, [FLAT, GOOD, NOISY]) is None
    near = _trial(LOGITS + 0.05 * NOISE, "0..255")
    assert contradiction(near, [near, GOOD]) is None


def test_measures_are_scikit_learns():
    assert GOOD.auc == pytest.approx(roc_auc_score(LABELS, GOOD.scores))
    # Balanced classes and a mean of one half: nothing is weighted or shifted.
    centred = _trial(LOGITS - np.median(LOGITS))
    expected = brier_score_loss(LABELS, centred.scores)
    assert centred.brier == pytest.approx(expected, abs=0.003)
    assert centred.brier_interval.low < centred.brier < centred.brier_interval.high


def test_the_table_names_options_and_intervals_best_first():
    lines = table([FLAT, GOOD, NOISY], FLAT, "<- this one").splitlines()
    assert lines[-1].startswith("  --input-range 0..255 --channel-order rgb")
    assert [line.endswith("<- this one") for line in lines].count(True) == 1
    assert all("AUC 0." in line and "Brier 0." in line for line in lines)


def test_every_usual_convention_is_tried_in_both_orders():
    rules = usual_rules()
    assert len(set(rules)) == 10
    assert InputRule("0..255", "bgr", (103.939, 116.779, 123.68)) in rules
    assert InputRule("0..255", "rgb", (123.68, 116.779, 103.939)) in rules
    assert all(rule.channel_order == "bgr" for rule in usual_rules(("bgr",)))


@pytest.mark.parametrize(
    ("outputs", "fits"), [([0.0, 1.1, -0.2], True), ([-4.0, 5.0, 0.1], False)]
)
def test_widely_spread_outputs_are_logits(outputs, fits):
    assert Head(LINEAR).fits(np.float32(outputs)[:, None]) == fits
    assert Head(LOGIT).fits(np.float32(outputs)[:, None])
