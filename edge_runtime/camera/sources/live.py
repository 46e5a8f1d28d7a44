"""A live MJPEG stream that is opened again whenever it is lost.

Camera programs crash, cables come loose, network cameras restart: a device that is left
running waits and tries again, with growing pauses.
"""

import itertools
import threading
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass

from edge_runtime.camera.frames import Frame, Report
from edge_runtime.camera.sources.jpeg import JpegSplitter
from edge_runtime.camera.sources.streams import ByteStream, OpenStream
from edge_runtime.errors import CameraError

# Pauses between attempts: quick at first, since most losses are short.
_PAUSES_S = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


@dataclass(frozen=True)
class Patience:
    """How long to wait for a stream.

    Attributes:
        stall_s: without a byte, after which a stream counts as lost.
        first_s: for the first frame; then the start has failed.
        lost_s: for a lost stream to come back; infinity waits for ever.
    """

    stall_s: float = 5.0
    first_s: float = 10.0
    lost_s: float = float("inf")


class LiveSource:
    """Newest frames of an MJPEG stream, across losses; see ``FrameSource``."""

    live = True

    def __init__(
        self, name: str, open_stream: OpenStream, patience: Patience, report: Report
    ) -> None:
        """Take how to open the stream; nothing is opened before ``frames``."""
        self.name = name
        self.damaged = 0
        self._open_stream = open_stream
        self._patience = patience
        self._report = report
        self._closed = threading.Event()
        self._stream: ByteStream | None = None
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._deadline_s = 0.0
        self._attempts = 0

    def frames(self) -> Iterator[Frame]:
        """See ``FrameSource``.

        Raises:
            CameraError: when no frame comes in time.
        """
        self._deadline_s = time.monotonic() + self._patience.first_s
        while not self._closed.is_set():
            problem = "no stream"
            try:
                problem = yield from self._once()
            except OSError as error:
                # TimeoutError among them: nothing came for too long.
                problem = str(error) or type(error).__name__
            self._wait(problem)

    def close(self) -> None:
        """See ``FrameSource``."""
        self._closed.set()
        with self._lock:
            stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    def _once(self) -> Generator[Frame, None, str]:
        """Frames of one connection; returns why it ended."""
        stream = self._open_stream(self._patience.stall_s)
        with self._lock:
            self._stream = stream
        splitter = JpegSplitter()
        before = self.damaged
        try:
            while not self._closed.is_set():
                chunk = stream.read()
                if not chunk:
                    return stream.last_words()
                for picture in splitter.feed(chunk):
                    self._arrived()
                    yield Frame(next(self._numbers), time.monotonic_ns(), picture)
                self.damaged = before + splitter.damaged
        finally:
            splitter.finish()
            self.damaged = before + splitter.damaged
            with self._lock:
                self._stream = None
            stream.close()
        return "closed"

    def _arrived(self) -> None:
        if self._attempts:
            self._report(f"{self.name} is back")
        self._attempts = 0
        self._deadline_s = time.monotonic() + self._patience.lost_s

    def _wait(self, problem: str) -> None:
        if self._closed.is_set():
            return
        if time.monotonic() >= self._deadline_s:
            raise CameraError(
                f"{self.name} gives no frames: {problem}. Is the camera connected and"
                " not in use? python -m edge_runtime doctor looks at both."
            )
        pause_s = _PAUSES_S[min(self._attempts, len(_PAUSES_S) - 1)]
        self._attempts += 1
        self._report(f"{self.name} was lost ({problem}); trying again in {pause_s:g} s")
        self._closed.wait(min(pause_s, max(0.0, self._deadline_s - time.monotonic())))
