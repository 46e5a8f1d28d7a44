"""The runtime's command line.

Run: python -m edge_runtime classify models/cnn64.qat_int8.tflite samples
"""

import os
import sys
from collections.abc import Sequence

from edge_runtime import logs
from edge_runtime.command_line import parse
from edge_runtime.errors import EdgeRuntimeError

# Each verb and the module that is imported when it is asked for, so that a verb pays
# for nothing but itself, and one whose extra is missing hinders no other.
VERBS = {
    "classify": "edge_runtime.classification",
    "calibrate": "edge_runtime.site_calibration",
    "camera": "edge_runtime.camera",
}


class Verb(Protocol):
    """What a module needs to be one verb of this command line."""

    SUMMARY: str
    DETAILS: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the verb's words."""

    def run(self, words: argparse.Namespace) -> int:
        """Do what the words ask for; returns the exit status."""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Turn command-line words into a namespace with ``run``, or exit with usage."""
    parser = argparse.ArgumentParser(
        prog="python -m edge_runtime",
        description="Run a lesion classifier. Research and education;"
        " not a medical device.",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="verb")
    named = arguments[0] if arguments else ""
    # Without a verb, as for --help or a misspelt one, all of them are listed.
    for name in [named] if named in VERBS else VERBS:
        module = _verb(name)
        verb = verbs.add_parser(
            name,
            help=module.SUMMARY,
            description=f"{module.SUMMARY.capitalize()}.",
            epilog=module.DETAILS,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(verb)
        verb.set_defaults(run=module.run)
    return parser.parse_args(arguments)


def _verb(name: str) -> Verb:
    return cast("Verb", importlib.import_module(VERBS[name]))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    try:
        words = parse(sys.argv[1:] if arguments is None else arguments)
        logs.choose_form(words.log)
        return int(words.run(words))
    except EdgeRuntimeError as error:
        logs.error(str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output, such as head, has seen enough. Python would
        # complain once more when it closes the pipe on exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
