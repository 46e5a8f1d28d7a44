"""How a command ends: our errors on one line each, and a status for scripts.

0 done, 1 one of our errors, 2 wrong usage (``argparse``), 3 some items failed, 4 a gate
failed, 130 interrupted.
"""

import errno
import functools
import os
import sys
from collections.abc import Callable, Sequence
from typing import Protocol

from edge_runtime.errors import EdgeRuntimeError


class Main(Protocol):
    """A command: words of the command line, or the process's own, to a status."""

    def __call__(self, arguments: Sequence[str] | None = None) -> int:
        """Run; returns the exit status."""


STOPPED = "stopped; files that were written are whole, others are not there"
"""For commands that write each file at once, or none."""


def show_any_name() -> None:
    """Let a file name be printed that the console cannot show, with escapes for it.

    A name may hold bytes that are no UTF-8, and a console of Windows shows few letters;
    Python would end the run at the first of them.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def close_output() -> None:
    """Give up on standard output, so that Python does not fail on it again on exit."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):
        return  # Not a file of the system's, as in tests.


def told_of_output(error: OSError) -> str:
    """What to say of an error in writing to standard output."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "standard output cannot be written: the disk is full"
    return f"standard output cannot be written: {error.strerror or error}"


def is_of_output(error: OSError) -> bool:
    """Whether the error came from standard output: no file is named then."""
    return error.filename is None and error.errno in _OF_OUTPUT


_OF_OUTPUT = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG, errno.EPIPE)


def exit_status(stopped: str = STOPPED) -> Callable[[Main], Main]:
    """Let a ``main`` raise our errors; they become a line and their ``exit_status``.

    So does what the system says of a file or folder that cannot be read or written, and
    of standard output. A reader of the output that has seen enough, such as ``head``,
    ends the command without a word.

    Args:
        stopped: what to say when the user interrupts: what is kept, how to go on.
    """

    def ending(main: Main) -> Main:
        @functools.wraps(main)
        def ended(arguments: Sequence[str] | None = None) -> int:
            show_any_name()
            try:
                status = main(arguments)
                sys.stdout.flush()
            except EdgeRuntimeError as error:
                print(f"error: {error}", file=sys.stderr)
                return error.exit_status
            except OSError as error:
                return _told(error)
            except KeyboardInterrupt:
                print(stopped, file=sys.stderr)
                return 130
            return status

        return ended

    return ending


def _told(error: OSError) -> int:
    """Say what the system said; returns the exit status."""
    if isinstance(error, BrokenPipeError):
        close_output()
    elif is_of_output(error):
        print(f"error: {told_of_output(error)}", file=sys.stderr)
        close_output()
    elif error.filename is None:
        raise error
    else:
        print(f"error: {error.filename}: {error.strerror}", file=sys.stderr)
    return EdgeRuntimeError.exit_status
