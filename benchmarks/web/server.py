"""The pages in a process of their own, and requests to them, for load and endurance."""

import http.client
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from edge_runtime.measuring.revision import CHECKOUT

ADDRESS = re.compile(r"http://(127\.0\.0\.1):(\d+)")

# A machine with other things to do starts a model in seconds, and answers late.
PATIENCE_S = 120


class ServerError(Exception):
    """The pages could not be started, or gave no answer."""


@dataclass(frozen=True)
class Answer:
    """What came back for one request.

    Attributes:
        status: of HTTP.
        body: as it came.
        retry_after_s: when to try again, where the answer said so.
    """

    status: int
    body: bytes
    retry_after_s: float | None


class WebServer:
    """``web_demo/serve.py`` on a free port of the loopback interface."""

    def __init__(self, models: Sequence[Path], *options: str) -> None:
        """Start it with ``options``, and wait until it listens.

        Raises:
            ServerError: when it ends instead.
        """
        named = [word for path in models for word in ("--model", str(path))]
        command = [sys.executable, str(CHECKOUT / "web_demo/serve.py"), *named]
        self._process = subprocess.Popen(
            [*command, "--port", "0", *options], stdout=subprocess.PIPE, text=True
        )
        if self._process.stdout is None:
            raise ServerError("the server has no output")
        found = ADDRESS.search(self._process.stdout.readline())
        if found is None:
            raise ServerError("the server did not start; its error stands above")
        self.host, self.port = found[1], int(found[2])

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{self.host}:{self.port}"

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def __enter__(self) -> "WebServer":
        """Use it; it ends with the block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process as a service manager does."""
        self._process.send_signal(signal.SIGTERM)
        self._process.communicate(timeout=PATIENCE_S)


class Client:
    """One connection that is kept and, where it broke, made anew."""

    def __init__(self, host: str, port: int) -> None:
        """Connect with the first request."""
        self._connection = http.client.HTTPConnection(host, port, timeout=PATIENCE_S)

    def send(
        self,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask, as POST where there is a body.

        Raises:
            OSError: when the connection breaks.
            http.client.HTTPException: when the answer is none.
        """
        method = "GET" if body is None else "POST"
        try:
            self._connection.request(method, path, body, dict(headers or {}))
            answer = self._connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        pause = answer.getheader("Retry-After")
        return Answer(answer.status, content, float(pause) if pause else None)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def form(*photos: bytes, name: str = "photo.jpg") -> tuple[bytes, dict[str, str]]:
    """A form with these photos as browsers send it: its body and its headers."""
    line = f"--{uuid.uuid4().hex}".encode()
    head = f'Content-Disposition: form-data; name="photo"; filename="{name}"'
    parts = [
        line + b"\r\n" + head.encode() + b"\r\n\r\n" + photo + b"\r\n"
        for photo in photos
    ]
    boundary = line[2:].decode()
    kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    return b"".join(parts) + line + b"--\r\n", kind
