"""Serve the pages that judge photos, and the models that run inside them.

Run: python web_demo/serve.py --model models/cnn64.qat_int8.tflite
"""

import argparse
import contextlib
import logging
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

if not __package__:
    # Started as a file: Python put web_demo/ first on the path. Put the checkout
    # there instead, so that our packages import and no module here hides another.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from edge_runtime.errors import EdgeRuntimeError
from edge_runtime.terminal.command_parser import CommandParser
from web_demo.judging.models import ServingError, opened

LOOPBACK = {"127.0.0.1", "::1", "localhost"}

# Besides those that judge: ten may wait (see Limits), and one tells others to come back
# or answers for a page.
SPARE_THREADS = 12

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option."""

    models: tuple[Path, ...]
    host: str
    port: int
    rate: str | None
    running: int
    public_names: tuple[str, ...]
    behind_proxy: bool
    report: Path | None


def parse(arguments: Sequence[str] | None) -> Settings:
    """Turn command-line words into settings, or exit with a usage message."""
    parser = CommandParser(
        description="Serve pages on which photos are judged by models, inside the page"
        " or by this server. Photos stay in memory and are forgotten with the answer.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
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
        type=_count,
        default=60,
        metavar="N",
        help="requests with photos from one address in a minute; 0 for no limit",
    )
    parser.add_argument(
        "--running",
        type=_count,
        default=2,
        metavar="N",
        help="requests judged side by side, each with up to 420 MB for a moment",
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
    words = parser.parse_args(arguments)
    if not words.running:
        parser.error("--running: expected 1 or more, got 0")
    return Settings(
        models=tuple(words.model),
        host=words.host,
        port=words.port,
        rate=f"{words.rate_limit} per minute" if words.rate_limit else None,
        running=words.running,
        public_names=tuple(words.public_name),
        behind_proxy=words.behind_proxy,
        report=words.report,
    )


def _count(word: str) -> int:
    if not word.isdecimal():
        raise argparse.ArgumentTypeError(f"expected 0 or more, got {word!r}")
    return int(word)


def _port(word: str) -> int:
    if not word.isdecimal() or int(word) > 65535:
        raise argparse.ArgumentTypeError(f"expected 0 to 65535, got {word!r}")
    return int(word)


def serve(settings: Settings) -> None:
    """Load the model, listen, and answer until a signal ends it.

    Raises:
        EdgeRuntimeError: when the model file, its card or the interpreter is missing
            or unusable.
        ServingError: when Flask or waitress is missing, or the port cannot be had.
    """
    try:
        from web_demo.app import create_app
        from web_demo.guards.memory_server import MemoryServer, listen
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
    classifiers = opened(settings.models)
    names = [classifier.card.name for classifier in classifiers]
    app = create_app(
        classifiers,
        limits=Limits(rate=settings.rate, running=settings.running),
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
    # It would note every request that waits for a thread; who may wait is decided here.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    server = MemoryServer(app, listener, threads=settings.running + SPARE_THREADS)
    _announce(", ".join(names), settings.host, listener.getsockname()[1])
    try:
        server.run()
    finally:
        server.close()


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
def _signals_end_it() -> Iterator[list[int]]:
    """SIGINT and SIGTERM raise KeyboardInterrupt; yields those received."""
    received: list[int] = []

    def end(number: int, frame: FrameType | None) -> None:
        received.append(number)
        # The only exception that waitress lets end its loop, besides SystemExit.
        raise KeyboardInterrupt

    before = {number: signal.signal(number, end) for number in SIGNALS}
    try:
        yield received
    except KeyboardInterrupt:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    settings = parse(arguments)
    try:
        with _signals_end_it() as received:
            serve(settings)
    except EdgeRuntimeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 130 if signal.SIGINT in received else 0


if __name__ == "__main__":
    raise SystemExit(main())
