"""What hostile uploads and clients cost the pages' server, one attack after the other.

Run: python -m benchmarks.web.attacks --model models/lesion64.qat_int8.tflite

For each attack: CPU seconds of the server a request, the peak of its resident memory
(Linux), and how long ``/healthz`` takes meanwhile, asked ten times a second over new
connections. The exit status is 1 where a limit below is broken.
"""

import argparse
import contextlib
import functools
import http.client
import io
import os
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from benchmarks.web.server import Client, WebServer, form

MOST_CPU_S = 0.5
MOST_MIB = 512
MOST_HEALTH_S = 1.0

UPLOAD_BYTES = 19_900_000
HELD_S = 10.0
SLOW_CLIENTS = 300


@dataclass(frozen=True)
class Figures:
    """What one attack cost.

    Attributes:
        statuses: of the answers, as far as there were any.
        cpu_s: of the server, for each request.
        peak_mib: resident memory of the server.
        health_s: the slowest answer of ``/healthz``.
    """

    statuses: tuple[int, ...]
    cpu_s: float
    peak_mib: float
    health_s: float

    @property
    def hold(self) -> bool:
        """Whether no limit is broken."""
        within = self.cpu_s <= MOST_CPU_S and self.health_s <= MOST_HEALTH_S
        return within and self.peak_mib <= MOST_MIB


def _chunk(kind: bytes, content: bytes = b"") -> bytes:
    checked = kind + content
    sum_ = struct.pack(">I", zlib.crc32(checked))
    return struct.pack(">I", len(content)) + checked + sum_


def _png(part: bytes) -> bytes:
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0))
    count = UPLOAD_BYTES // len(part)
    return b"\x89PNG\r\n\x1a\n" + header + part * count


def _jpeg(part: bytes) -> bytes:
    return b"\xff\xd8" + part * (UPLOAD_BYTES // len(part))


def _saved(mode: str, side: int, kind: str, **settings: object) -> bytes:
    encoded = io.BytesIO()
    noise = Image.effect_noise((512, 512), 60).resize((side, side))
    noise.convert(mode).save(encoded, kind, **settings)
    return encoded.getvalue()[:UPLOAD_BYTES]


# Files that cost the most for their size; made when asked for, as some are large.
UPLOADS: dict[str, Callable[[], bytes]] = {
    "JPEG of fill bytes": lambda: b"\xff\xd8" + b"\xff" * UPLOAD_BYTES,
    "JPEG of zeros": lambda: b"\xff\xd8\xff\xe5\0\2" + bytes(UPLOAD_BYTES),
    "JPEG of empty APP5": lambda: _jpeg(b"\xff\xe5\0\2"),
    "JPEG of empty comments": lambda: _jpeg(b"\xff\xfe\0\2"),
    "JPEG of beginnings": lambda: b"\xff\xd8" * (UPLOAD_BYTES // 2),
    "PNG of empty chunks": lambda: _png(_chunk(b"teSt")),
    "PNG of empty IDAT": lambda: _png(_chunk(b"IDAT")),
    "PNG of packed texts": lambda: _png(
        _chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(10**6)))
    ),
    "JPEG, 64 megapixels": lambda: _saved("RGB", 8000, "JPEG", quality=30),
    "progressive JPEG, 16 megapixels": lambda: _saved(
        "RGB", 4090, "JPEG", quality=60, progressive=True
    ),
    "PNG, RGB, 16 megapixels": lambda: _saved("RGB", 4090, "PNG", compress_level=1),
    "PNG, RGBA, 8 megapixels": lambda: _saved("RGBA", 2828, "PNG", compress_level=1),
    "PNG, RGBA, 16 megapixels": lambda: _saved("RGBA", 4090, "PNG", compress_level=1),
    "PNG, 16-bit grey, 4 megapixels": lambda: _saved("I;16", 2000, "PNG"),
    "WebP, lossy, 13 megapixels": lambda: _saved("RGB", 3650, "WEBP", method=0),
    "AVIF, 13 megapixels": lambda: _saved("RGB", 3640, "AVIF", speed=10),
    "WebP, lossless, 8 megapixels": lambda: _saved(
        "RGB", 2828, "WEBP", lossless=True, method=0
    ),
}


GET = b"GET /static/strings.en.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
SLOW = {
    "that say nothing": b"",
    "with half a header": b"GET / HTTP/1.1\r\nHost: lo",
    "with half a photo of 5 MB": b"POST /verdict HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Length: 6000000\r\n\r\n" + bytes(5_000_000),
    "that ask 300 times and read nothing": GET * 300,
}


