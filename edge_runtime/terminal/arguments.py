"""Types of command-line arguments: refused with a usage message when out of range."""

import argparse
import math
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


def above_zero(word: str) -> float:
    """Reads a finite number above 0 from the command line, or refuses it."""
    number = float(word)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {word}")
    return number


def share(lowest: float = 0.0) -> Callable[[str], float]:
    """Reads a share from ``lowest`` to 1 from the command line, or refuses it."""

    def read(word: str) -> float:
        number = float(word)
        if not lowest <= number <= 1:
            raise argparse.ArgumentTypeError(
                f"expected a share from {lowest:g} to 1, got {word}"
            )
        return number

    return read
