"""Keeps the small talk of native libraries off the terminal, and only that.

LiteRT writes "INFO: Created TensorFlow Lite XNNPACK delegate for CPU." straight to
file descriptor 2 and has no switch for it; TensorFlow tells there what it found while
it is imported, whatever TF_CPP_MIN_LOG_LEVEL says. Warnings and errors take the same
way and must arrive, so what was written is held back for a moment and sifted.
"""

import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator

_STDERR = 2

# Of LiteRT; of absl before it is set up, which is said of all its lines; and absl's own
# lines of that level, such as "I0000 00:00:1796082452.872043 8013 port.cc:153] ...".
_SMALL_TALK = re.compile(
    rb"INFO:|WARNING: All log messages before absl::InitializeLog|I\d{4} [\d:.]+ +\d+ "
)


@contextlib.contextmanager
def without_info_lines(*also: bytes) -> Iterator[None]:
    """Drop lines that only inform from standard error while inside.

    For command lines only: it redirects the whole process's standard error.

    Args:
        also: lines that hold one of these are dropped too.
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
                dropped = _SMALL_TALK.match(line) or any(word in line for word in also)
                if not dropped:
                    os.write(_STDERR, line)
