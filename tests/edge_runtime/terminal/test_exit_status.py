import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from edge_runtime.errors import EdgeRuntimeError
from edge_runtime.terminal.exit_status import STOPPED, exit_status


class RefusedError(EdgeRuntimeError):
    exit_status = 4


def _ending(raised, **options):
    @exit_status(**options)
    def main(arguments=None):
        raise raised

    return main


def test_what_the_command_says_is_its_status():
    @exit_status()
    def main(arguments=None):
        """Count the words."""
        return len(arguments or ())

    assert [main(), main(["a", "b", "c"])] == [0, 3]
    assert main.__doc__ == "Count the words."


@pytest.mark.parametrize(
    ("error", "status"), [(EdgeRuntimeError, 1), (RefusedError, 4)]
)
def test_our_errors_are_a_line_and_their_status(error, status, capsys):
    assert _ending(error("no such photo"))() == status
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "error: no such photo\n")


def test_a_file_that_cannot_be_written_is_named(capsys, tmp_path):
    (tmp_path / "file").write_text("in the way")

    @exit_status()
    def main(arguments=None):
        (tmp_path / "file/folder").mkdir()
        return 0

    assert main() == 1
    told = capsys.readouterr().err
    assert told == f"error: {tmp_path}/file/folder: Not a directory\n"


def test_a_fault_of_the_system_without_a_file_is_not_hidden():
    with pytest.raises(OSError, match="no file"):
        _ending(OSError("no file"))()


PROGRAM = """
import sys
from pathlib import Path
from edge_runtime.terminal.exit_status import exit_status

@exit_status()
def main(arguments=None):
    for word in sys.argv[1:]:
        print(word)
    print("x" * 100_000)
    return 0

raise SystemExit(main())
"""


def run(*words, stdout=subprocess.PIPE, **environment):
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        stdout=stdout,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment},
        check=False,
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no /dev/full")
def test_a_full_disk_is_one_line():
    with Path("/dev/full").open("w") as full:
        ended = run(stdout=full)
    assert ended.returncode == 1
    assert ended.stderr.decode() == (
        "error: standard output cannot be written: the disk is full\n"
    )


@pytest.mark.skipif(os.name == "nt", reason="pipes end otherwise there")
def test_a_reader_that_has_seen_enough_needs_no_word():
    reading, writing = os.pipe()
    os.close(reading)
    ended = run(stdout=writing)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (1, b"")


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "ascii"])
def test_names_that_a_console_cannot_show_are_escaped(encoding):
    names = ["\u76ae\u819a.png", os.fsdecode(b"m\xfc.png")]
    ended = run(*names, PYTHONIOENCODING=encoding, PYTHONUTF8="0", LC_ALL="C.UTF-8")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith(
        "\u76ae\u819a.png".encode() if encoding == "utf-8" else b"\\u76ae\\u819a.png"
    )


def test_an_error_of_the_disk_that_names_no_file_is_told(capsys):
    assert _ending(OSError(errno.EIO, "Input/output error"))() == 1
    assert "standard output cannot be written" in capsys.readouterr().err


def test_others_errors_are_not_hidden():
    with pytest.raises(ZeroDivisionError):
        _ending(ZeroDivisionError())()


@pytest.mark.parametrize(
    ("options", "said"),
    [({}, f"{STOPPED}\n"), ({"stopped": "nothing kept"}, "nothing kept\n")],
)
def test_an_interrupt_is_130(options, said, capsys):
    assert _ending(KeyboardInterrupt(), **options)() == 130
    assert capsys.readouterr().err == said
