"""Messages of Keras and TensorFlow cut down to the sentence that matters.

Keras adds the whole config of a layer, TensorFlow's converter the whole model in MLIR.
"""

import re

LONGEST = 300
"""Characters of a message that a terminal shows in three or four lines."""

_verbose: list[bool] = []


def show_all() -> None:
    """From now on messages stay whole, as ``--verbose`` asks."""
    _verbose.append(True)


def in_short(message: str) -> str:
    """The sentences before the first config, traceback or code; at most ``LONGEST``.

    >>> in_short("Unknown layer: Own. Full object config: {'module': 'own'}")
    'Unknown layer: Own.'
    """
    if _verbose:
        return message
    text = re.split(
        r"Full object config|\nTraceback|\nconfig=|[:.]?\s*\n\s*(?:File )|<unknown>:",
        message,
        maxsplit=1,
    )[0]
    words = " ".join(_without_locations(text).split()).rstrip(" :,{[(")
    if len(words) <= LONGEST:
        return words
    cut = words[:LONGEST]
    end = max(cut.rfind(mark) for mark in (". ", "; ", ", ", " "))
    return f"{cut[:end].rstrip(' ,;.')} ... (--verbose shows all)"


def _without_locations(text: str) -> str:
    """MLIR's lines without where in the model they stand: ``loc(...)``, ``error:``."""
    lines = [re.sub(r"^.*?\berror: ", "", line) for line in text.splitlines()]
    kept = [
        line
        for line in lines
        if line.strip() and "note: " not in line and not line.startswith("loc(")
    ]
    return "\n".join(kept)
