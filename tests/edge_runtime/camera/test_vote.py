import numpy as np
import pytest

from edge_runtime.camera.vote import SteadyVote, VoteRule

RULE = VoteRule(frames=5, votes=3, keep=2, release=3)
THRESHOLD = 0.5


def told(looks, rule=RULE):
    """Votes at which a verdict is due; ``looks`` are scores, None for a bad frame."""
    vote = SteadyVote(rule, THRESHOLD)
    votes = [
        vote.add(0.9 if look is None else look, counts=look is not None)
        for look in looks
    ]
    return [(place, vote) for place, vote in enumerate(votes, 1) if vote.new]


def test_one_verdict_for_a_steady_lesion_however_long_it_stays():
    assert [place for place, _ in told([0.2] * 500)] == [5]


def test_three_bad_frames_before_it_start_again_and_two_do_not():
    assert [place for place, _ in told([0.2] * 4 + [None] * 3 + [0.2] * 5)] == [12]
    assert [place for place, _ in told([0.2] * 4 + [None] * 2 + [0.2] * 5)] == [7]


def test_one_or_two_bad_frames_do_not_make_it_another_lesion():
    assert len(told(([0.2] * 5 + [None] * 2) * 20)) == 1


def test_the_next_lesion_gets_its_own_verdict():
    verdicts = told([0.2] * 9 + [None] * 3 + [0.9] * 9)
    assert [place for place, _ in verdicts] == [5, 17]
    first, second = (vote.score for _, vote in verdicts)
    assert first < THRESHOLD <= second


def test_unsteady_frames_get_none():
    assert told([None] * 100) == []


def test_score_stands_above_the_threshold_exactly_when_enough_votes_do():
    random = np.random.default_rng(0)
    for _ in range(500):
        scores = random.random(RULE.frames).round(2)
        ((_, vote),) = told(scores)
        assert vote.above == (scores >= THRESHOLD).sum()
        assert (vote.score >= THRESHOLD) == (vote.above >= RULE.votes)
        assert vote.score in scores


def test_hysteresis_keeps_an_alarm_through_a_dip():
    vote = SteadyVote(RULE, THRESHOLD)
    high, dip, gone = [0.9, 0.9, 0.9, 0.2, 0.2], [0.9, 0.2, 0.9, 0.2, 0.2], [0.2] * 5
    scores = [vote.add(score, counts=True).score for score in [*high, *dip, *gone]]
    assert scores[4] >= THRESHOLD
    assert scores[9] >= THRESHOLD, "two of five keep it"
    assert scores[14] < THRESHOLD
    fresh = SteadyVote(RULE, THRESHOLD)
    assert [fresh.add(score, counts=True).score for score in dip][-1] < THRESHOLD


@pytest.mark.parametrize(
    "numbers", [(0, 0, 0, 1), (5, 6, 1, 1), (5, 3, 4, 1), (5, 3, 0, 1), (5, 3, 2, 0)]
)
def test_rules_that_contradict_themselves_are_refused(numbers):
    with pytest.raises(ValueError, match="keep <= votes <= frames"):
        VoteRule(*numbers)