class Watch:
    """CPU time and peak memory of a process, and how its health answers meanwhile."""

    def __init__(self, server: WebServer) -> None:
        """Watch ``server``."""
        self._server = server
        self._process = Path(f"/proc/{server.pid}")

    def cpu_s(self) -> float:
        """User and system time since the start."""
        words = (self._process / "stat").read_text().rpartition(")")[2].split()
        return sum(map(int, words[11:13])) / os.sysconf("SC_CLK_TCK")

    def forget_peak(self) -> None:
        """Let the peak begin at what is resident now."""
        (self._process / "clear_refs").write_text("5")

    def peak_mib(self) -> float:
        """Largest resident memory since ``forget_peak``."""
        for line in (self._process / "status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        raise OSError("the system tells no peak of memory")

    def healths_s(self, over: threading.Event) -> list[float]:
        """How long each question took, until ``over``."""
        found: list[float] = []
        while not over.wait(0.1) or not found:
            began_s = time.perf_counter()
            client = http.client.HTTPConnection(
                self._server.host, self._server.port, timeout=60
            )
            with contextlib.closing(client):
                client.request("GET", "/healthz")
                if client.getresponse().status != 200:
                    raise OSError("/healthz does not answer")
            found.append(time.perf_counter() - began_s)
        return found


def attacked(watch: Watch, attack: Callable[[], list[int]]) -> Figures:
    """Do ``attack`` and measure; it gives the statuses of its answers."""
    over, healths = threading.Event(), []
    thread = threading.Thread(target=lambda: healths.extend(watch.healths_s(over)))
    watch.forget_peak()
    before_s = watch.cpu_s()
    thread.start()
    statuses = attack()
    over.set()
    thread.join()
    spent_s = (watch.cpu_s() - before_s) / max(len(statuses), 1)
    return Figures(
        tuple(sorted(set(statuses))), spent_s, watch.peak_mib(), max(healths)
    )


def send_four(server: WebServer, content: bytes, path: str) -> list[int]:
    """The same upload by four clients at once."""
    body, headers = form(content)
    statuses: list[int] = []

    def send() -> None:
        client = Client(server.host, server.port)
        statuses.append(client.send(path, body, headers).status)
        client.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def hold_many(server: WebServer, sent: bytes) -> list[int]:
    """Connections of clients that are slow, held for ``HELD_S``."""
    with contextlib.ExitStack() as stack:
        for _ in range(SLOW_CLIENTS):
            client = socket.create_connection((server.host, server.port), timeout=5)
            stack.callback(client.close)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            # Cut off already, or with no room for the rest.
            with contextlib.suppress(OSError):
                client.sendall(sent)
        time.sleep(HELD_S)
    return []


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    parser = argparse.ArgumentParser(
        description="Measure what hostile uploads and clients cost the pages' server."
    )
    parser.add_argument("--model", type=Path, action="append", required=True)
    parser.add_argument("--only", default="", help="attacks with this in their name")
    options = parser.parse_args(arguments)
    print("| attack | status | CPU, s | peak, MiB | slowest /healthz, s |")
    print("|---|---|---|---|---|")
    held = True
    with WebServer(options.model, "--rate-limit", "0") as server:
        watch = Watch(server)
        for name, make in UPLOADS.items():
            if options.only not in name:
                continue
            content = make()
            for path in ("/api/v1/classify", "/compare"):
                found = attacked(
                    watch, functools.partial(send_four, server, content, path)
                )
                held &= _print(f"4 x {name}, {path}", found)
        for end, sent in SLOW.items():
            name = f"{SLOW_CLIENTS} clients {end}"
            if options.only not in name:
                continue
            found = attacked(watch, functools.partial(hold_many, server, sent))
            held &= _print(name, found, a_request=False)
    return 0 if held else 1


def _print(name: str, found: Figures, *, a_request: bool = True) -> bool:
    statuses = ", ".join(map(str, found.statuses)) or "none"
    cpu = f"{found.cpu_s:.2f}" if a_request else f"{found.cpu_s:.1f} in all"
    cells = (name, statuses, cpu, f"{found.peak_mib:.0f}", f"{found.health_s:.2f}")
    print(f"| {' | '.join(cells)} |", flush=True)
    within = found.peak_mib <= MOST_MIB and found.health_s <= MOST_HEALTH_S
    return found.hold if a_request else within


if __name__ == "__main__":
    raise SystemExit(main())
