"""What the system tells a running camera: SIGTERM to end, SIGHUP to reload."""

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from edge_runtime.classifier import LesionClassifier
from edge_runtime.errors import EdgeRuntimeError

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


class ServiceNotice:
    """Speaks to systemd, if systemd listens."""

    def __init__(self, environment: dict[str, str] | None = None) -> None:
        """Read the socket's name from the environment.

        Args:
            environment: another one in tests.
        """
        name = (os.environ if environment is None else environment).get("NOTIFY_SOCKET")
        # An @ stands for the zero byte of Linux' abstract names.
        self._address = f"\0{name[1:]}" if name and name[0] == "@" else name

    def ready(self, status: str) -> None:
        """The service has started, or has done what a reload asked for."""
        self._send(f"READY=1\nSTATUS={status}")

    def alive(self) -> None:
        """The loop turns: systemd restarts a service that stops saying so."""
        self._send("WATCHDOG=1")

    def status(self, status: str) -> None:
        """One line for ``systemctl status``."""
        self._send(f"STATUS={status}")

    def stopping(self) -> None:
        """The service ends of its own will."""
        self._send("STOPPING=1")

    def _send(self, text: str) -> None:
        if not self._address:
            return
        # A journal that is gone must not end the camera.
        with contextlib.suppress(OSError):
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
                line.settimeout(1)
                line.sendto(text.encode("utf-8"), self._address)


class ServedModel:
    """The classifier in use, and the way to a new one.

    A long-running program calls ``reload`` when told to, for instance on SIGHUP.

    Attributes:
        current: take it anew for each photo.
        path: of the model file.
    """

    def __init__(
        self,
        path: Path,
        load: Callable[[Path], LesionClassifier] = LesionClassifier.load,
    ) -> None:
        """Load the first model.

        Raises:
            EdgeRuntimeError: when it cannot be used.
        """
        self.path = path
        self._load = load
        self._one_at_a_time = threading.Lock()
        self.current = load(path)

    def reload(self) -> EdgeRuntimeError | None:
        """Use what the file holds now, or keep what is in use and say why."""
        with self._one_at_a_time:
            try:
                found = self._load(self.path)
            except EdgeRuntimeError as error:
                return error
            # One assignment: a reader sees the old one or the new one.
            self.current = found
        return None
