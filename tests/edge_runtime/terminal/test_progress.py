"""How far a long job has come, for a person and for a log."""

import io

from edge_runtime.terminal import progress
from edge_runtime.terminal.progress import ProgressLine


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_one_line_is_rewritten_on_a_terminal():
    stream = Terminal()
    with ProgressLine(stream) as line:
        line.show("photos", 1, 20)
        line.show("photos", 20, 20)
    assert "\n" not in stream.getvalue()
    assert "1/20" in stream.getvalue()
    assert "20/20" in stream.getvalue()
    assert stream.getvalue().endswith("\r")


def test_a_thousand_steps_at_once_are_not_all_written():
    stream = Terminal()
    with ProgressLine(stream) as line:
        for done in range(1001):
            line.show("photos", done, 1000)
    assert stream.getvalue().count("/1000") < 500
    assert "1000/1000" in stream.getvalue()


def test_a_log_gets_one_line_per_stage():
    stream = io.StringIO()
    with ProgressLine(stream) as line:
        for done in range(20):
            line.show("photos", done, 20)
        line.show("intervals", 0, 0)
    assert stream.getvalue() == "photos (20)\nintervals\n"


def test_a_log_gets_nothing_where_stages_say_nothing_new():
    stream = io.StringIO()
    with ProgressLine(stream, stages=False) as line:
        line.show("photos", 0, 20)
    assert stream.getvalue() == ""


def test_a_log_of_a_long_stage_says_every_half_minute_how_long_it_takes(monkeypatch):
    clock = iter(range(0, 3000, 10))
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(clock)))
    stream = io.StringIO()
    with ProgressLine(stream) as line:
        for done in range(7):
            line.show("versions", done, 61, now=f"darker {done}")
    # Ten seconds each: after three of 61, 58 are left.
    assert stream.getvalue() == (
        "versions (61)\nversions 3/61, 10 min left\nversions 6/61, 9 min left\n"
    )


def test_what_is_being_done_now_begins_no_stage_of_its_own(monkeypatch):
    clock = iter(range(0, 3000, 10))
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(clock)))
    stream = Terminal()
    with ProgressLine(stream) as line:
        line.show("versions", 0, 61, now="plain")
        line.show("versions", 1, 61, now="darker 1")
    assert "1/61, 0.1/s, 10 min left: darker 1" in stream.getvalue()
