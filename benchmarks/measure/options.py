"""What the command line of ``benchmarks/run.py`` asks for."""

import argparse
import secrets
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import colour_baseline
from benchmarks.measure.protocol_options import add_protocol_options, protocol_of
from edge_runtime.measuring.protocol import Protocol
from edge_runtime.photos.manifest import SPLITS
from edge_runtime.terminal.arguments import at_least

DESCRIPTION = (
    "Measure every model file of a folder, each in a fresh process and in shuffled"
    " order, and the colour-only baseline; write results and a report."
)
EPILOG = (
    "exit status: 0 all measured; 1 nothing could be; 2 wrong usage; 3 some models or"
    " photos failed and are named on standard error; 130 interrupted: give the same"
    " command with --resume to go on"
)


@dataclass(frozen=True)
class RunSettings:
    """One field per option, and the line itself; see ``parse``."""

    models: Path
    manifest: Path
    split: str
    out: Path
    protocol: Protocol
    threads: tuple[int, ...]
    cpus: tuple[int, ...] | None
    order_seed: int
    only: tuple[str, ...]
    by: str | None
    sustained: float
    power_csv: Path | None
    resume: bool
    command: str


def parse(arguments: Sequence[str] | None) -> RunSettings:
    """Turn command-line words into settings, or exit with a usage message."""
    parser = argparse.ArgumentParser(description=DESCRIPTION, epilog=EPILOG)
    option = parser.add_argument
    option(
        "--models",
        type=Path,
        default=Path("models"),
        help="folder of .tflite files (default: models)",
    )
    option("--manifest", type=Path, required=True, help="table of labelled photos")
    option(
        "--split",
        choices=SPLITS,
        default="test",
        help="whose photos are judged and timed (default: test)",
    )
    option(
        "--out",
        type=Path,
        default=Path("results"),
        help="folder for the results (default: results)",
    )
    option(
        "--threads",
        type=at_least(1),
        nargs="+",
        default=[1],
        help="of the interpreter; with several, every file is measured with each"
        " (default: 1)",
    )
    option(
        "--only",
        nargs="+",
        default=[],
        metavar="NAME",
        help="measure just these: files without .tflite, or " + colour_baseline.NAME,
    )
    option(
        "--by",
        metavar="COLUMN",
        help="a column of the manifest, such as skin_tone: quality for each value too",
    )
    option(
        "--resume",
        action="store_true",
        help="leave out what --out holds already, measured with the same settings",
    )
    add_protocol_options(parser)
    _add_conditions(parser)
    words = parser.parse_args(arguments)
    said = sys.argv[1:] if arguments is None else arguments
    return RunSettings(
        models=words.models,
        manifest=words.manifest,
        split=words.split,
        out=words.out,
        protocol=protocol_of(words),
        threads=tuple(dict.fromkeys(words.threads)),
        cpus=words.cpus,
        order_seed=words.order_seed,
        only=tuple(words.only),
        by=words.by,
        sustained=words.sustained,
        power_csv=words.power_csv,
        resume=words.resume,
        command=shlex.join(["python", "benchmarks/run.py", *said]),
    )


def _add_conditions(parser: argparse.ArgumentParser) -> None:
    """What surrounds the measurement."""
    option = parser.add_argument_group("conditions").add_argument
    option(
        "--cpus",
        type=_cores,
        metavar="0,1",
        help="cores to stay on (Linux); any when absent",
    )
    option(
        "--order-seed",
        type=at_least(0),
        default=secrets.randbelow(2**32),
        help="of the shuffled order; another one every time when absent",
    )
    option(
        "--sustained",
        type=at_least(0),
        default=0,
        metavar="SECONDS",
        help="work so long without a pause afterwards, such as 600, to see the drift",
    )
    option(
        "--power-csv",
        type=Path,
        metavar="FILE",
        help="a file with columns unix_s and watts that a power meter writes meanwhile",
    )


def _cores(word: str) -> tuple[int, ...]:
    parts = word.split(",")
    if not all(part.isdecimal() for part in parts):
        raise argparse.ArgumentTypeError(f"expected cores such as 0,1; got {word!r}")
    return tuple(sorted({int(part) for part in parts}))
