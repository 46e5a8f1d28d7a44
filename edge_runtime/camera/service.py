"""What the system tells a running camera: SIGTERM to end, SIGHUP to reload."""

import signal
from types import FrameType, TracebackType
from typing import Any

# Windows has no SIGHUP.
_RELOAD = getattr(signal, "SIGHUP", None)


class Signals:
    """Notes signals while inside; the loop looks at the notes at each turn.

    A handler that did the work itself would interrupt a frame half way.

    Attributes:
        stop_asked: the system wants this process to end.
    """

    def __init__(self) -> None:
        """Nothing asked yet."""
        self.stop_asked = False
        self._reload_asked = False
        self._before: dict[int, Any] = {}

    def reload_asked(self) -> bool:
        """Whether a reload was asked for since the last time."""
        asked, self._reload_asked = self._reload_asked, False
        return asked

    def __enter__(self) -> "Signals":
        """Take the signals over; only the main thread may."""
        for number in (signal.SIGTERM, _RELOAD):
            if number is not None:
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the signals as they were."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGTERM:
            self.stop_asked = True
        else:
            self._reload_asked = True
