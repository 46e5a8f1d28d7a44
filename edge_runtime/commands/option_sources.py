"""Where a verb's options come from: flags, then environment, then file, then default.

One rule for every verb: an option ``--max-fps`` of ``camera`` is ``max_fps`` in the
table ``[camera]`` of the configuration file and ``LESION_EDGE_CAMERA_MAX_FPS`` in the
environment. The declaration of the option also converts and checks its value, so that
a value is as good or as wrong wherever it stands.
"""

import argparse
import difflib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from edge_runtime.commands.verbs import device_verb, device_verbs
from edge_runtime.errors import SettingsError

FILE_VARIABLE = "LESION_EDGE_CONFIG"
_PREFIX = "LESION_EDGE"

# The first that exists is read, and no other.
_USUAL_FILES = ("~/.config/lesion-edge/config.toml", "/etc/lesion-edge/config.toml")

_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")

ALL = "all"
"""Stands for every verb that has settings."""


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
        if name not in device_verbs():
            close = difflib.get_close_matches(name, device_verbs(), 1)
            raise SettingsError(
                f"{path}: there is no verb for the table [{name}]"
                + (f"; did you mean [{close[0]}]?" if close else ".")
                + f" Expected some of {sorted(device_verbs())}"
            )
    return Source(values, str(path), os.environ)


@dataclass(frozen=True)
class Option:
    """One option as a verb declares it.

    Attributes:
        flags: such as ``--max-fps``; the longest gives the name.
        details: what ``add_argument`` is told besides.
    """

    flags: tuple[str, ...]
    details: Mapping[str, Any]

    @property
    def name(self) -> str:
        """In files and variables: ``--no-site`` is ``no_site``."""
        return self._longest.lstrip("-").replace("-", "_")

    @property
    def place(self) -> str:
        """Where the parser keeps the value."""
        return str(self.details.get("dest", self.name))

    @property
    def is_switch(self) -> bool:
        """Whether it takes no value."""
        return self.details.get("action") in ("store_true", "store_false")

    @property
    def is_negative(self) -> bool:
        """Whether the parser keeps the opposite of what the name says."""
        return self.details.get("action") == "store_false"

    def words(self, value: Any, where: str) -> list[str]:
        """The words of a command line that say the same as a file or variable.

        Raises:
            SettingsError: when such an option has no such value.
        """
        if self.is_switch:
            return [self._longest] if _truth(value, where) else []
        values = [value]
        if self.details.get("action") == "append":
            values = value if isinstance(value, list) else str(value).split(",")
        for each in values:
            if isinstance(each, (list, dict, bool)):
                raise SettingsError(f"{where}: expected one value, got {each!r}")
        return [f"{self._longest}={each}" for each in values]

    def declare(self, parser: argparse.ArgumentParser, **other: Any) -> None:
        """Add the option to a parser, with other details where given."""
        parser.add_argument(*self.flags, **{**self.details, **other})

    @property
    def _longest(self) -> str:
        return max(self.flags, key=len)


class _Declarations:
    """Stands in for a parser and its groups, and keeps the options that are declared.

    argparse has no public way to ask a parser for them.
    """

    def __init__(self) -> None:
        self.options: list[Option] = []

    def add_argument(self, *flags: str, **details: Any) -> None:
        if flags[0].startswith("-"):
            self.options.append(Option(flags, details))

    def add_argument_group(self, *_words: Any, **_details: Any) -> "_Declarations":
        return self

    def add_mutually_exclusive_group(self, **_details: Any) -> "_Declarations":
        return self


def options_of(verb: str) -> dict[str, Option]:
    """What a verb declares, by name of the option."""
    declarations = _Declarations()
    device_verb(verb).add_arguments(cast("argparse.ArgumentParser", declarations))
    return {option.name: option for option in declarations.options}


def with_sources(
    parser: argparse.ArgumentParser, verb: str, source: Source, given: Sequence[str]
) -> list[str]:
    """Make what file and environment say the parser's defaults.

    Args:
        parser: with the verb's options.
        verb: its name.
        source: file and environment.
        given: words of the command line.

    Returns:
        The words to parse: those given, behind options that are required and that file
        or environment give.

    Raises:
        SettingsError: when a value does not convert, or the file has an unknown name.
    """
    required: list[str] = []
    for name, (words, value, _) in _found(verb, source).items():
        option = options_of(verb)[name]
        parser.set_defaults(**{option.place: value})
        if option.details.get("required"):
            required += words
    return [*required, *given]


def _found(verb: str, source: Source) -> dict[str, tuple[list[str], Any, str]]:
    """Words, value and origin of each option that file or environment give.

    Raises:
        SettingsError: when a value does not convert, or the file has an unknown name.
    """
    options, table = options_of(verb), source.values.get(verb, {})
    unknown = sorted(set(table) - {*options})
    if unknown:
        raise SettingsError(
            f"{source.name}: [{verb}] has unknown names {unknown}; known:"
            f" {sorted(options)}"
        )
    found = {}
    for name, option in options.items():
        variable = f"{_PREFIX}_{verb}_{name}".upper()
        # The environment counts more, so it comes last.
        for where, value in (
            (f"{source.name} [{verb}]", table.get(name)),
            (f"environment {variable}", source.environment.get(variable)),
        ):
            if value is not None:
                words = option.words(value, f"{where}: {name}")
                found[name] = (words, _read(option, words, f"{where}: {name}"), where)
    return found


def _read(option: Option, words: Sequence[str], where: str) -> Any:
    """What the option makes of its words alone.

    Raises:
        SettingsError: when it refuses them.
    """
    parser = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    option.declare(parser, required=False)
    try:
        values = parser.parse_args(words)
    except argparse.ArgumentError as error:
        raise SettingsError(f"{where}: {words[-1]} will not do: {error}") from error
    return getattr(values, option.place)


def _truth(word: Any, where: str) -> bool:
    spoken = str(word).lower()
    if spoken not in (*_YES, *_NO):
        raise SettingsError(f"{where}: expected true or false, got {word!r}")
    return spoken in _YES


def _usual_file() -> Path | None:
    places = (Path(place).expanduser() for place in _USUAL_FILES)
    return next((place for place in places if place.is_file()), None)


def settings_of(
    name: str, flags: Sequence[str], config: Path | None
) -> dict[str, tuple[Any, str]]:
    """Value and origin of each option of a verb, given flags.

    Raises:
        SettingsError: when there is no such verb, or a value makes no sense.
    """
    if name not in device_verbs():
        raise SettingsError(
            f"there are no settings of {name!r}; expected one of {[*device_verbs()]}"
        )
    options, sources = options_of(name), _found(name, read_source(config))
    # Words that are no options, such as the model, are of no interest here.
    defaults, given = (
        argparse.ArgumentParser(prog=name, add_help=False, allow_abbrev=False)
        for _ in range(2)
    )
    for option in options.values():
        option.declare(defaults, required=False)
        option.declare(given, required=False, default=argparse.SUPPRESS)
    values = vars(defaults.parse_args([]))
    flagged = vars(given.parse_known_args(list(flags))[0])
    found: dict[str, tuple[Any, str]] = {}
    for option in options.values():
        value, origin = values[option.place], "default"
        if option.name in sources:
            _, value, origin = sources[option.name]
        if option.place in flagged:
            value, origin = flagged[option.place], "flag"
        if option.is_negative:
            value = not value  # --no-site is true when there is to be no site.
        found[option.name] = (_shown(value), origin)
    return found


def _shown(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value
