"""Recordings that a hand might have made, and what the vote makes of them."""

import io
import itertools
import json

import numpy as np
import pytest
from PIL import Image

from benchmarks.robustness import camera_vote
from benchmarks.robustness.camera_vote import Recorded, Seen, row
from benchmarks.robustness.hand_held import (
    AWAY_FRAMES,
    HANDS,
    HELD_FRAMES,
    NEAR_FRAMES,
    recording,
)
from edge_runtime.camera.vote import VoteRule
from training.synthetic.dataset import draw_table
from training.synthetic.lesions import draw_lesion

FRAMES = NEAR_FRAMES + HELD_FRAMES + AWAY_FRAMES


@pytest.fixture(scope="module")
def lesion():
    return draw_lesion(1, size_px=144)


def pixels(jpeg):
    return np.asarray(Image.open(io.BytesIO(jpeg)), np.float64)


def test_a_seed_gives_the_same_recording_again(lesion):
    first, again = (list(recording(lesion, HANDS[0], 7)) for _ in range(2))
    assert first == again
    assert first != list(recording(lesion, HANDS[0], 8))
    assert [held for _, held in first].count(True) == HELD_FRAMES


def test_a_hand_in_the_air_moves_more_than_one_that_rests(lesion):
    def movement(hand):
        frames = [pixels(jpeg) for jpeg, held in recording(lesion, hand, 0) if held]
        pairs = itertools.pairwise(frames)
        return np.mean([np.abs(after - before).mean() for before, after in pairs])

    resting, in_the_air = movement(HANDS[1]), movement(HANDS[2])
    assert movement(HANDS[0]) < resting < in_the_air


def test_frames_show_the_photo(lesion):
    (jpeg, _) = list(recording(lesion, HANDS[0], 0))[NEAR_FRAMES + 5]
    frame = pixels(jpeg)
    whole = np.asarray(Image.fromarray(lesion).resize(frame.shape[:2]), np.float64)
    # Another exposure and a few pixels aside; a flipped picture would not do.
    assert np.corrcoef(frame.mean(2).ravel(), whole.mean(2).ravel())[0, 1] > 0.8


class Judge:
    """Knows its threshold and name, as a classifier does."""

    class card:  # noqa: N801
        name = "made"

        class threshold:  # noqa: N801
            score = 0.5


def made(lesion, malignant, scores, sharp=True):
    frames = tuple(Seen(sharp, 0.0, (score,)) for score in scores)
    return Recorded("made", lesion, malignant, frames)


def test_a_row_counts_verdicts_silence_and_difference():
    takes = [
        made(0, True, [0.9, 0.9, 0.1]),
        made(0, True, [0.1, 0.1, 0.1]),
        made(1, False, [0.1, 0.1, 0.9]),
        made(1, False, [0.9, 0.9, 0.9], sharp=False),
    ]
    found = row(takes, VoteRule(2, 2, 1), 0.02, 0, Judge)
    assert (found.recall, found.specificity) == (0.5, 1.0)
    assert (found.malignant, found.other) == (2, 1)
    assert found.silent == 0.25
    assert found.seconds == 0.2
    assert found.differing == 1.0


@pytest.mark.slow
def test_the_command_measures_rules_and_limits(root, model_path, tmp_path, capsys):
    pytest.importorskip("ai_edge_litert", reason="no interpreter is installed")
    manifest = draw_table(tmp_path / "drawn", 12, 12, size_px=96)
    models = tmp_path / "models"
    models.mkdir()
    (models / model_path.name).write_bytes(model_path.read_bytes())
    out = tmp_path / "vote.json"
    words = ["--models", str(models), "--manifest", str(manifest), "--lesions", "2"]
    assert camera_vote.main([*words, "--out", str(out)]) == 0
    rows = json.loads(out.read_text())
    assert {each["hand"] for each in rows} == {"no hand", *(h.name for h in HANDS)}
    assert len({each["rule"] for each in rows}) > 5
    assert "specificity" in capsys.readouterr().out


def test_too_few_lesions_are_an_error(root, model_path, tmp_path, capsys):
    manifest = draw_table(tmp_path / "drawn", 12, 12, size_px=48)
    words = ["--models", str(root / "models"), "--manifest", str(manifest)]
    assert camera_vote.main(words) == 1
    assert "fewer --lesions" in capsys.readouterr().err
