"""Serve the pages that judge photos, and the models that run inside them.

Run: python web_demo/serve.py --model models/cnn64.qat_int8.tflite
"""

import argparse
import contextlib
import ctypes
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

if not __package__:
    # Started as a file: Python put web_demo/ first on the path. Put the checkout
    # there instead, so that our packages import and no module here hides another.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from edge_runtime.errors import EdgeRuntimeError
from edge_runtime.terminal.arguments import at_least
from edge_runtime.terminal.command_parser import CommandParser, Defaults
from web_demo.judging.models import ServingError, opened

LOOPBACK = {"127.0.0.1", "::1", "localhost"}

# Besides those that judge: ten may wait (see Limits), and one tells others to come back
# or answers for a page.
SPARE_THREADS = 12

# So many requests of any kind are taken for each one with photos.
REQUESTS_A_PHOTO = 20

# Of glibc's malloc.h.
MALLOPT_MMAP_THRESHOLD = -3
LARGE_BLOCK_BYTES = 1_000_000

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option."""

    models: tuple[Path, ...]
    host: str
    port: int
    rate: str | None
    all_rate: str | None
    running: int
    public_names: tuple[str, ...]
    behind_proxy: bool
    report: Path | None


def parse(arguments: Sequence[str] | None) -> Settings:
    """Turn command-line arguments into settings, or exit with a usage message."""
    parser = CommandParser(
        description="Serve pages on which photos are judged by models, inside the page"
        " or by this server. Photos stay in memory and are forgotten with the answer.",
        formatter_class=Defaults,
    )
    parser.add_argument(
        "--model",
        type=Path,
        required=True,
        action="append",
        metavar="FILE",
        help="a .tflite file with its card inside, as convert/to_tflite.py writes it;"
        " may be repeated, the first one is preferred",
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on; 0.0.0.0 lets others on the network in, unencrypted",
    )
    parser.add_argument(
        "--port", type=_port, default=8000, help="TCP port; 0 takes a free one"
    )
    parser.add_argument(
        "--rate-limit",
        type=at_least(0),
        default=60,
        metavar="N",
        help="requests with photos from one address in a minute, and 20 times as many"
        " of any kind; 0 for no limit",
    )
    parser.add_argument(
        "--running",
        type=at_least(0),
        default=2,
        metavar="N",
        help="requests judged side by side, each with up to 160 MB for a moment",
    )
    parser.add_argument(
        "--public-name",
        action="append",
        default=[],
        metavar="NAME",
        help="host name in the browser's address bar; may be repeated. On loopback"
        " only localhost and the address itself are known without it",
    )
    parser.add_argument(
        "--behind-proxy",
        action="store_true",
        help="one reverse proxy in front sets X-Forwarded-For, -Proto and -Host",
    )
    parser.add_argument(
        "--report",
        type=Path,
        metavar="FILE",
        help="report.html that benchmarks/run.py wrote, to be shown",
    )
    options = parser.parse_args(arguments)
    if not options.running:
        parser.error("--running: expected 1 or more, got 0")
    return Settings(
        models=tuple(options.model),
        host=options.host,
        port=options.port,
        rate=_a_minute(options.rate_limit),
        all_rate=_a_minute(options.rate_limit * REQUESTS_A_PHOTO),
        running=options.running,
        public_names=tuple(options.public_name),
        behind_proxy=options.behind_proxy,
        report=options.report,
    )


def _a_minute(most: int) -> str | None:
    return f"{most} per minute" if most else None


def _port(word: str) -> int:
    if not word.isdecimal() or int(word) > 65535:
        raise argparse.ArgumentTypeError(f"expected 0 to 65535, got {word!r}")
    return int(word)


def serve(settings: Settings) -> tuple[int, ...]:
    """Load the model, listen, and answer until a signal ends it; gives the signal.

    Raises:
        EdgeRuntimeError: when the model file, its card or the interpreter is missing
            or unusable.
        ServingError: when Flask or h11 is missing, or the port cannot be had.
    """
    try:
        from web_demo.app import create_app
        from web_demo.guards.http_server import PageServer, listen
        from web_demo.judging.capacity import Limits
    except ModuleNotFoundError as error:
        raise ServingError(
            f"{error.name} is not installed. Install what the page needs:"
            ' pip install -e ".[web]"'
        ) from error
    if settings.report is not None and not settings.report.is_file():
        raise ServingError(
            f"the report {settings.report} is no file. benchmarks/run.py writes one."
        )
    _give_large_blocks_back()
    classifiers = opened(settings.models)
    names = [classifier.card.name for classifier in classifiers]
    app = create_app(
        classifiers,
        limits=Limits(
            rate=settings.rate, all_rate=settings.all_rate, running=settings.running
        ),
        hosts=_known_hosts(settings),
        behind_proxy=settings.behind_proxy,
        report=settings.report,
    )
    try:
        listener = listen(settings.host, settings.port)
    except OSError as error:
        raise ServingError(
            f"cannot listen on {settings.host} port {settings.port}:"
            f" {error.strerror or error}. Choose another with --port or --host."
        ) from error
    server = PageServer(app, listener, threads=settings.running + SPARE_THREADS)
    _announce(", ".join(names), settings.host, listener.getsockname()[1])
    with _signals_call(server.stop) as received:
        server.run()
    return tuple(received)


def _give_large_blocks_back() -> None:
    """Let memory of a photo go back to the system once it is freed.

    glibc keeps blocks of up to 32 MiB for itself after the first of that size was
    freed, for each thread: photos came to 300 MB that nobody used. Elsewhere there is
    no such function, and no need for it.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(MALLOPT_MMAP_THRESHOLD, LARGE_BLOCK_BYTES)


def _known_hosts(settings: Settings) -> frozenset[str]:
    """Names the page answers to; empty for any."""
    if settings.public_names or settings.host in LOOPBACK:
        return frozenset((*settings.public_names, *LOOPBACK))
    return frozenset()


def _announce(models: str, host: str, port: int) -> None:
    shown_host = f"[{host}]" if ":" in host else host
    print(
        f"http://{shown_host}:{port} answers with {models} (Ctrl-C ends it)", flush=True
    )
    if host not in LOOPBACK:
        print(
            "note: others on the network can reach this page, without encryption or"
            " password; put it behind a TLS proxy for anything but a trial",
            file=sys.stderr,
        )


@contextlib.contextmanager
def _signals_call(end: Callable[[], None]) -> Iterator[list[int]]:
    """SIGINT and SIGTERM call ``end``; yields those received."""
    received: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        received.append(number)
        end()

    before = {number: signal.signal(number, note) for number in SIGNALS}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    settings = parse(arguments)

    def give_up() -> None:
        raise KeyboardInterrupt

    try:
        with _signals_call(give_up) as before:
            during = serve(settings)
    except EdgeRuntimeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        during = ()
    return 130 if signal.SIGINT in (*before, *during) else 0


if __name__ == "__main__":
    raise SystemExit(main())
