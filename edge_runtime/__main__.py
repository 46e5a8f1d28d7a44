"""The front command: every verb of the toolkit.

Run: python -m edge_runtime classify models/cnn64.qat_int8.tflite samples
"""

import sys
from collections.abc import Sequence

from edge_runtime.commands.command_line import run
from edge_runtime.errors import EdgeRuntimeError
from edge_runtime.terminal import logs
from edge_runtime.terminal.exit_status import (
    close_output,
    is_of_output,
    show_any_name,
    told_of_output,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    show_any_name()
    try:
        status = run(sys.argv[1:] if arguments is None else arguments)
        sys.stdout.flush()
    except EdgeRuntimeError as error:
        logs.error(str(error))
        return error.exit_status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output, such as head, has seen enough.
        close_output()
        return 1
    except OSError as error:
        if not is_of_output(error):
            raise
        logs.error(told_of_output(error))
        close_output()
        return 1
    return status


if __name__ == "__main__":
    raise SystemExit(main())
