"""The HTTP server around the app: nobody who is slow, silent or greedy stops it.

h11 reads and writes HTTP, asyncio holds the connections, and threads run the app, which
is WSGI (PEP 3333). A connection that waits for its client costs no thread: the request
is in memory whole before the app is asked, and an answer is handed out piece by piece
as its client takes it. So these hold whatever clients do:

- A request body stays in memory, within a budget that all bodies share. What exceeds
  the limit is counted and dropped while it arrives, so that a browser can finish
  sending and then show why, instead of "connection reset". None is ever on the disk.
- Of requests sent without waiting for an answer (pipelining, which no browser does),
  the first is answered and the connection then closed; its client may ask again.
- A client that is silent, slow to send or slow to read is cut off after ``Patience``.
- When all connections are taken, the one that has let the server wait longest, of the
  address that has the most, makes room for the newcomer.
"""

import asyncio
import contextlib
import socket
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import h11
from flask import Flask

from web_demo.guards.request_bodies import Body, Budget
from web_demo.judging.capacity import NO_ROOM
from web_demo.problems import UNREADABLE_REQUEST

MAX_CONNECTIONS = 256

# Request line and headers together. Browsers send about 1 kB.
MAX_HEADER_BYTES = 32_768

# What is read, made and written at once.
PIECE_BYTES = 65_536

# How long bytes are read and dropped after a request that could not be read: closing
# earlier would reset the connection under the answer.
LINGER_S = 2


@dataclass(frozen=True)
class Patience:
    """How long a client may let the server wait.

    Attributes:
        silence_s: without a request, and without taking a piece of the answer.
        arrival_s: from the first byte of a request to its last: 20 MB take 60 s at
            2.7 Mbit/s.
        answer_s: from the first byte of an answer to its last: the library's 2.3 MB
            take 300 s at 61 kbit/s.
    """

    silence_s: float = 30
    arrival_s: float = 60
    answer_s: float = 300


@dataclass
class Answer:
    """What the app answers, as far as it was asked for.

    Attributes:
        status: of HTTP.
        headers: names and values, as the app gave them.
        pieces: of the body; each may take the app time to make.
        close: ends the answer, also one that was not taken whole.
    """

    status: int
    headers: list[tuple[str, str]]
    pieces: Iterator[bytes]
    close: Any

    def next_piece(self) -> bytes:
        """Some ``PIECE_BYTES`` of the body, or empty at its end."""
        found: list[bytes] = []
        size = 0
        for piece in self.pieces:
            found.append(piece)
            size += len(piece)
            if size >= PIECE_BYTES:
                break
        return found[0] if len(found) == 1 else b"".join(found)


