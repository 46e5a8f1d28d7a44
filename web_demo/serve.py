"""Serve the page that judges one uploaded photo.

Run: python web_demo/serve.py --model models/cnn64.qat_int8.tflite
"""

import argparse
import contextlib
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

from edge_runtime.classifier import LesionClassifier
from edge_runtime.errors import EdgeRuntimeError

LOOPBACK = {"127.0.0.1", "::1", "localhost"}
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class ServingError(Exception):
    """The page cannot be served here."""


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option."""

    model: Path
    host: str
    port: int


def parse(arguments: Sequence[str] | None) -> Settings:
    """Turn command-line words into settings, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Serve a page on which one photo is uploaded and judged by a model."
        " Photos stay in memory and are forgotten with the answer.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        "--model",
        type=Path,
        required=True,
        metavar="FILE",
        help="a .tflite file with its card inside, as convert/to_tflite.py writes it",
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on; 0.0.0.0 lets others on the network in, unencrypted",
    )
    parser.add_argument(
        "--port", type=_port, default=8000, help="TCP port; 0 takes a free one"
    )
    words = parser.parse_args(arguments)
    return Settings(words.model, words.host, words.port)


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
        from web_demo.server import MemoryServer, listen
    except ModuleNotFoundError as error:
        raise ServingError(
            f"{error.name} is not installed. Install what the page needs:"
            ' pip install -e ".[web]"'
        ) from error
    classifier = LesionClassifier.load(settings.model)
    try:
        listener = listen(settings.host, settings.port)
    except OSError as error:
        raise ServingError(
            f"cannot listen on {settings.host} port {settings.port}:"
            f" {error.strerror or error}. Choose another with --port or --host."
        ) from error
    server = MemoryServer(create_app(classifier), listener)
    _announce(classifier.card.name, settings.host, listener.getsockname()[1])
    try:
        server.run()
    finally:
        server.close()


def _announce(model: str, host: str, port: int) -> None:
    shown_host = f"[{host}]" if ":" in host else host
    print(f"{model} answers on http://{shown_host}:{port} (Ctrl-C ends it)", flush=True)
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
    except (EdgeRuntimeError, ServingError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 130 if signal.SIGINT in received else 0


if __name__ == "__main__":
    raise SystemExit(main())
