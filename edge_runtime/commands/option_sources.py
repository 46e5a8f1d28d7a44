"""Where a verb's options come from: flags, then environment, then file, then default.

One rule for every verb: an option ``--max-fps`` of ``camera`` is ``max_fps`` in the
table ``[camera]`` of the configuration file and ``LESION_EDGE_CAMERA_MAX_FPS`` in the
environment. The parser that knows the option also converts and checks its value, so
that a value is as good or as wrong wherever it stands.
"""

import argparse
import difflib
import importlib
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

from edge_runtime.errors import SettingsError

FILE_VARIABLE = "LESION_EDGE_CONFIG"
_PREFIX = "LESION_EDGE"

# The first that exists is read, and no other.
_USUAL_FILES = ("~/.config/lesion-edge/config.toml", "/etc/lesion-edge/config.toml")

_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


class OptionParser(argparse.ArgumentParser):
    """A parser that remembers what was declared, which argparse tells nobody.

    Attributes:
        declared: every word of the command line, in order, with those of groups.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Make a parser; see ``argparse``."""
        self.declared: list[argparse.Action] = []
        self._made = False
        super().__init__(*args, **kwargs)
        self._made = True

    def add_argument(self, *args: Any, **kwargs: Any) -> argparse.Action:
        """Declare a word."""
        action = super().add_argument(*args, **kwargs)
        self.declared.append(action)
        return action

    def add_argument_group(self, *args: Any, **kwargs: Any) -> Any:
        """Declare words under a heading of their own."""
        group = super().add_argument_group(*args, **kwargs)
        # argparse makes its own two while it is made itself.
        return _Group(group, self.declared) if self._made else group

    def add_mutually_exclusive_group(self, **kwargs: Any) -> Any:
        """Declare words of which one may be used."""
        return _Group(super().add_mutually_exclusive_group(**kwargs), self.declared)


@dataclass(frozen=True)
class _Group:
    """A group of ``argparse`` whose words the parser remembers."""

    group: Any
    declared: list[argparse.Action]

    def add_argument(self, *args: Any, **kwargs: Any) -> argparse.Action:
        """Declare a word."""
        action: argparse.Action = self.group.add_argument(*args, **kwargs)
        self.declared.append(action)
        return action


@dataclass(frozen=True)
class Source:
    """A place that settings come from.

    Attributes:
        values: by verb, then by option; from a configuration file.
        name: of the file, or None where there is none.
        environment: of the process.
    """

    values: Mapping[str, Any]
    name: str | None
    environment: Mapping[str, str]


def read_source(file: Path | None = None, *, verbs: Collection[str]) -> Source:
    """The configuration file and the environment.

    Args:
        file: asked for by a flag; else ``LESION_EDGE_CONFIG``, else a usual place.
        verbs: those that the file may have tables for.

    Raises:
        SettingsError: when a file that was asked for is missing, any is no TOML, or it
            has a table for no verb.
    """
    named = str(file) if file else os.environ.get(FILE_VARIABLE)
    path = Path(named) if named else _usual_file()
    if path is None:
        return Source({}, None, os.environ)
    import tomllib  # Here: most processes have no file to parse.

    try:
        # Notepad begins a file with a mark that TOML does not know.
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"the configuration {path} cannot be read: {error}. Expected TOML with a"
            " table for each verb, such as [classify]."
        ) from error
    for name, table in values.items():
        if not isinstance(table, dict):
            raise SettingsError(
                f"{path}: {name} stands outside a table; put it under the verb it is"
                " for, such as [classify]"
            )
        if name not in verbs:
            close = difflib.get_close_matches(name, verbs, 1)
            raise SettingsError(
                f"{path}: there is no verb for the table [{name}]"
                + (f"; did you mean [{close[0]}]?" if close else "")
                + f" Expected some of {sorted(verbs)}"
            )
    return Source(values, str(path), os.environ)


