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
