"""Turns, rows and the table of the peers, with small stand-ins for the processes."""

import numpy as np
import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.peers.conversion import restored
from benchmarks.peers.peer_bench import FEWEST_RUNS, MOST_RUNS, parse, turns
from benchmarks.peers.process import Worker
from benchmarks.peers.table import PeerReport, Row, peers_markdown
from benchmarks.results.comparison import Change
from edge_runtime.evaluation.intervals import Interval


class StandIn:
    """Answers like a worker, and notes who was asked when."""

    def __init__(self, name, asked):
        self.name, self.asked = name, asked

    def ask(self, question):
        ((kind, runs),) = question.items()
        self.asked.append((self.name, kind))
        return [float(len(self.asked))] * runs


def test_every_round_asks_every_peer_and_the_first_one_warms_up():
    asked = []
    found, lost = turns({name: StandIn(name, asked) for name in "abc"}, rounds=4)
    assert lost == {}
    assert len(asked) == 5 * 3 * 2
    for start in range(0, len(asked), 6):
        assert {name for name, _ in asked[start : start + 6]} == set("abc")
    assert len(found["a", "infer"]) == 4 * MOST_RUNS["infer"]
    assert len(found["b", "judge"]) == 4 * MOST_RUNS["judge"]
    # What was answered in the first round, six answers, is not kept.
    assert min(min(samples) for samples in found.values()) > 6


def test_a_peer_that_breaks_down_is_asked_no_more_and_the_rest_goes_on():
    class Broken(StandIn):
        def ask(self, question):
            if len(self.asked) > 8:
                raise BenchmarkError("out of memory")
            return super().ask(question)

    asked = []
    found, lost = turns({"a": StandIn("a", asked), "b": Broken("b", asked)}, rounds=6)
    assert lost == {"b": "out of memory"}
    assert len(found["a", "infer"]) == 6 * MOST_RUNS["infer"]


def test_a_slow_peer_is_asked_for_less():
    class Slow(StandIn):
        def ask(self, question):
            return [700.0] * len(super().ask(question))

    asked = []
    found, _ = turns({"a": StandIn("a", asked), "b": Slow("b", asked)}, rounds=3)
    assert len(found["a", "infer"]) == 3 * MOST_RUNS["infer"]
    assert len(found["b", "infer"]) == len(found["b", "judge"]) == 3 * FEWEST_RUNS


def test_the_order_changes_from_round_to_round():
    asked = []
    turns({name: StandIn(name, asked) for name in "abcdef"}, rounds=5)
    orders = {tuple(name for name, _ in asked[s : s + 12]) for s in range(0, 72, 12)}
    assert len(orders) > 1


def test_weights_are_restored_by_the_scale_of_their_axis():
    values = np.array([[2, 4], [6, 8]], np.int8)
    scale, zero = np.array([0.5, 0.25], np.float32), np.array([0, 4], np.int8)
    assert restored(values, scale, zero, axis=0).tolist() == [[1.0, 2.0], [0.5, 1.0]]
    assert restored(values, np.float32(2), np.int8(2), axis=1).tolist() == [
        [0.0, 4.0],
        [8.0, 12.0],
    ]


def test_a_peer_that_cannot_run_says_why_in_its_row(machine):
    fast = Change(2.5, Interval(2.4, 2.6), 1.0)
    rows = (
        Row("cnn32", "lesion-edge", "2.3.0", 0.07, 1.0, fast, fast, 0.0),
        Row("cnn32", "ncnn, float", problem="no | module"),
    )
    text = peers_markdown(PeerReport("abc", machine, 20, rows))
    assert "| cnn32 | lesion-edge 2.3.0 | 0.0700 | 2.50 (2.40\N{EN DASH}2.60)" in text
    assert "could not run: no \\| module" in text
    assert "not a medical device" in text


def test_who_is_faster_is_told_apart_by_the_scores(machine):
    ahead = Change(0.6, Interval(0.5, 0.7), 1.0)
    perhaps = Change(0.9, Interval(0.7, 1.1), 1.0)
    rows = (
        Row("cnn64", "lesion-edge", "2.3.0", 1.0, 1.0, perhaps, perhaps, 0.0),
        Row("cnn64", "litert", "2.3.0", 0.6, 1.0, ahead, ahead, 0.0),
        Row("cnn64", "ncnn, float", "1.0", 0.6, 1.0, ahead, ahead, 0.008),
        Row("cnn64", "onnxruntime, own int8", "1.0", 0.6, 1.0, ahead, ahead, 0.4),
        Row("cnn32", "ncnn, float", "1.0", 0.9, 1.0, perhaps, perhaps, 0.008),
    )
    lines = peers_markdown(PeerReport("abc", machine, 20, rows)).splitlines()
    assert [line for line in lines if line.startswith("- ")] == [
        "- with our scores, to 0.0039: litert on cnn64 (0.60 of our time, scores up to"
        " 0.0000 apart).",
        "- in float, with the scores of the network before quantisation: ncnn, float on"
        " cnn64 (0.60 of our time, scores up to 0.0080 apart).",
        "- in 8 bits, with other scores than the file's: onnxruntime, own int8 on cnn64"
        " (0.60 of our time, scores up to 0.4000 apart).",
    ]


def test_nobody_faster_is_said_too(machine):
    same = Change(1.0, Interval(0.9, 1.1), 1.0)
    rows = (Row("cnn32", "litert", "2.3.0", 0.07, 1.0, same, same, 0.0),)
    text = peers_markdown(PeerReport("abc", machine, 20, rows))
    assert "No runtime is certainly faster" in text


def test_a_worker_that_dies_gives_its_last_words():
    with pytest.raises(BenchmarkError, match="no such runtime"):
        Worker({"peer": "no such runtime"})


def test_settings_name_what_is_measured(tmp_path):
    settings = parse(["--photos", str(tmp_path), "--only", "cnn32", "--rounds", "3"])
    assert (settings.only, settings.rounds) == (("cnn32",), 3)
    with pytest.raises(SystemExit) as stop:
        parse(["--photos", str(tmp_path), "--rounds", "1"])
    assert stop.value.code == 2
