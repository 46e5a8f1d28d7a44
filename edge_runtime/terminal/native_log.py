"""Keeps the interpreter's small talk off the terminal, and only that.

LiteRT writes "INFO: Created TensorFlow Lite XNNPACK delegate for CPU." straight to
file descriptor 2 and has no switch for it. Warnings and errors take the same way and
must arrive, so what was written is held back for a moment and sifted.
"""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator

_STDERR = 2


@contextlib.contextmanager
def without_info_lines() -> Iterator[None]:
    """Drop lines that start with ``INFO:`` from standard error while inside.

    For command lines only: it redirects the whole process's standard error.
    """
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held:
        terminal = os.dup(_STDERR)
        os.dup2(held.fileno(), _STDERR)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(terminal, _STDERR)
            os.close(terminal)
            held.seek(0)
            for line in held:
                if not line.startswith(b"INFO:"):
                    os.write(_STDERR, line)