class Connection:
    """One client: reads a request, has it answered, reads the next one.

    Attributes:
        address: of the client.
        waiting_since_s: since when nothing can go on before the client does something;
            None while the app works.
    """

    def __init__(
        self,
        server: "PageServer",
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """Talk for ``server``."""
        self._server = server
        self._reader = reader
        self._writer = writer
        # asyncio does so only for sockets that were made with IPPROTO_TCP. Otherwise
        # the piece behind a head waits 40 ms for the client's acknowledgement.
        connected = writer.get_extra_info("socket")
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Nothing lies in our buffer when a piece counts as sent.
        writer.transport.set_write_buffer_limits(high=0)
        self._http = h11.Connection(
            h11.SERVER, max_incomplete_event_size=MAX_HEADER_BYTES
        )
        peer = writer.get_extra_info("peername")
        self.address: str = peer[0] if peer else ""
        self._first_line = b""
        self.waiting_since_s: float | None = time.monotonic()

    def cut_off(self) -> None:
        """End it at once, whatever is in the buffers."""
        self._writer.transport.abort()

    async def talk(self) -> None:
        """Answer requests until the client or its slowness ends it."""
        try:
            while await self._exchange():
                if self._http.trailing_data[0]:
                    await self._linger()
                    break
                self._http.start_next_cycle()
        except OSError:  # The client went away, or was too slow.
            self.cut_off()
        except h11.RemoteProtocolError as error:
            with contextlib.suppress(OSError):
                await self._refuse(error.error_status_hint)
        finally:
            self._writer.close()

    async def _exchange(self) -> bool:
        """One request and its answer; false when no other can follow."""
        patience = self._server.patience
        async with asyncio.timeout(patience.silence_s):
            await self._await_bytes()
        body = self._server.new_body()
        try:
            async with asyncio.timeout(patience.arrival_s):
                request = await self._request(body)
            if request is None:
                return False
            environ = self._environ(request, body)
            await self._answer(environ, request.method, body)
        finally:
            body.drop()
        return self._http.our_state is h11.DONE and self._http.their_state is h11.DONE

    async def _await_bytes(self) -> None:
        self.waiting_since_s = time.monotonic()
        await self._receive()

    async def _receive(self) -> None:
        got = await self._reader.read(PIECE_BYTES)
        if self._http.their_state is h11.IDLE and len(self._first_line) < 2048:
            self._first_line += got[:2048]
        self._http.receive_data(got)

    async def _event(self) -> Any:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            if self._http.they_are_waiting_for_100_continue:
                go_on = h11.InformationalResponse(status_code=100, headers=[])
                await self._write(self._http.send(go_on))
            await self._receive()
        return event

    async def _request(self, body: Body) -> h11.Request | None:
        request = await self._event()
        if not isinstance(request, h11.Request):
            return None
        while not isinstance(event := await self._event(), h11.EndOfMessage):
            if not isinstance(event, h11.Data):
                return None
            body.append(bytes(event.data))
        self._first_line = b""
        return request

    async def _answer(self, environ: dict[str, Any], method: bytes, body: Body) -> None:
        server = self._server
        self.waiting_since_s = None
        answer = await server.in_thread(server.call, environ)
        body.drop()
        try:
            await self._hand_out(answer, method)
        finally:
            await server.in_thread(answer.close)

    async def _hand_out(self, answer: Answer, method: bytes) -> None:
        """The whole answer, each piece when its client has taken the one before."""
        async with asyncio.timeout(self._server.patience.answer_s):
            await self._write(self._http.send(self._head(answer)))
            while piece := await self._server.in_thread(answer.next_piece):
                if method != b"HEAD":
                    await self._send_piece(piece)
            await self._write(self._http.send(h11.EndOfMessage()))

    def _head(self, answer: Answer) -> h11.Response:
        headers = [*answer.headers, ("Date", formatdate(usegmt=True))]
        if self._http.trailing_data[0]:
            headers.append(("Connection", "close"))
        encoded = [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in headers
        ]
        return h11.Response(status_code=answer.status, headers=encoded)

    async def _send_piece(self, piece: bytes) -> None:
        for start in range(0, len(piece), PIECE_BYTES):
            part = piece[start : start + PIECE_BYTES]
            await self._write(self._http.send(h11.Data(data=part)))

    async def _write(self, content: bytes | None) -> None:
        if content:
            self._writer.write(content)
            self.waiting_since_s = time.monotonic()
            async with asyncio.timeout(self._server.patience.silence_s):
                await self._writer.drain()
            self.waiting_since_s = None

    async def _refuse(self, status: int) -> None:
        """Answer what is no request of HTTP, as the app answers mistakes."""
        if self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        words = self._first_line.split(b"\r\n")[0].split(b" ")
        target = words[1] if len(words) > 1 else b"/"
        request = h11.Request(method="GET", target=b"/", headers=[("Host", "unread")])
        body = self._server.new_body()
        environ = self._environ(request, body)
        environ["PATH_INFO"] = _path_of(target)[0]
        environ[UNREADABLE_REQUEST] = status
        await self._answer(environ, b"GET", body)
        await self._linger()

    async def _linger(self) -> None:
        """Drop what still comes: with it unread, closing would reset the answer."""
        if self._writer.can_write_eof():
            self._writer.write_eof()
        async with asyncio.timeout(LINGER_S):
            while await self._reader.read(PIECE_BYTES):
                pass

    def _environ(self, request: h11.Request, body: Body) -> dict[str, Any]:
        path, query = _path_of(request.target)
        host, port = self._server.name
        environ: dict[str, Any] = {
            "REQUEST_METHOD": request.method.decode("latin-1"),
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": host,
            "SERVER_PORT": str(port),
            "SERVER_PROTOCOL": f"HTTP/{request.http_version.decode('latin-1')}",
            "REMOTE_ADDR": self.address,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": body.opened(),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            NO_ROOM: body.found_no_room,
        }
        for name, value in request.headers:
            key = name.decode("latin-1")
            # X_Forwarded_For would read as X-Forwarded-For.
            if "_" in key or key in ("content-length", "transfer-encoding"):
                continue
            variable = key.upper().replace("-", "_")
            if key != "content-type":
                variable = f"HTTP_{variable}"
            text = value.decode("latin-1")
            before = environ.get(variable)
            mark = "; " if key == "cookie" else ", "
            environ[variable] = text if before is None else f"{before}{mark}{text}"
        if body.length_bytes or request.method not in (b"GET", b"HEAD"):
            environ["CONTENT_LENGTH"] = str(body.length_bytes)
        return environ


class PageServer:
    """Answers with a Flask app from ``run()`` until ``stop()``.

    Attributes:
        patience: with clients.
        budget: of the memory that request bodies hold.
        name: host and port it listens on.
    """

    def __init__(
        self,
        app: Flask,
        listener: socket.socket,
        *,
        threads: int = 4,
        patience: Patience | None = None,
        max_connections: int = MAX_CONNECTIONS,
    ) -> None:
        """Listen on ``listener``.

        Args:
            app: its ``MAX_CONTENT_LENGTH`` is also the most that a body may keep in
                memory, its ``MAX_HELD_BYTES`` what all of them may.
            listener: see ``listen``; closed when ``run`` is over.
            threads: that run the app.
            patience: with clients; None takes the defaults.
            max_connections: at the same time.
        """
        self._app = app
        self._listener = listener
        self._max_connections = max_connections
        self._open: set[Connection] = set()
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="answer")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped: asyncio.Event | None = None
        self._asked_to_stop = False
        self.patience = patience or Patience()
        self.budget = Budget(app.config["MAX_HELD_BYTES"])
        self.name: tuple[str, int] = listener.getsockname()[:2]

    def run(self) -> None:
        """Answer until ``stop`` is called."""
        try:
            asyncio.run(self._serve())
        finally:
            self._listener.close()
            self._threads.shutdown(wait=False, cancel_futures=True)

    def stop(self) -> None:
        """End ``run``; from any thread, and from a signal's handler."""
        self._asked_to_stop = True
        if self._loop is not None and self._stopped is not None:
            self._loop.call_soon_threadsafe(self._stopped.set)

    async def _serve(self) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        if self._asked_to_stop:
            return
        server = await asyncio.start_server(
            self._connected, sock=self._listener, limit=PIECE_BYTES
        )
        await self._stopped.wait()
        server.close()
        for connection in tuple(self._open):
            connection.cut_off()

    async def _connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        connection = Connection(self, reader, writer)
        self._open.add(connection)
        try:
            self._make_room(connection)
            await connection.talk()
        except asyncio.CancelledError:
            # Only the end of the loop does that; asyncio would print it as a fault.
            connection.cut_off()
        finally:
            self._open.discard(connection)

    def _make_room(self, newcomer: Connection) -> None:
        if len(self._open) <= self._max_connections:
            return
        of_address = Counter(each.address for each in self._open)
        now_s = time.monotonic()
        slow = [
            (of_address[each.address], now_s - each.waiting_since_s, each)
            for each in self._open
            if each.waiting_since_s is not None and each is not newcomer
        ]
        if slow:
            loser = max(slow, key=lambda each: each[:2])[2]
        elif len(self._open) <= 2 * self._max_connections:
            # All of them are being worked for, and will soon be waited for.
            return
        else:
            loser = newcomer
        loser.cut_off()
        self._open.discard(loser)

    def new_body(self) -> Body:
        """For the next request."""
        return Body(self._app.config["MAX_CONTENT_LENGTH"], self.budget)

    async def in_thread(self, work: Any, *given: Any) -> Any:
        """Do ``work`` beside the loop, and wait for its result."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, work, *given)

    def call(self, environ: dict[str, Any]) -> Answer:
        """Ask the app; a fault of ours is answered with status 500."""
        try:
            return _asked(self._app, environ)
        # Whatever the app failed at, the other connections go on.
        except Exception:
            traceback.print_exc()
            return Answer(500, [("Content-Length", "0")], iter(()), lambda: None)


def _asked(app: Flask, environ: dict[str, Any]) -> Answer:
    told: list[Any] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Any:
        told[:] = [int(status.split(" ", 1)[0]), headers]
        # PEP 3333 has it for old programs; Flask does not use it.
        return lambda _: None

    pieces: Iterable[bytes] = app(environ, start_response)
    close = getattr(pieces, "close", lambda: None)
    return Answer(told[0], told[1], iter(pieces), close)


def _path_of(target: bytes) -> tuple[str, str]:
    """Path as WSGI wants it, and query, of a request's target."""
    text = target.decode("latin-1")
    if text.startswith(("http://", "https://")):
        # A proxy is asked in this form; the Host header says the same.
        with contextlib.suppress(ValueError):
            parts = urlsplit(text)
            text = f"{parts.path or '/'}?{parts.query}"
    path, _, query = text.partition("?")
    return unquote_to_bytes(path.partition("#")[0]).decode("latin-1"), query


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on ``host``; port 0 takes a free one.

    Raises:
        OSError: when the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=1024)
