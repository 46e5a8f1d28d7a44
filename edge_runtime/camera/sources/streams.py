"""Where the bytes of a live MJPEG stream come from: a program, TCP or HTTP.

Each stream is opened once and read by one thread; ``close`` may come from another and
ends a read that is waiting. Whoever opens it again after a loss is camera_sources.
"""

import base64
import collections
import contextlib
import http.client
import os
import select
import shutil
import socket
import subprocess
import threading
import urllib.parse
from collections.abc import Callable, Sequence
from typing import Protocol

from edge_runtime.errors import CameraError

_CHUNK_BYTES = 65536
_CONNECT_S = 3.0
# What a program said last goes into the message when it dies.
_LAST_LINES = 3
# A camera program that ignores SIGTERM for this long is killed.
_PATIENCE_S = 0.4


class ByteStream(Protocol):
    """An opened stream."""

    def read(self) -> bytes:
        """The next bytes; none at its end.

        Raises:
            TimeoutError: when nothing came for too long.
            OSError: when the stream broke.
        """

    def close(self) -> None:
        """Let go; ends a ``read`` that waits in another thread."""

    def last_words(self) -> str:
        """Why it ended, as far as it said."""


OpenStream = Callable[[float], ByteStream]
"""Opens a stream; takes the seconds without a byte that count as stalled."""


class ProgramStream:
    """Standard output of a camera program, such as rpicam-vid."""

    def __init__(self, command: Sequence[str], stall_s: float) -> None:
        """Start the program.

        Raises:
            CameraError: when it is not installed.
        """
        if not shutil.which(command[0]):
            raise CameraError(
                f"{command[0]} is not installed; expected it on the PATH."
                " docs/device/camera.md says which package has it."
            )
        # A session of its own: Ctrl-C in the terminal ends us first, then we end it.
        self._program = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._stall_s = stall_s
        self._said: collections.deque[str] = collections.deque(maxlen=_LAST_LINES)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def read(self) -> bytes:
        """See ``ByteStream``."""
        pipe = self._program.stdout
        if pipe is None or pipe.closed:
            return b""
        ready, _, _ = select.select([pipe], [], [], self._stall_s)
        if not ready:
            raise TimeoutError(f"no byte for {self._stall_s:g} s")
        return os.read(pipe.fileno(), _CHUNK_BYTES)

    def close(self) -> None:
        """See ``ByteStream``."""
        self._program.terminate()
        try:
            self._program.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._program.kill()
            self._program.wait()

    def last_words(self) -> str:
        """See ``ByteStream``."""
        self._listener.join(_PATIENCE_S)
        status = self._program.poll()
        return "; ".join([f"exit status {status}", *self._said])

    def _listen(self) -> None:
        pipe = self._program.stderr
        if pipe is not None:
            for line in pipe:
                self._said.append(line.decode("utf-8", "replace").strip()[:200])
            pipe.close()


class TcpStream:
    """JPEG after JPEG from a TCP server, as ``rpicam-vid --listen`` sends them."""

    def __init__(self, host: str, port: int, stall_s: float) -> None:
        """Connect.

        Raises:
            OSError: when nobody answers there.
        """
        self._socket = socket.create_connection((host, port), _CONNECT_S)
        self._socket.settimeout(stall_s)

    def read(self) -> bytes:
        """See ``ByteStream``."""
        return self._socket.recv(_CHUNK_BYTES)

    def close(self) -> None:
        """See ``ByteStream``."""
        _hang_up(self._socket)

    def last_words(self) -> str:
        """See ``ByteStream``."""
        return "the other side closed the connection"


class HttpStream:
    """``multipart/x-mixed-replace`` of a network camera, mjpg-streamer or ffmpeg."""

    def __init__(self, url: str, stall_s: float) -> None:
        """Send the request and read the answer's head.

        Raises:
            OSError: when nobody answers there, or the answer is no stream.
        """
        parts = urllib.parse.urlsplit(url)
        connection = http.client.HTTPConnection(
            parts.hostname or "", parts.port or 80, timeout=_CONNECT_S
        )
        path = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
        try:
            connection.connect()
            self._socket = connection.sock
            self._socket.settimeout(stall_s)
            connection.request("GET", path, headers=_authorization(parts))
            self._answer = connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise OSError(f"{type(error).__name__}: {error}") from error
        if self._answer.status != http.HTTPStatus.OK:
            status = f"HTTP status {self._answer.status} {self._answer.reason}"
            self.close()
            raise OSError(f"{status}; expected 200 and a stream")

    def read(self) -> bytes:
        """See ``ByteStream``."""
        try:
            return self._answer.read1(_CHUNK_BYTES)
        except (http.client.HTTPException, ValueError) as error:
            # ValueError: closed by another thread, or a chunk's length is no number.
            raise OSError(f"{type(error).__name__}: {error}") from error

    def close(self) -> None:
        """See ``ByteStream``."""
        _hang_up(self._socket)

    def last_words(self) -> str:
        """See ``ByteStream``."""
        return "the other side ended the stream"


def _authorization(parts: urllib.parse.SplitResult) -> dict[str, str]:
    if parts.username is None:
        return {}
    name, word = (
        urllib.parse.unquote(text or "") for text in (parts.username, parts.password)
    )
    token = base64.b64encode(f"{name}:{word}".encode()).decode("ascii")
    return {"Authorization": f"Basic {token}"}


def _hang_up(connection: socket.socket) -> None:
    # Closing alone does not wake a thread that waits in recv.
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
