"""What systemd wants to hear: ready, alive, stopping (sd_notify(3)).

One datagram each to the socket named in the environment; without it, nothing happens.
"""

import contextlib
import os
import socket


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
