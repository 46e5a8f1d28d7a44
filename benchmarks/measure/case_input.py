"""How a measuring process gets its case: one JSON value on standard input."""

import argparse
import json
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.errors import BenchmarkError


def read_case(
    arguments: Sequence[str] | None, starter: str, read: Callable[[], str]
) -> Any:
    """The case as JSON; ends with help or usage where somebody calls the process.

    Args:
        arguments: words of the command line; there are none to give but ``--help``.
        starter: the command that starts the process and writes the case.
        read: reads the text of the case.

    Raises:
        BenchmarkError: when the text is no JSON.
    """
    argparse.ArgumentParser(
        description=f"A process of its own, which {starter} starts: it reads its case"
        " as JSON from standard input and answers in lines of JSON. There is nothing to"
        f" start by hand; see {starter} --help."
    ).parse_args(arguments)
    text = read()
    try:
        return json.loads(text)
    except ValueError as error:
        raise BenchmarkError(
            f"expected a case in JSON on standard input, as {starter} writes it; got"
            f" {text[:40]!r}"
        ) from error
