import dataclasses

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.measure.cases import Case, CasePhoto
from benchmarks.measure.fresh_process import measure_in_fresh_process
from edge_runtime.measuring.latency import counted
from edge_runtime.measuring.machine import peak_memory_mib

CASE = Case(
    model="/nowhere/a.tflite",
    baseline=None,
    folder="/nowhere",
    photos=(CasePhoto("a.png", True, "a", False),),
    protocol=counted(warmup=0, runs=1),
    threads=1,
    cpus=None,
    sustained_secs=0.0,
    power_csv=None,
)


def test_the_reason_of_the_fresh_process_arrives():
    with pytest.raises(BenchmarkError, match=r"/nowhere/a\.tflite cannot be read"):
        measure_in_fresh_process(CASE, print)


def test_a_process_that_dies_gives_its_last_words():
    # Threads that are no number do not come from our command line; the child refuses.
    broken = dataclasses.replace(CASE, threads="many")
    with pytest.raises(BenchmarkError, match=r"(?s)exit code 1.*case\.threads"):
        measure_in_fresh_process(broken, print)


def test_cores_that_do_not_exist_are_named():
    unbound = dataclasses.replace(CASE, cpus=(4095,))
    with pytest.raises(BenchmarkError, match=r"\[4095\].*there are"):
        measure_in_fresh_process(unbound, print)


def test_peak_memory_counts_what_was_allocated():
    before = peak_memory_mib()
    block = b"x" * (64 * 2**20)
    # The peak may have been higher earlier in this process; it never falls.
    assert peak_memory_mib() >= max(before, len(block) / 2**20)
