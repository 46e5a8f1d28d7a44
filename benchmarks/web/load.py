"""How many photos a second the pages judge, and how long each takes, under load.

Run: python -m benchmarks.web.load --model models/cnn64.qat_int8.tflite

The server runs on this machine, without a rate limit, and clients send photos one after
the other over kept connections. A client that is turned away (503) waits as long as
the answer says and sends the same photo again. Both share the processor.
"""

import argparse
import http.client
import json
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.text.tables import text_table
from benchmarks.web.server import Client, ServerError, WebServer, form
from edge_runtime.files.atomic import write_text
from edge_runtime.measuring.machine import describe_machine
from edge_runtime.measuring.revision import revision
from edge_runtime.terminal.exit_status import exit_status

PHOTO = Path(__file__).resolve().parents[2] / "samples/drawn_tone3_irregular.png"
PATH = "/api/v1/classify"
CLIENTS = (1, 4, 16, 64)
QUANTILES = (50, 95, 99)


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option."""

    models: tuple[Path, ...]
    photo: Path
    clients: tuple[int, ...]
    seconds: float
    out: Path | None


@dataclass(frozen=True)
class Photo:
    """What is sent again and again.

    Attributes:
        body: of the form.
        headers: of the request.
        probability: that every verdict has to give.
    """

    body: bytes
    headers: dict[str, str]
    probability: float


@dataclass
class Tally:
    """What one client saw.

    Attributes:
        begun: photos that were sent at least once.
        answer_ms: of each request that got a verdict.
        verdict_ms: of each photo, from its first request, pauses included.
        turned_away: requests answered with 503.
        wrong: anything else that came back, and verdicts that differ.
    """

    begun: int = 0
    answer_ms: list[float] = field(default_factory=list)
    verdict_ms: list[float] = field(default_factory=list)
    turned_away: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Load:
    """What so many clients saw together; percentiles are ``QUANTILES``.

    Attributes:
        clients: at once.
        photos: that got their verdict.
        photos_per_second: of these.
        answer_ms: of requests with a verdict.
        verdict_ms: from a photo's first request to its verdict.
        turned_away: requests answered with 503 and sent again.
        wrong: of every other kind; nothing may be.
        lost: photos without a verdict; none may be.
    """

    clients: int
    photos: int
    photos_per_second: float
    answer_ms: tuple[float, ...]
    verdict_ms: tuple[float, ...]
    turned_away: int
    wrong: tuple[str, ...]
    lost: int


def parse(arguments: Sequence[str] | None) -> Settings:
    """Turn command-line arguments into settings, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Put the pages under load on this machine and time the answers."
    )
    parser.add_argument("--model", type=Path, required=True, action="append")
    parser.add_argument("--photo", type=Path, default=PHOTO, metavar="FILE")
    parser.add_argument("--clients", type=int, nargs="+", default=CLIENTS, metavar="N")
    parser.add_argument(
        "--seconds", type=float, default=20, help="for each number of clients"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="JSON with everything")
    options = parser.parse_args(arguments)
    return Settings(
        tuple(options.model),
        options.photo,
        tuple(options.clients),
        options.seconds,
        options.out,
    )


def measure(settings: Settings) -> list[Load]:
    """Run every number of clients against one server.

    Raises:
        ServerError: when the server does not start, or does not judge the photo.
        OSError: when the photo cannot be read.
    """
    body, headers = form(settings.photo.read_bytes(), name=settings.photo.name)
    with WebServer(settings.models, "--rate-limit", "0") as server:
        first = Client(server.host, server.port)
        answer = first.send(PATH, body, headers)
        first.close()
        if answer.status != 200:
            raise ServerError(f"no verdict about {settings.photo}: {answer.body!r}")
        photo = Photo(
            body, headers, json.loads(answer.body)["results"][0]["probability"]
        )
        return [
            _load(server, count, settings.seconds, photo) for count in settings.clients
        ]


def _load(server: WebServer, count: int, seconds: float, photo: Photo) -> Load:
    start_s = time.perf_counter()
    tallies = [Tally() for _ in range(count)]

    def run(tally: Tally) -> None:
        client = Client(server.host, server.port)
        while time.perf_counter() < start_s + seconds:
            tally.begun += 1
            send_until_judged(client, photo, tally)
        client.close()

    threads = [threading.Thread(target=run, args=(tally,)) for tally in tallies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent_s = time.perf_counter() - start_s
    judged = sum(len(tally.verdict_ms) for tally in tallies)
    return Load(
        clients=count,
        photos=judged,
        photos_per_second=judged / spent_s,
        answer_ms=_quantiles([ms for tally in tallies for ms in tally.answer_ms]),
        verdict_ms=_quantiles([ms for tally in tallies for ms in tally.verdict_ms]),
        turned_away=sum(tally.turned_away for tally in tallies),
        wrong=tuple(each for tally in tallies for each in tally.wrong),
        lost=sum(tally.begun for tally in tallies) - judged,
    )


def send_until_judged(client: Client, photo: Photo, tally: Tally) -> None:
    """Send one photo, again where the server asks for it, and note what came."""
    begun_s = time.perf_counter()
    while True:
        sent_s = time.perf_counter()
        try:
            answer = client.send(PATH, photo.body, photo.headers)
        except (OSError, http.client.HTTPException) as error:
            tally.wrong.append(repr(error))
            return
        if answer.status != 503 or answer.retry_after_s is None:
            break
        tally.turned_away += 1
        time.sleep(answer.retry_after_s)
    now_s = time.perf_counter()
    if answer.status != 200:
        tally.wrong.append(f"{answer.status}: {answer.body[:200]!r}")
    elif json.loads(answer.body)["results"][0]["probability"] != photo.probability:
        tally.wrong.append("another verdict about the same photo")
    else:
        tally.answer_ms.append(1000 * (now_s - sent_s))
        tally.verdict_ms.append(1000 * (now_s - begun_s))


def _quantiles(samples_ms: Sequence[float]) -> tuple[float, ...]:
    if not samples_ms:
        return (float("nan"),) * len(QUANTILES)
    return tuple(float(each) for each in np.percentile(samples_ms, QUANTILES))


def table(loads: Sequence[Load]) -> str:
    """The measured loads, one a line."""
    head = ["clients", "photos/s", "answer p50", "p95", "p99 ms"]
    head += ["photo to verdict p50", "p95", "p99 ms", "503", "wrong", "lost"]
    lines = [
        [
            str(load.clients),
            f"{load.photos_per_second:.1f}",
            *(f"{ms:.0f}" for ms in (*load.answer_ms, *load.verdict_ms)),
            str(load.turned_away),
            str(len(load.wrong)),
            str(load.lost),
        ]
        for load in loads
    ]
    return text_table(head, lines)


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status, 4 where a photo got no verdict."""
    settings = parse(arguments)
    try:
        loads = measure(settings)
    except (OSError, ServerError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(table(loads))
    if settings.out:
        found = {
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": asdict(describe_machine()),
            "revision": asdict(revision()),
            "models": [path.name for path in settings.models],
            "photo": settings.photo.name,
            "loads": [asdict(load) for load in loads],
        }
        write_text(settings.out, json.dumps(found, indent=2) + "\n")
    return 4 if any(load.wrong or load.lost for load in loads) else 0


if __name__ == "__main__":
    raise SystemExit(main())
