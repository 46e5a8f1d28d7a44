"""One line on standard error that says how far a benchmark has come."""

import sys
from types import TracebackType
from typing import TextIO


class ProgressLine:
    """Rewrites its line on a terminal; writes one line per stage anywhere else."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """Write to ``stream``, by default standard error."""
        self._stream = stream or sys.stderr
        self._on_terminal = self._stream.isatty()
        self._shown = ""

    def __enter__(self) -> "ProgressLine":
        """Start without a line."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the terminal as it was."""
        self.clear()

    def show(self, what: str, done: int, total: int) -> None:
        """Say that ``done`` of ``total`` items of ``what`` are done; 0: no items."""
        if self._on_terminal:
            text = f"{what}  {done}/{total}" if total else what
            self._stream.write(f"\r{text:<{len(self._shown)}}")
            self._shown = text
        elif what != self._shown:
            self._stream.write(f"{what} ({total})\n" if total else f"{what}\n")
            self._shown = what
        self._stream.flush()

    def clear(self) -> None:
        """Remove the line, so that other output starts at the margin."""
        if self._on_terminal and self._shown:
            self._stream.write(f"\r{'':<{len(self._shown)}}\r")
            self._stream.flush()
        self._shown = ""
