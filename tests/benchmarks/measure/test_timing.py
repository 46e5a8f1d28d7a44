import time
from pathlib import Path

import pytest

from benchmarks.measure.timing import evenly_spaced, time_photos, timed
from edge_runtime.measuring.latency import counted


def test_an_action_is_timed_and_its_answer_kept():
    answer, milliseconds = timed(lambda: time.sleep(0.02) or "answer")
    assert answer == "answer"
    # A sleep takes at least its time; a busy machine adds to it.
    assert milliseconds >= 20


def test_photos_are_taken_in_turn_and_warm_up_is_not_counted():
    seen = []

    def judge(photo):
        seen.append(photo.name)
        return {"decode": float(len(seen))}

    photos = [Path("a"), Path("b"), Path("c")]
    latency, stages_ms, judged = time_photos(judge, photos, counted(warmup=2, runs=4))
    assert seen == ["a", "b", "c", "a", "b", "c"]
    assert (latency.runs, judged) == (4, 6)
    assert stages_ms == {"decode": (3.0, 4.0, 5.0, 6.0)}


@pytest.mark.parametrize(
    ("count", "chosen"),
    [(1, [0]), (3, [0, 3, 6]), (10, list(range(10))), (99, list(range(10)))],
)
def test_spaced_photos_reach_from_the_first_to_the_last(count, chosen):
    assert evenly_spaced(list(range(10)), count) == chosen
