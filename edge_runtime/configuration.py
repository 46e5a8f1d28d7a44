"""The verb ``config``: what another verb would work with, and why."""

import argparse
import json
import math

SUMMARY = "show a verb's settings and where each comes from"
DETAILS = """\
Words after the verb count as its flags:
  python -m edge_runtime config classify --threads 2
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
    """Declare the verb's words."""
    parser.add_argument(
        "--json", action="store_true", help="one JSON object instead of lines"
    )
    parser.add_argument("shown", metavar="verb", help="whose settings")
    parser.add_argument("flags", nargs=argparse.REMAINDER, help="as for that verb")


def run(words: argparse.Namespace) -> int:
    """Print what the command line found; returns the exit status."""
    # The command line knows the verbs and this is one of them: no import on top.
    from edge_runtime.command_line import settings_of

    found = settings_of(words.shown, words.flags, words.config)
    if words.json:
        shown = {
            name: [_plain(value), origin] for name, (value, origin) in found.items()
        }
        print(json.dumps(shown, default=str, allow_nan=False))
        return 0
    width = max(map(len, found), default=0)
    for name, (value, origin) in found.items():
        print(f"{name:<{width}}  {value}  ({origin})")
    return 0


def _plain(value: object) -> object:
    """The value, or its words where JSON has no such number."""
    return str(value) if isinstance(value, float) and math.isinf(value) else value
