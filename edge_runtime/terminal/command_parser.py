"""Parsers of command lines that also serve the front command and Python callers.

A command of the toolkit is called in three ways: by its path, as a verb of
``lesion-edge``, and as a Python function with keyword arguments. All three go through
the same parser, so that a value is as good or as wrong in each of them.
"""

import argparse
import difflib
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from edge_runtime.errors import UsageError

Parsed = TypeVar("Parsed")


@dataclass(frozen=True)
class _Caller:
    """Who asks.

    Attributes:
        program: what usage messages call the command; None: the name of its file.
        names: of the keyword arguments, where Python code asks; None: a shell does.
    """

    program: str | None = None
    names: tuple[str, ...] | None = None


class Defaults(argparse.ArgumentDefaultsHelpFormatter):
    """States the defaults of options, but for those that say nothing, such as None."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        silent = action.default in (None, "", (), [])
        if silent or "(default:" in (action.help or ""):
            return action.help
        return super()._get_help_string(action)


# Lines of a usage message; a longer one would push its error out of sight.
_LONGEST_USAGE = 6

_SHELL = _Caller()
_caller: ContextVar[_Caller] = ContextVar("_caller", default=_SHELL)


class CommandParser(argparse.ArgumentParser):
    """Takes its name from the caller, and raises where the caller is Python code."""

    def __init__(self, **options: Any) -> None:
        """As ``argparse.ArgumentParser``, without abbreviations of options."""
        options.setdefault("prog", _caller.get().program)
        super().__init__(allow_abbrev=False, **options)
        self._given: Sequence[str] = ()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As ``argparse.ArgumentParser``; unknown keyword arguments are refused."""
        names = _caller.get().names
        self._given = sys.argv[1:] if args is None else args
        if names is None:
            return super().parse_known_args(args, namespace)
        self._refuse_unknown(names)
        # "--weights FILE [FILE ...]" takes its words at once, others are repeated.
        usage = " ".join(self.format_usage().split())
        at_once = re.findall(r"(--[a-z][\w-]*) (\S+) \[\2 \.\.\.\]", usage)
        return super().parse_known_args(
            _grouped(args, {flag for flag, _ in at_once}), namespace
        )

    def _refuse_unknown(self, names: Sequence[str]) -> None:
        known = set(re.findall(r"(?<!\w)--([a-z][\w-]*)", self.format_help()))
        unknown = [name for name in names if name.replace("_", "-") not in known]
        if unknown:
            expected = sorted(name.replace("-", "_") for name in known - {"help"})
            raise UsageError(
                f"there is no option {', '.join(unknown)}; expected one of"
                f" {', '.join(expected)}"
            )

    def error(self, message: str) -> NoReturn:
        """End with a usage message, or raise.

        Raises:
            UsageError: when Python code asked.
        """
        if _caller.get().names is not None:
            raise UsageError(message)
        usage = self.format_usage()
        if usage.count("\n") > _LONGEST_USAGE:
            usage = f"usage: {self.prog} [options]; {self.prog} --help lists them\n"
        self.exit(2, f"{usage}{self.prog}: error: {message}{self._near(message)}\n")

    def _near(self, message: str) -> str:
        """The option or verb that was probably meant, for a misspelt one."""
        known = re.findall(r"(?<!\w)--[a-z][\w-]*", self.format_help())
        given = [word.partition("=")[0] for word in self._given]
        unknown = [word for word in given if word[2:] and word not in known]
        wrong = next((word for word in unknown if word.startswith("--")), "")
        if choice := re.search(
            r"invalid choice: '(.+?)' \(choose from (.*)\)", message
        ):
            wrong, known = choice.group(1), re.findall(r"[\w.-]+", choice.group(2))
        near = difflib.get_close_matches(wrong, known, 1)
        return f"; {wrong}: did you mean {near[0]}?" if near else ""


def _grouped(words: Sequence[str], at_once: set[str]) -> list[str]:
    """``--x=1 --x=2`` as ``--x 1 2``, in front, where the option takes both at once."""
    values: dict[str, list[str]] = {}
    rest = []
    for word in words:
        flag, sign, value = word.partition("=")
        if sign and flag in at_once:
            values.setdefault(flag, []).append(value)
        else:
            rest.append(word)
    return [word for flag, given in values.items() for word in (flag, *given)] + rest


@contextmanager
def called_as(program: str) -> Iterator[None]:
    """Let usage messages inside name this program."""
    token = _caller.set(_Caller(program=program))
    try:
        yield
    finally:
        _caller.reset(token)


def from_keywords(
    parse: Callable[[Sequence[str]], Parsed],
    options: Mapping[str, Any],
    *,
    places: Sequence[Any] = (),
) -> Parsed:
    """What ``parse`` makes of keyword arguments, as of the same words in a shell.

    Args:
        parse: of the command; builds a ``CommandParser``.
        options: values by name of the option, with underscores. True is the option
            alone; False and None leave it out; a sequence gives it several values.
        places: words without an option, such as the model's path.

    Raises:
        UsageError: when an option does not exist, or a value will not do.
    """
    words: list[str] = []
    for name, value in options.items():
        flag = f"--{name.replace('_', '-')}"
        if value is True:
            words.append(flag)
        elif value is None or value is False:
            continue
        else:
            several = isinstance(value, (list, tuple))
            words += [f"{flag}={each}" for each in (value if several else [value])]
    token = _caller.set(_Caller(names=tuple(options)))
    try:
        return parse([*words, "--", *map(str, places)] if places else words)
    finally:
        _caller.reset(token)
