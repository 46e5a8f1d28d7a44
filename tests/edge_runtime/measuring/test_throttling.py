"""What a Raspberry Pi's flags and an x86 processor's counters say about a run."""

import dataclasses

import pytest

from edge_runtime.measuring.machine import describe_machine
from edge_runtime.measuring.throttling import disturbances


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("0", "0", ()),
        (None, None, ()),
        ("50000", "50000", ()),  # Long ago; not while this was measured.
        ("0", "50000", ("undervoltage", "throttled")),  # In between, and over again.
        ("8", "0", ("soft temperature limit",)),
        ("20000", "20002", ("frequency capped",)),
        ("unreadable", "0", ()),
    ],
)
def test_only_what_happened_meanwhile_counts(before, after, found):
    machine = dataclasses.replace(describe_machine(), throttle_events=None)
    states = [
        dataclasses.replace(machine, throttled=flags) for flags in (before, after)
    ]
    assert disturbances(*states) == found


def test_an_x86_processor_that_slowed_down_is_told():
    machine = dataclasses.replace(describe_machine(), throttled=None)
    before, after = (
        dataclasses.replace(machine, throttle_events=count) for count in (7, 9)
    )
    assert disturbances(before, after) == ("slowed down by heat 2 times",)
    assert disturbances(before, before) == ()
