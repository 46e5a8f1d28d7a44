"""Counts from the command line: refused with a usage message when too small."""

import argparse
from collections.abc import Callable


def at_least(smallest: int) -> Callable[[str], int]:
    """Reads an integer from the command line, or refuses it."""

    def read(word: str) -> int:
        if not word.isdecimal() or int(word) < smallest:
            raise argparse.ArgumentTypeError(
                f"expected an integer of at least {smallest}, got {word!r}"
            )
        return int(word)

    return read
