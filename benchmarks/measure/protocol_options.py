"""The protocol on the command line: a preset, and what is changed of it."""

import argparse
import dataclasses

from edge_runtime.measuring.protocol import PRESETS, Protocol
from edge_runtime.terminal.arguments import at_least


def add_protocol_options(parser: argparse.ArgumentParser) -> None:
    """Declare the words; the names are those of TFLite's ``benchmark_model``."""
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


def protocol_of(words: argparse.Namespace) -> Protocol:
    """The preset with what the command line changes of it."""
    fields = [field.name for field in dataclasses.fields(Protocol)]
    changed = {
        name: value for name in fields if (value := getattr(words, name)) is not None
    }
    return dataclasses.replace(PRESETS[words.preset], **changed)


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
