"""The WSGI server around the app: request bodies stay in memory and are bounded.

waitress, like most servers, moves a large request body to a temporary file, where a
patient's photo could outlive the request. The classes here keep bodies in memory and
drop what exceeds the limit, so that a browser can finish sending a photo that is too
large and then show the page that says so, instead of "connection reset". What all
bodies hold together is bounded too.
"""

import io
import socket
import threading
import time
from typing import Any, cast

from flask import Flask
from waitress.adjustments import Adjustments
from waitress.buffers import OverflowableBuffer
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer
from waitress.task import WSGITask
from waitress.wasyncore import dispatcher

from web_demo.judging.capacity import NO_ROOM

MAX_CONNECTIONS = 100

# A connection that says nothing for so long is closed, and so is one whose request has
# not arrived whole by then: 20 MB take 60 s at 2.7 Mbit/s.
SILENCE_S = 30
ARRIVAL_S = 60

# No answer is near this large: waitress would move a larger one to a temporary file.
MAX_ANSWER_BYTES = 2**30


class Budget:
    """What the bodies of all requests may hold together.

    Attributes:
        free_bytes: what is left.
    """

    def __init__(self, most_bytes: int) -> None:
        """Have ``most_bytes`` to give."""
        self.free_bytes = most_bytes
        self._lock = threading.Lock()

    def take(self, wanted_bytes: int) -> bool:
        """Whether so much was left; then it is taken."""
        with self._lock:
            if wanted_bytes > self.free_bytes:
                return False
            self.free_bytes -= wanted_bytes
            return True

    def give_back(self, taken_bytes: int) -> None:
        """Let others have it."""
        with self._lock:
            self.free_bytes += taken_bytes


class MemoryBody(OverflowableBuffer):
    """The body of one request: counts every byte, keeps none of a body too large.

    Attributes:
        found_no_room: whether it was dropped because others hold too much.
    """

    def __init__(self, overflow: int, budget: Budget) -> None:
        """Keep bodies of at most ``overflow`` bytes, as far as ``budget`` allows."""
        super().__init__(overflow)
        self._budget = budget
        self._kept = io.BytesIO()
        self._length_bytes = 0
        self._held_bytes = 0
        self.found_no_room = False

    def append(self, s: bytes) -> None:
        """Take the next part of the body."""
        self._length_bytes += len(s)
        if self.found_no_room:
            return
        if self._length_bytes > self.overflow:
            self._drop()
        elif self._budget.take(len(s)):
            self._held_bytes += len(s)
            self._kept.write(s)
        else:
            self.found_no_room = True
            self._drop()

    def _drop(self) -> None:
        # A new one: truncating would keep the memory.
        self._kept = io.BytesIO()
        self._budget.give_back(self._held_bytes)
        self._held_bytes = 0

    def __len__(self) -> int:
        """Bytes received, whether kept or dropped."""
        return self._length_bytes

    def getfile(self) -> io.BytesIO:
        """The body from its start; empty when it was dropped."""
        self._kept.seek(0)
        return self._kept

    def close(self) -> None:
        """Free the memory; waitress calls this when the request was answered."""
        self._drop()

    def __del__(self) -> None:
        """Free what a connection held that broke off before."""
        self._drop()


class MemoryAdjustments(Adjustments):
    """waitress' settings, which every parser meets, with the budget beside them."""

    budget: Budget


class MemoryParser(HTTPRequestParser):
    """waitress' parser, with ``MemoryBody`` where it would use temporary files."""

    body: MemoryBody | None = None

    def parse_header(self, header_plus: bytes) -> None:
        """Read the headers, then prepare for the body they announce."""
        super().parse_header(header_plus)
        if self.body_rcv is not None:
            settings = cast(MemoryAdjustments, self.adj)
            self.body = MemoryBody(settings.inbuf_overflow, settings.budget)
            self.body_rcv.buf = self.body


class MemoryTask(WSGITask):
    """One request on its way to the app, which hears of a body without room."""

    def get_environment(self) -> dict[str, Any]:
        """The WSGI environment."""
        environ: dict[str, Any] = super().get_environment()
        body = cast(MemoryParser, self.request).body
        environ[NO_ROOM] = body is not None and body.found_no_room
        return environ


class MemoryChannel(HTTPChannel):
    """One connection whose requests ``MemoryParser`` reads."""

    parser_class = MemoryParser
    task_class = MemoryTask
    _arriving_since_s: float | None = None

    def received(self, part: bytes) -> bool:
        """Take what arrived; close if the request has been arriving for too long."""
        if self._arriving_since_s is None:
            self._arriving_since_s = time.monotonic()
        if time.monotonic() - self._arriving_since_s > ARRIVAL_S:
            self.will_close = True
            self.handle_close()
            return False
        whole = super().received(part)
        if self.request is None:
            self._arriving_since_s = None
        return whole

    def handle_close(self) -> None:
        """Close, and let go of a request that will never be whole."""
        super().handle_close()
        if self.request is not None:
            self.request.close()


class MemoryServer(TcpWSGIServer):
    """waitress' server with connections that keep everything in memory.

    Attributes:
        budget: of the memory that request bodies hold.
    """

    channel_class = MemoryChannel

    def __init__(
        self, app: Flask, listener: socket.socket, *, threads: int = 4
    ) -> None:
        """Answer with ``app`` from ``run()`` to ``close()``.

        Args:
            app: its ``MAX_CONTENT_LENGTH`` is also the most that a body may keep in
                memory, its ``MAX_HELD_BYTES`` what all of them may.
            listener: see ``listen``; closed with the server.
            threads: that answer requests.
        """
        self.parts: dict[int, dispatcher] = {}
        adjustments = MemoryAdjustments(
            sockets=[listener],
            connection_limit=MAX_CONNECTIONS,
            threads=threads,
            channel_timeout=SILENCE_S,
            cleanup_interval=10,
            inbuf_overflow=app.config["MAX_CONTENT_LENGTH"],
            outbuf_overflow=MAX_ANSWER_BYTES,
            ident=None,
        )
        self.budget = adjustments.budget = Budget(app.config["MAX_HELD_BYTES"])
        name = listener.getsockname()
        super().__init__(
            app,
            # The stubs say sockets; waitress puts dispatchers there.
            map=self.parts,  # type: ignore[arg-type]
            _sock=listener,
            adj=adjustments,
            sockinfo=(listener.family, listener.type, listener.proto, name),
            bind_socket=False,
        )

    def close(self) -> None:
        """Close the listener and every connection; ``run()`` has to be over."""
        for part in tuple(self.parts.values()):
            if part is not self:
                part.close()
        super().close()


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on ``host``; port 0 takes a free one.

    Raises:
        OSError: when the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)
