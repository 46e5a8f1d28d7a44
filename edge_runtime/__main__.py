"""The front command: every verb of the toolkit.

Run: python -m edge_runtime classify models/cnn64.qat_int8.tflite samples
"""

import os
import sys
from collections.abc import Sequence

from edge_runtime.commands.command_line import run
from edge_runtime.errors import EdgeRuntimeError
from edge_runtime.terminal import logs


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    try:
        return run(sys.argv[1:] if arguments is None else arguments)
    except EdgeRuntimeError as error:
        logs.error(str(error))
        return error.exit_status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output, such as head, has seen enough. Python would
        # complain once more when it closes the pipe on exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
