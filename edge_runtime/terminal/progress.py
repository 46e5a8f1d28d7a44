"""One line on standard error that says how far a long job has come."""

import sys
import time
from types import TracebackType
from typing import TextIO

# Often enough to look alive, seldom enough to cost nothing.
_EVERY_S = 0.2
# A log of an hour has a hundred lines, and nobody waits longer to see that it lives.
_EVERY_IN_A_LOG_S = 30.0
_WIDTH = 24


def time_left(done: int, total: int, elapsed_s: float) -> str:
    """What the rest will take at the pace so far, in words; empty where none is done.

    >>> time_left(2, 60, 45.0), time_left(58, 60, 1200.0), time_left(0, 60, 3.0)
    ('22 min left', '41 s left', '')
    """
    if not done or elapsed_s <= 0:
        return ""
    return f"{duration(elapsed_s / done * (total - done))} left"


def duration(seconds: float) -> str:
    """Seconds in the unit that a person would choose.

    >>> duration(41.2), duration(1305), duration(9000)
    ('41 s', '22 min', '2.5 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


class ProgressLine:
    """Rewrites its line on a terminal; elsewhere, a line per stage and half minute."""

    def __init__(self, stream: TextIO | None = None, *, stages: bool = True) -> None:
        """Start without a line.

        Args:
            stream: by default standard error.
            stages: where nobody watches, write a line when a stage begins, and every
                half minute how far it has come.
        """
        self._stream = stream or sys.stderr
        self._on_terminal = self._stream.isatty()
        self._stages = stages
        self._what, self._shown = "", ""
        self._first, self._start_s, self._last_s = 0, 0.0, 0.0

    def __enter__(self) -> "ProgressLine":
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the terminal as it was."""
        self.clear()

    def show(self, what: str, done: int, total: int, now: str = "") -> None:
        """Say that ``done`` of ``total`` items of ``what`` are done; 0: no items.

        Args:
            what: the stage; the time left is that of the stage.
            done: items that are ready.
            total: all items of the stage; 0 where they are not counted.
            now: the item that is being worked on.
        """
        now_s = time.monotonic()
        begins = what != self._what
        if begins:
            self._what, self._first, self._start_s = what, done, now_s
        if self._on_terminal:
            if begins or done == total or now_s - self._last_s >= _EVERY_S:
                self._last_s = now_s
                text = self._text(done, total, now_s - self._start_s)
                self._rewrite(f"{text}: {now}" if now else text)
        elif self._stages:
            self._log(begins, done, total, now_s)

    def clear(self) -> None:
        """Remove the line, so that other output starts at the margin."""
        if self._shown:
            self._stream.write(f"\r{'':<{len(self._shown)}}\r")
            self._stream.flush()
        self._shown = ""

    def _log(self, begins: bool, done: int, total: int, now_s: float) -> None:
        """A line when a stage begins, and now and then how far it has come."""
        if begins:
            line = f"{self._what} ({total})" if total else self._what
        elif total and now_s - self._last_s >= _EVERY_IN_A_LOG_S:
            left = time_left(
                done - self._first, total - self._first, now_s - self._start_s
            )
            line = f"{self._what} {done}/{total}" + (f", {left}" if left else "")
        else:
            return
        self._last_s = now_s
        self._stream.write(f"{line}\n")
        self._stream.flush()

    def _text(self, done: int, total: int, elapsed_s: float) -> str:
        if not total:
            return self._what
        filled = _WIDTH * done // total
        bar = f"{self._what} [{'#' * filled:.<{_WIDTH}}] {done}/{total}"
        advanced = done - self._first
        left = time_left(advanced, total - self._first, elapsed_s)
        return f"{bar}, {advanced / elapsed_s:.3g}/s, {left}" if left else bar

    def _rewrite(self, text: str) -> None:
        self._stream.write(f"\r{text:<{len(self._shown)}}")
        self._stream.flush()
        self._shown = text
