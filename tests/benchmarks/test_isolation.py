import dataclasses
import io

import pytest

from benchmarks.case import Case, CasePhoto
from benchmarks.errors import BenchmarkError
from benchmarks.isolation import measure_in_fresh_process
from benchmarks.memory import peak_memory_mib
from benchmarks.progress import ProgressLine

CASE = Case(
    model="/nowhere/a.tflite",
    baseline=None,
    folder="/nowhere",
    photos=(CasePhoto("a.png", True, "a", False),),
    runs=1,
    warmup=0,
    threads=1,
)


def test_the_reason_of_the_fresh_process_arrives():
    with pytest.raises(BenchmarkError, match=r"/nowhere/a\.tflite cannot be read"):
        measure_in_fresh_process(CASE, print)


def test_a_process_that_dies_gives_its_last_words():
    # Threads that are no number do not come from our command line; the child refuses.
    broken = dataclasses.replace(CASE, threads="many")
    with pytest.raises(BenchmarkError, match=r"(?s)exit code 1.*case\.threads"):
        measure_in_fresh_process(broken, print)


def test_peak_memory_counts_what_was_allocated():
    before = peak_memory_mib()
    block = b"x" * (64 * 2**20)
    # The peak may have been higher earlier in this process; it never falls.
    assert peak_memory_mib() >= max(before, len(block) / 2**20)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_rewrites_one_line_on_a_terminal():
    stream = Terminal()
    with ProgressLine(stream) as line:
        line.show("photos", 1, 20)
        line.show("photos", 2, 20)
    assert "\n" not in stream.getvalue()
    assert "photos  2/20" in stream.getvalue()
    assert stream.getvalue().endswith("\r")


def test_progress_in_a_log_is_one_line_per_stage():
    stream = io.StringIO()
    with ProgressLine(stream) as line:
        for done in range(20):
            line.show("photos", done, 20)
        line.show("intervals", 0, 0)
    assert stream.getvalue() == "photos (20)\nintervals\n"
