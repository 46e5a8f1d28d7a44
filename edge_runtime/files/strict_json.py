"""Between frozen dataclasses and JSON, with nothing guessed on the way in.

A missing field, an unknown one or a value of another type is an error, never a
default: a card that is not understood completely must not judge anyone. Fields marked
``OPTIONAL`` may be left out, and are where they hold None.
"""

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from typing import Any

OPTIONAL = types.MappingProxyType({"optional": True})
"""Metadata of a field that came after the first files: it stands there or does not."""


def to_json(value: Any) -> str:
    """A dataclass as JSON that a person can read and a diff can show.

    Raises:
        ValueError: when a number is infinite or not a number; JSON has no such thing.
    """
    plain = as_values(value)
    return json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def as_values(value: Any) -> Any:
    """As ``dataclasses.asdict``, without the ``OPTIONAL`` fields that hold None."""
    if dataclasses.is_dataclass(value):
        absent = {
            name for name in optional_fields(value) if getattr(value, name) is None
        }
        return {
            field.name: as_values(getattr(value, field.name))
            for field in dataclasses.fields(value)
            if field.name not in absent
        }
    if isinstance(value, Mapping):
        return {name: as_values(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [as_values(each) for each in value]
    return value


def optional_fields(kind: Any) -> set[str]:
    """Names of the fields that may be left out."""
    fields = dataclasses.fields(kind)
    return {field.name for field in fields if field.metadata.get("optional")}


def parse(text: str) -> Any:
    """Standard JSON only, without the ``NaN`` and ``Infinity`` that Python adds.

    Raises:
        ValueError: when the text is no JSON, or is nested beyond all reason.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def build(kind: Any, value: Any, where: str) -> Any:
    """``value`` from JSON as ``kind``, strictly; ``where`` names it in errors.

    Args:
        kind: a dataclass, ``X | None``, ``tuple[X, ...]``, ``Mapping[str, X]``,
            ``Any``, or one of ``str``, ``int``, ``float``, ``bool``.
        value: what ``parse`` returned for it.
        where: path of the value, such as ``"card.threshold.score"``.

    Raises:
        TypeError: when a value does not have the type that ``kind`` asks for, or a
            field is missing or unknown.
        ValueError: when a dataclass refuses its values.
    """
    if dataclasses.is_dataclass(kind):
        return _build_dataclass(kind, value, where)
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin is types.UnionType:
        return None if value is None else build(parts[0], value, where)
    if origin is tuple:
        _expect(list, value, where)
        return tuple(build(parts[0], item, where) for item in value)
    if origin is Mapping:
        _expect(dict, value, where)
        return {key: build(parts[1], value[key], f"{where}.{key}") for key in value}
    if kind is float and type(value) is int:
        return float(value)
    if kind is not Any:
        _expect(kind, value, where)
    return value


def _build_dataclass(kind: Any, value: Any, where: str) -> Any:
    hints = typing.get_type_hints(kind)
    _expect(dict, value, where)
    left_out = optional_fields(kind) - value.keys()
    wrong = sorted(value.keys() ^ (hints.keys() - left_out))
    if wrong:
        raise TypeError(f"{where} has missing or unknown fields {wrong}")
    return kind(
        **{name: build(hints[name], value[name], f"{where}.{name}") for name in value}
    )


def _expect(kind: type, value: Any, where: str) -> None:
    # Exactly this type: isinstance would take True for the integer 1.
    if type(value) is not kind:
        raise TypeError(f"{where} should be {kind.__name__}, got {value!r:.80}")


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")
