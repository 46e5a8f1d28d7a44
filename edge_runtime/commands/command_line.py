"""From the words of a command line to the verb that is meant and its settings."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edge_runtime.commands.option_sources import (
    ALL,
    VERBS,
    OptionParser,
    _module,
    apply,
    read_source,
)
from edge_runtime.terminal import logs

# What `pip install ./edge_runtime` puts on the path.
COMMAND = "lesion-edge"


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Turn command-line words into a namespace with ``run``, or exit with usage.

    Raises:
        SettingsError: when the configuration file or the environment makes no sense.
    """
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    _add_own_options(first)
    own, rest = first.parse_known_args(_before_verb(arguments))
    named = arguments[len(_before_verb(arguments)) :][:1]
    parser = argparse.ArgumentParser(
        prog=_own_name(),
        description="Run a lesion classifier. Research and education;"
        " not a medical device.",
    )
    _add_own_options(parser)
    verbs = parser.add_subparsers(
        dest="verb", required=True, metavar="verb", parser_class=OptionParser
    )
    # Without a verb, as for --help or a misspelt one, all of them are listed.
    for name in named if named and named[0] in VERBS else VERBS:
        verb = _add_verb(verbs, name)
        if [name] == named and not rest:
            apply(verb, name, read_source(own.config, verbs=VERBS))
    if named == ["config"] and not set(arguments) & {"-h", "--help"}:
        arguments = _with_verb(arguments)
    return parser.parse_args(arguments)


def _before_verb(arguments: Sequence[str]) -> Sequence[str]:
    """The words in front of the verb."""
    for place, word in enumerate(arguments):
        previous = arguments[place - 1] if place else ""
        if not word.startswith("-") and previous not in ("--config", "--log"):
            return arguments[:place]
    return arguments


def _with_verb(arguments: Sequence[str]) -> Sequence[str]:
    """The words of ``config``, with the word for all verbs where none is named."""
    after = arguments[len(_before_verb(arguments)) + 1 :]
    named = any(not word.startswith("-") for word in after)
    return arguments if named else [*arguments, ALL]


def _own_name() -> str:
    """As the person called us: the installed command, or the module."""
    called = Path(sys.argv[0]).stem
    return COMMAND if called == COMMAND else "python -m edge_runtime"


def _add_own_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=Path, help="configuration file in TOML; see the verb config"
    )
    form = os.environ.get(logs.VARIABLE, "text")
    parser.add_argument(
        "--log",
        choices=logs.FORMS,
        default=form if form in logs.FORMS else "text",
        help=f"form of the lines on standard error; also {logs.VARIABLE}",
    )


def _add_verb(verbs: Any, name: str) -> OptionParser:
    module = _module(name)
    verb: OptionParser = verbs.add_parser(
        name,
        help=module.SUMMARY,
        description=f"{module.SUMMARY.capitalize()}.",
        epilog=module.DETAILS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.add_arguments(verb)
    verb.set_defaults(run=module.run)
    return verb
