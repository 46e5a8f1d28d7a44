"""Good and hostile uploads for many minutes, with an eye on the server's memory.

Run: python -m benchmarks.web.soak --model models/cnn64.qat_int8.tflite --minutes 30

Every request has to be answered with one of the statuses that fit it (503 always may),
and memory must not grow: the median of the last third of the samples is compared with
that of the middle third.
"""

import argparse
import collections
import contextlib
import http.client
import json
import random
import socket
import statistics
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.web.server import Client, ServerError, WebServer
from benchmarks.web.traffic import Sent, Unfinished, every_kind
from edge_runtime.files.atomic import write_text
from edge_runtime.measuring.machine import describe_machine
from edge_runtime.measuring.revision import revision
from edge_runtime.terminal.exit_status import exit_status

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
CLIENTS = 4
SEED = 7
# What an allocator's fragments may come and go by.
ALLOWED_GROWTH = 0.03


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option."""

    models: tuple[Path, ...]
    minutes: float
    out: Path | None


@dataclass
class Log:
    """What happened.

    Attributes:
        answers: how often each kind of request met each status.
        wrong: answers that do not fit, and connections that broke.
        rss_mib: the server's resident memory, about once a second.
    """

    answers: collections.Counter[str] = field(default_factory=collections.Counter)
    wrong: list[str] = field(default_factory=list)
    rss_mib: list[float] = field(default_factory=list)

    @property
    def growth(self) -> float:
        """Of the last third over the middle third, as a share."""
        third = len(self.rss_mib) // 3
        middle = statistics.median(self.rss_mib[third : 2 * third])
        return statistics.median(self.rss_mib[2 * third :]) / middle - 1


def parse(arguments: Sequence[str] | None) -> Settings:
    """Turn command-line arguments into settings, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Send good and hostile uploads, and watch the server's memory."
    )
    parser.add_argument(
        "--model", type=Path, required=True, action="append", metavar="FILE"
    )
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--out", type=Path, metavar="FILE", help="JSON with everything")
    options = parser.parse_args(arguments)
    return Settings(tuple(options.model), options.minutes, options.out)


def soak(settings: Settings) -> Log:
    """Send until the time is over.

    Raises:
        ServerError: when the server does not start, or ends before it is told to.
        OSError: when the samples cannot be read.
    """
    kinds = every_kind(SAMPLES)
    log = Log()
    end_s = time.monotonic() + 60 * settings.minutes
    with WebServer(settings.models, "--rate-limit", "0") as server:
        threads = [
            threading.Thread(target=_send, args=(server, kinds, log, end_s, place))
            for place in range(CLIENTS)
        ]
        for thread in threads:
            thread.start()
        while time.monotonic() < end_s and server.is_alive():
            log.rss_mib.append(_rss_mib(server.pid))
            time.sleep(1)
        for thread in threads:
            thread.join()
        if not server.is_alive():
            raise ServerError("the server ended before it was told to")
    return log


def _send(
    server: WebServer,
    kinds: Sequence[Sent | Unfinished],
    log: Log,
    end_s: float,
    n: int,
) -> None:
    chooser = random.Random(SEED + n)
    client = Client(server.host, server.port)
    while time.monotonic() < end_s:
        kind = chooser.choice(kinds)
        if isinstance(kind, Unfinished):
            _break_off(server, kind)
            log.answers[f"{kind.name}: none"] += 1
            continue
        try:
            answer = client.send(kind.path, kind.body, kind.headers)
        except (OSError, http.client.HTTPException) as error:
            log.wrong.append(f"{kind.name}: {error!r}")
            continue
        log.answers[f"{kind.name}: {answer.status}"] += 1
        if answer.status not in (kind.status, 503):
            log.wrong.append(f"{kind.name}: {answer.status} {answer.body[:200]!r}")
    client.close()


def _break_off(server: WebServer, kind: Unfinished) -> None:
    # Refused while it is still sent, or not: both are fine.
    with (
        contextlib.suppress(OSError),
        socket.create_connection((server.host, server.port), timeout=20) as plug,
    ):
        plug.sendall(kind.content)


def _rss_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise ServerError("the server's memory is not known here; this needs Linux")


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status, 4 where something was wrong."""
    settings = parse(arguments)
    try:
        log = soak(settings)
    except (OSError, ServerError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for line in sorted(log.answers):
        print(f"{log.answers[line]:7,} {line}")
    minutes = [
        log.rss_mib[start : start + 60] for start in range(0, len(log.rss_mib), 60)
    ]
    medians = ", ".join(f"{statistics.median(each):.0f}" for each in minutes)
    print(f"resident MiB, median of each minute: {medians}")
    print(
        f"{log.answers.total():,} requests, {len(log.wrong)} wrong answers; memory of"
        f" the last third over the middle third {log.growth:+.1%}, at most"
        f" {ALLOWED_GROWTH:.0%} allowed; peak {max(log.rss_mib):.0f} MiB"
    )
    for line in log.wrong[:20]:
        print(f"wrong: {line}", file=sys.stderr)
    if settings.out:
        found = {
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": asdict(describe_machine()),
            "revision": asdict(revision()),
            "minutes": settings.minutes,
            "growth": log.growth,
            "answers": dict(log.answers),
            "wrong": log.wrong,
            "rss_mib": log.rss_mib,
        }
        write_text(settings.out, json.dumps(found, indent=2) + "\n")
    return 4 if log.wrong or log.growth > ALLOWED_GROWTH else 0


if __name__ == "__main__":
    raise SystemExit(main())
