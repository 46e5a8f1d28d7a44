"""Answers about a lesion from the command line: one by one, or from a file."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edge_runtime.errors import AnswerError


def add_answer_options(parser: argparse.ArgumentParser) -> None:
    """Declare the words."""
    parser.add_argument(
        "--answers",
        type=Path,
        metavar="FILE",
        help='JSON object of answers about the lesion, {"age": 61, "itch": "yes"}, for'
        " a model whose card asks; they hold for all photos, what is left out is"
        " unknown",
    )
    parser.add_argument(
        "--answer",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        type=_pair,
        help="one answer, such as itch=yes; comes before the file's; may be repeated",
    )


def given_answers(
    file: Path | None, pairs: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    """Both together.

    Raises:
        AnswerError: when the file holds no JSON object.
    """
    found = {} if file is None else _read(file)
    return found | dict(pairs)


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise AnswerError(f"the answers {file} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise AnswerError(
            f'{file} should hold an object such as {{"itch": "yes"}}; got'
            f" {type(found).__name__}"
        )
    return found


def _pair(word: str) -> tuple[str, str]:
    name, sign, value = word.partition("=")
    if not sign or not name.strip():
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, got {word!r}")
    return name.strip(), value.strip()
