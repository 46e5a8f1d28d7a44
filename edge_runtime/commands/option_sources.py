"""Where a verb's options come from: flags, then environment, then file, then default.

One rule for every verb: an option ``--max-fps`` of ``camera`` is ``max_fps`` in the
table ``[camera]`` of the configuration file and ``LESION_EDGE_CAMERA_MAX_FPS`` in the
environment. The parser that knows the option also converts and checks its value, so
that a value is as good or as wrong wherever it stands.
"""

import argparse
import importlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

from edge_runtime.errors import SettingsError

FILE_VARIABLE = "LESION_EDGE_CONFIG"
_PREFIX = "LESION_EDGE"

# The first that exists is read, and no other.
_USUAL_FILES = ("~/.config/lesion-edge/config.toml", "/etc/lesion-edge/config.toml")

_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
_FLAG_ACTIONS = (argparse._StoreTrueAction, argparse._StoreFalseAction)
_VALUE_ACTIONS = (argparse._StoreAction, argparse._AppendAction)


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


def read_source(file: Path | None = None) -> Source:
    """The configuration file and the environment.

    Args:
        file: asked for by a flag; else ``LESION_EDGE_CONFIG``, else a usual place.

    Raises:
        SettingsError: when a file that was asked for is missing, or any is no TOML.
    """
    named = str(file) if file else os.environ.get(FILE_VARIABLE)
    path = Path(named) if named else _usual_file()
    if path is None:
        return Source({}, None, os.environ)
    import tomllib  # Here: most processes have no file to parse.

    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
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
    return Source(values, str(path), os.environ)


def apply(parser: argparse.ArgumentParser, verb: str, source: Source) -> dict[str, str]:
    """Make what file and environment say the parser's defaults.

    Returns:
        Where each option's default comes from, by its name.

    Raises:
        SettingsError: when a value does not convert, or the file has an unknown name.
    """
    table = source.values.get(verb, {})
    options = {option_name(action): action for action in _options(parser)}
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
    """An option's name in files and variables: ``--no-site`` is ``no_site``."""
    longest = max(action.option_strings, key=len)
    return longest.lstrip("-").replace("-", "_")


def _options(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        if action.option_strings and isinstance(
            action, (*_FLAG_ACTIONS, *_VALUE_ACTIONS)
        ):
            yield action


def _converted(action: argparse.Action, word: Any, where: str) -> Any:
    if isinstance(action, _FLAG_ACTIONS):
        return action.const if _truth(word, where) else not action.const
    if isinstance(action, argparse._AppendAction):
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
    parser = argparse.ArgumentParser(prog=name, add_help=False, exit_on_error=False)
    module = _module(name)
    module.add_arguments(parser)
    origins = apply(parser, name, read_source(config))
    options = [action for action in parser._actions if action.option_strings]
    # Words that are no options, such as the model, are of no interest here.
    flagged = argparse.ArgumentParser(prog=name, add_help=False)
    found: dict[str, tuple[Any, str]] = {}
    for action in options:
        copied = flagged._add_action(action)
        copied.required = False
    values, _ = flagged.parse_known_args(list(flags))
    given = {word.partition("=")[0] for word in flags}
    for action in options:
        origin = origins.get(action.dest, "default")
        if given & {*action.option_strings}:
            origin = "flag"
        value = getattr(values, action.dest)
        if isinstance(action, argparse._StoreFalseAction):
            value = not value  # --no-site is true when there is to be no site.
        found[option_name(action)] = (_shown(value), origin)
    return found


def _module(name: str) -> Verb:
    return cast("Verb", importlib.import_module(VERBS[name]))


def _shown(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


ALL = "all"
