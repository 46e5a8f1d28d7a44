"""The WSGI server around the app: request bodies stay in memory and are bounded.

waitress, like most servers, moves a large request body to a temporary file, where a
patient's photo could outlive the request. The classes here keep bodies in memory and
drop what exceeds the limit, so that a browser can finish sending a photo that is too
large and then show the page that says so, instead of "connection reset".
"""

import io
import socket
import time

from flask import Flask
from waitress.adjustments import Adjustments
from waitress.buffers import OverflowableBuffer
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer
from waitress.wasyncore import dispatcher

# Times MAX_CONTENT_LENGTH, this bounds what waiting uploads can hold in memory.
MAX_CONNECTIONS = 100

# A connection that says nothing for so long is closed, and so is one whose request has
# not arrived whole by then: 20 MB take 60 s at 2.7 Mbit/s.
SILENCE_S = 30
ARRIVAL_S = 60

# No answer is near this large: waitress would move a larger one to a temporary file.
MAX_ANSWER_BYTES = 2**30


class MemoryBody(OverflowableBuffer):
    """The body of one request: counts every byte, keeps none of a body too large."""

    def __init__(self, overflow: int) -> None:
        """Keep bodies of at most ``overflow`` bytes."""
        super().__init__(overflow)
        self._kept = io.BytesIO()
        self._length_bytes = 0

    def append(self, s: bytes) -> None:
        """Take the next part of the body."""
        self._length_bytes += len(s)
        if self._length_bytes <= self.overflow:
            self._kept.write(s)
        else:
            self._kept.truncate(0)

    def __len__(self) -> int:
        """Bytes received, whether kept or dropped."""
        return self._length_bytes

    def getfile(self) -> io.BytesIO:
        """The body from its start; empty when it was too large."""
        self._kept.seek(0)
        return self._kept

    def close(self) -> None:
        """Free the memory."""
        self._kept.close()


class MemoryParser(HTTPRequestParser):
    """waitress' parser, with ``MemoryBody`` where it would use temporary files."""

    def parse_header(self, header_plus: bytes) -> None:
        """Read the headers, then prepare for the body they announce."""
        super().parse_header(header_plus)
        if self.body_rcv is not None:
            self.body_rcv.buf = MemoryBody(self.adj.inbuf_overflow)


class MemoryChannel(HTTPChannel):
    """One connection whose requests ``MemoryParser`` reads."""

    parser_class = MemoryParser
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


class MemoryServer(TcpWSGIServer):
    """waitress' server with connections that keep everything in memory."""

    channel_class = MemoryChannel

    def __init__(
        self, app: Flask, listener: socket.socket, *, threads: int = 4
    ) -> None:
        """Answer with ``app`` from ``run()`` to ``close()``.

        Args:
            app: its ``MAX_CONTENT_LENGTH`` is also the most that a body may keep in
                memory.
            listener: see ``listen``; closed with the server.
            threads: that answer requests.
        """
        self.parts: dict[int, dispatcher] = {}
        adjustments = Adjustments(
            sockets=[listener],
            connection_limit=MAX_CONNECTIONS,
            threads=threads,
            channel_timeout=SILENCE_S,
            cleanup_interval=10,
            inbuf_overflow=app.config["MAX_CONTENT_LENGTH"],
            outbuf_overflow=MAX_ANSWER_BYTES,
            ident=None,
        )
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
