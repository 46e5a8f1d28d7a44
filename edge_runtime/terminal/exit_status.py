"""How a command ends: our errors on one line each, and a status for scripts.

0 done, 1 one of our errors, 2 wrong usage (``argparse``), 3 some items failed, 4 a gate
failed, 130 interrupted.
"""

import functools
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


def exit_status(stopped: str = STOPPED) -> Callable[[Main], Main]:
    """Let a ``main`` raise our errors; they become a line and their ``exit_status``.

    So does what the system says of a file or folder that cannot be read or written.

    Args:
        stopped: what to say when the user interrupts: what is kept, how to go on.
    """

    def ending(main: Main) -> Main:
        @functools.wraps(main)
        def ended(arguments: Sequence[str] | None = None) -> int:
            try:
                return main(arguments)
            except EdgeRuntimeError as error:
                print(f"error: {error}", file=sys.stderr)
                return error.exit_status
            except OSError as error:
                if error.filename is None:
                    raise
                print(f"error: {error.filename}: {error.strerror}", file=sys.stderr)
                return EdgeRuntimeError.exit_status
            except KeyboardInterrupt:
                print(stopped, file=sys.stderr)
                return 130

        return ended

    return ending