def apply(parser: OptionParser, verb: str, source: Source) -> dict[str, str]:
    """Make what file and environment say the parser's defaults.

    Returns:
        Where each option's default comes from, by its name.

    Raises:
        SettingsError: when a value does not convert, or the file has an unknown name.
    """
    table = source.values.get(verb, {})
    options = {option_name(action): action for action in options_of(parser)}
    unknown = sorted(set(table) - {*options})
    if unknown:
        raise SettingsError(
            f"{source.name}: [{verb}] has unknown names {unknown}; known:"
            f" {sorted(options)}"
        )
    origins = {}
    for name, action in options.items():
        variable = f"{_PREFIX}_{verb}_{name}".upper()
        origins[action.dest] = "default"
        # The environment counts more, so it comes last.
        for where, word in (
            (f"{source.name} [{verb}]", table.get(name)),
            (f"environment {variable}", source.environment.get(variable)),
        ):
            if word is not None:
                action.default = _converted(action, word, f"{where}: {name}")
                action.required = False
                origins[action.dest] = where
    return origins


def option_name(action: argparse.Action) -> str:
    """An option's name in files and variables: ``--max-fps`` is ``max_fps``."""
    longest = max(action.option_strings, key=len)
    return longest.lstrip("-").replace("-", "_")


def options_of(parser: OptionParser) -> Iterator[argparse.Action]:
    """The parser's options: no words without a name, nor ``--help``."""
    for action in parser.declared:
        if action.option_strings and action.dest != "help":
            yield action


def is_switch(action: argparse.Action) -> bool:
    """Whether the option stands alone, without a value."""
    return action.nargs == 0


def _converted(action: argparse.Action, word: Any, where: str) -> Any:
    if is_switch(action):
        return _truth(word, where)
    if isinstance(action.default, list):
        words = word if isinstance(word, list) else str(word).split(",")
        return [_one(action, part, where) for part in words]
    return _one(action, word, where)


def _one(action: argparse.Action, word: Any, where: str) -> Any:
    if isinstance(word, (list, dict, bool)):
        raise SettingsError(f"{where}: expected one value, got {word!r}")
    convert = action.type if callable(action.type) else str
    try:
        value = convert(str(word))
    except (ValueError, TypeError, argparse.ArgumentTypeError) as error:
        raise SettingsError(f"{where}: {word!r} will not do: {error}") from error
    if action.choices is not None and value not in action.choices:
        raise SettingsError(f"{where}: {word!r} is none of {list(action.choices)}")
    return value


def _truth(word: Any, where: str) -> bool:
    spoken = str(word).lower()
    if spoken not in (*_YES, *_NO):
        raise SettingsError(f"{where}: expected true or false, got {word!r}")
    return spoken in _YES


def _usual_file() -> Path | None:
    places = (Path(place).expanduser() for place in _USUAL_FILES)
    return next((place for place in places if place.is_file()), None)


# Each verb and the module that is imported when it is asked for, so that a verb pays
# for nothing but itself, and one whose extra is missing hinders no other.
VERBS = {
    "classify": "edge_runtime.commands.classify",
    "calibrate": "edge_runtime.commands.calibrate",
    "bench": "edge_runtime.commands.bench",
    "config": "edge_runtime.commands.config",
    "camera": "edge_runtime.commands.camera",
    "doctor": "edge_runtime.commands.doctor",
    "update": "edge_runtime.commands.update",
}


class Verb(Protocol):
    """What a module needs to be one verb of this command line."""

    SUMMARY: str
    DETAILS: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the verb's words."""

    def run(self, words: argparse.Namespace) -> int:
        """Do what the words ask for; returns the exit status."""


def settings_of(
    name: str, flags: Sequence[str], config: Path | None
) -> dict[str, tuple[Any, str]]:
    """Value and origin of each option of a verb, given flags.

    Raises:
        SettingsError: when there is no such verb, or a value makes no sense.
    """
    if name not in VERBS:
        raise SettingsError(f"there is no verb {name!r}; expected one of {[*VERBS]}")
    parser = OptionParser(prog=name, add_help=False)
    _module(name).add_arguments(parser)
    origins = apply(parser, name, read_source(config, verbs=VERBS))
    for action in parser.declared:
        action.required = False
        if not action.option_strings:
            # Words that are no options, such as the model, are of no interest here.
            action.nargs = "*"
    values, _ = parser.parse_known_args(list(flags))
    given = {word.partition("=")[0] for word in flags}
    found: dict[str, tuple[Any, str]] = {}
    for action in options_of(parser):
        origin = origins.get(action.dest, "default")
        if given & {*action.option_strings}:
            origin = "flag"
        found[option_name(action)] = (_shown(getattr(values, action.dest)), origin)
    return found


def _module(name: str) -> Verb:
    return cast("Verb", importlib.import_module(VERBS[name]))


def _shown(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


ALL = "all"
