"""The verb ``config``: what another verb would work with, and why."""

import argparse
import json
import math
from collections.abc import Mapping
from typing import Any

from edge_runtime.commands.option_sources import ALL, settings_of
from edge_runtime.commands.verbs import device_verbs
from edge_runtime.errors import SettingsError

DETAILS = """\
Without a verb, the settings of all verbs. Words after a verb count as its flags:
  lesion-edge config classify --threads 2
shows what classify would work with. Precedence: flags, then the environment
(LESION_EDGE_CLASSIFY_THREADS), then the configuration file, then the default. The file
is named by --config before the verb or by LESION_EDGE_CONFIG, or is the first of
~/.config/lesion-edge/config.toml and /etc/lesion-edge/config.toml that exists:

  [classify]
  threads = 1
  accept = ["clipped"]

exit status: 0 shown; 1 a value makes no sense; 2 wrong usage.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument(
        "--json", action="store_true", help="one JSON object instead of lines"
    )
    parser.add_argument(
        "shown",
        nargs=argparse.REMAINDER,
        metavar="verb ...",
        help=f"whose settings, and flags as for that verb; {ALL} verbs if none",
    )


def run(options: argparse.Namespace) -> int:
    """Print what the command line found; returns the exit status.

    Raises:
        SettingsError: when a value makes no sense, or flags are for no verb.
    """
    shown, *flags = options.shown or [ALL]
    if shown != ALL:
        found = settings_of(shown, flags, options.config)
        print(_as_json(found) if options.json else _as_lines(found))
        return 0
    if flags:
        raise SettingsError(
            f"flags {flags} for no verb; expected one first, such as classify"
        )
    each = {
        name: settings_of(name, (), options.config)
        for name in device_verbs()
        if name != "config"
    }
    if options.json:
        print("{" + ", ".join(f'"{n}": {_as_json(f)}' for n, f in each.items()) + "}")
    else:
        print("\n\n".join(f"[{n}]\n{_as_lines(f)}" for n, f in each.items()))
    return 0


def _as_json(found: Mapping[str, tuple[Any, str]]) -> str:
    shown = {name: [_plain(value), origin] for name, (value, origin) in found.items()}
    return json.dumps(shown, default=str, allow_nan=False)


def _as_lines(found: Mapping[str, tuple[Any, str]]) -> str:
    width = max(map(len, found), default=0)
    return "\n".join(
        f"{name:<{width}}  {value}  ({origin})"
        for name, (value, origin) in found.items()
    )


def _plain(value: object) -> object:
    """The value, or its words where JSON has no such number."""
    return str(value) if isinstance(value, float) and math.isinf(value) else value
