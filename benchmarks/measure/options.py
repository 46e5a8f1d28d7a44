"""What the command line of ``benchmarks/run.py`` asks for."""

import argparse
import dataclasses
import secrets
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import colour_baseline
from edge_runtime.measuring.latency import PRESETS, Protocol
from edge_runtime.photos.manifest import SPLITS
from edge_runtime.terminal.arguments import at_least
from edge_runtime.terminal.command_parser import CommandParser


def add_protocol_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options; the names are those of TFLite's ``benchmark_model``."""
    group = parser.add_argument_group(
        "protocol", "a preset, and what to change of it; names as in benchmark_model"
    )
    option = group.add_argument
    presets = ", ".join(f"{name}: {_in_words(PRESETS[name])}" for name in PRESETS)
    option("--preset", choices=PRESETS, default="standard", help=presets)
    option("--warmup-runs", "--warmup", type=at_least(0), help="untimed runs before")
    option("--warmup-min-secs", type=_seconds, help="and for at least so long")
    option("--num-runs", "--runs", type=at_least(1), help="timed runs at least")
    option("--min-secs", type=_seconds, help="and for at least so long")
    option("--max-secs", type=_seconds, help="no run starts after so long")
    option(
        "--run-frequency",
        "--rate",
        type=_rate,
        help="runs that start in a second, as a camera asks for them",
    )


def protocol_of(options: argparse.Namespace) -> Protocol:
    """The preset with what the command line changes of it."""
    fields = [field.name for field in dataclasses.fields(Protocol)]
    changed = {
        name: value for name in fields if (value := getattr(options, name)) is not None
    }
    return dataclasses.replace(PRESETS[options.preset], **changed)


def _in_words(protocol: Protocol) -> str:
    return (
        f"{protocol.num_runs} runs and {protocol.min_secs:g} s, after"
        f" {protocol.warmup_runs} and {protocol.warmup_min_secs:g} s of warm-up"
    )


def _seconds(word: str) -> float:
    return _number(word, "seconds from 0", lowest=0)


def _rate(word: str) -> float:
    rate = _number(word, "a rate above 0", lowest=0)
    if not rate:
        raise argparse.ArgumentTypeError("expected a rate above 0, got 0")
    return rate


def _number(word: str, expected: str, *, lowest: float) -> float:
    try:
        value = float(word)
    except ValueError:
        value = -1.0
    if not lowest <= value <= 1e6:
        raise argparse.ArgumentTypeError(f"expected {expected}, got {word!r}")
    return value


DESCRIPTION = (
    "Measure every model file of a folder, each in a fresh process and in shuffled"
    " order, and the colour-only baseline; write results and a report. `lesion-edge"
    " bench` times one model without labels, also where only the runtime is installed."
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
    """Turn command-line arguments into settings, or exit with a usage message."""
    parser = CommandParser(description=DESCRIPTION, epilog=EPILOG)
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
    options = parser.parse_args(arguments)
    said = sys.argv[1:] if arguments is None else arguments
    return RunSettings(
        models=options.models,
        manifest=options.manifest,
        split=options.split,
        out=options.out,
        protocol=protocol_of(options),
        threads=tuple(dict.fromkeys(options.threads)),
        cpus=options.cpus,
        order_seed=options.order_seed,
        only=tuple(options.only),
        by=options.by,
        sustained=options.sustained,
        power_csv=options.power_csv,
        resume=options.resume,
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
