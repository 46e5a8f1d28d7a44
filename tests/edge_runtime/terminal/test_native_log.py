"""Small talk of native code is dropped, and nothing else."""

import os
from pathlib import Path

import pytest

from edge_runtime.terminal.native_log import without_info_lines

OPEN_FILES = Path("/proc/self/fd")


def test_info_lines_are_dropped_and_others_arrive(capfd):
    with without_info_lines():
        os.write(2, b"INFO: Created a delegate.\nERROR: broken\nWARNING: odd\n")
    os.write(2, b"INFO: later\n")
    assert capfd.readouterr().err == "ERROR: broken\nWARNING: odd\nINFO: later\n"


def test_what_was_written_arrives_when_something_fails(capfd):
    with pytest.raises(ValueError, match="inside"), without_info_lines():
        os.write(2, b"ERROR: broken\n")
        raise ValueError("inside")
    assert capfd.readouterr().err == "ERROR: broken\n"


@pytest.mark.skipif(not OPEN_FILES.is_dir(), reason="this system has no /proc")
def test_no_file_stays_open():
    before = len([*OPEN_FILES.iterdir()])
    for _ in range(20):
        with without_info_lines():
            pass
    assert len([*OPEN_FILES.iterdir()]) == before
