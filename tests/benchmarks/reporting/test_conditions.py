import dataclasses

import pytest

from benchmarks.reporting.conditions import (
    busy,
    commit_in_words,
    machine_facts,
    together,
)
from edge_runtime.measuring.revision import Revision


def test_facts_that_differ_are_listed_once_each():
    facts = together([("commit", "a"), ("commit", "b"), ("commit", "a")])
    assert facts == {"commit": "a; b"}


@pytest.mark.parametrize(
    ("sets", "words"),
    [(("avx2", "avx_vnni"), "avx2, avx_vnni"), ((), "none"), (None, "not known")],
)
def test_instruction_sets_are_listed(machine, sets, words):
    facts = machine_facts(dataclasses.replace(machine, instruction_sets=sets))
    assert together(facts)["instruction sets"] == words


@pytest.mark.parametrize(
    ("revision", "words"),
    [
        (Revision(None, None), "not known (no git checkout)"),
        (Revision("abc", True), "abc, with changed files"),
        (Revision("abc", None), "abc, changes not known"),
    ],
)
def test_a_dirty_checkout_is_told(revision, words):
    assert commit_in_words(revision) == words


@pytest.mark.parametrize(
    ("load", "cautions"), [(0.2, 0), (3.0, 0), (3.1, 1), (None, 0)]
)
def test_a_busy_machine_is_told(machine, load, cautions):
    assert len(busy([dataclasses.replace(machine, load_average=load)])) == cautions


def test_several_busy_moments_are_told_once(machine):
    moments = [dataclasses.replace(machine, load_average=load) for load in (9.0, 0, 7)]
    (caution,) = busy(moments)
    assert "2 of the measurements" in caution
    assert "up to 9.0 on 4 cores" in caution
