"""From the arguments of a command line to the verb meant, and its exit status."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from edge_runtime.commands.verbs import DEVICE, VERBS, call, device_verb, listing
from edge_runtime.errors import SettingsError
from edge_runtime.terminal import logs
from edge_runtime.terminal.command_parser import CommandParser, called_as
from edge_runtime.version import VERSION

# What `pip install ./edge_runtime` puts on the path.
COMMAND = "lesion-edge"


def run(arguments: Sequence[str]) -> int:
    """Do what the arguments ask for, or exit with usage; returns the exit status.

    Raises:
        EdgeRuntimeError: when the verb cannot go on.
    """
    own = _parser().parse_args(arguments)
    logs.choose_form(own.log)
    with called_as(f"{_own_name()} {own.verb}"):
        if VERBS[own.verb].group == DEVICE:
            return _run_on_device(own)
        if own.config:
            raise SettingsError(
                f"--config holds settings of the verbs {DEVICE}; {own.verb} has none"
                " there"
            )
        return call(own.verb, own.words)


def _run_on_device(own: argparse.Namespace) -> int:
    # Here: --help needs none of it.
    from edge_runtime.commands.option_sources import read_source, with_sources

    module, summary = device_verb(own.verb), VERBS[own.verb].summary
    parser = CommandParser(
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=module.DETAILS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.add_arguments(parser)
    given = own.words
    if not {"-h", "--help"} & set(given):
        given = with_sources(parser, own.verb, read_source(own.config), given)
    options = parser.parse_args(given)
    options.config = own.config
    try:
        return module.run(options)
    except KeyboardInterrupt:
        logs.note(VERBS[own.verb].stopped)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        prog=_own_name(),
        usage="%(prog)s [-h] [--version] [--config FILE] [--log {text,json}] VERB ...",
        description="Train, convert, measure and run skin-lesion classifiers. Research"
        f" and education;\nnot a medical device.\n\n{listing()}",
        epilog=f"{_own_name()} VERB --help tells a verb's options.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"{COMMAND} {VERSION}")
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help=f"settings of the verbs {DEVICE}, in TOML; see the verb config",
    )
    form = os.environ.get(logs.VARIABLE, "text")
    parser.add_argument(
        "--log",
        choices=logs.FORMS,
        default=form if form in logs.FORMS else "text",
        help=f"form of the lines on standard error; also {logs.VARIABLE}",
    )
    parser.add_argument("verb", choices=VERBS, metavar="VERB", help=argparse.SUPPRESS)
    parser.add_argument(
        "words", nargs=argparse.REMAINDER, metavar="...", help=argparse.SUPPRESS
    )
    return parser


def _own_name() -> str:
    """As the person called us: the installed command, or the module."""
    called = Path(sys.argv[0]).stem
    return COMMAND if called == COMMAND else "python -m edge_runtime"
