"""JSON Schemas of the dataclasses that the REST service answers with."""

import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any

from edge_runtime.files.strict_json import optional_fields

Json = dict[str, Any]

SIMPLE: dict[Any, Json] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    types.NoneType: {"type": "null"},
    Any: {},
}


def schema(annotation: Any) -> Json:
    """The JSON Schema of a value with this annotation.

    >>> schema(tuple[int, ...])
    {'type': 'array', 'items': {'type': 'integer'}}
    >>> schema(int | None)
    {'anyOf': [{'type': 'integer'}, {'type': 'null'}]}
    """
    if annotation in SIMPLE:
        return dict(SIMPLE[annotation])
    if dataclasses.is_dataclass(annotation) and isinstance(annotation, type):
        return _of_fields(annotation)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is tuple and arguments[1:] == (...,):
        return {"type": "array", "items": schema(arguments[0])}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": schema(arguments[1])}
    if origin in (types.UnionType, typing.Union):
        return {"anyOf": [schema(each) for each in arguments]}
    raise TypeError(f"there is no JSON Schema for {annotation} here; add it")


def _of_fields(cls: type) -> Json:
    hints = typing.get_type_hints(cls)
    about = _attribute_lines(cls.__doc__ or "")
    properties = {name: schema(hint) for name, hint in hints.items()}
    for name, found in properties.items():
        if name in about:
            found["description"] = about[name]
    return {
        "type": "object",
        "required": [name for name in properties if name not in optional_fields(cls)],
        "properties": properties,
        "additionalProperties": False,
    }


def _attribute_lines(docstring: str) -> dict[str, str]:
    """What the Attributes section of a docstring says about each field."""
    _, _, section = docstring.partition("Attributes:\n")
    found: dict[str, str] = {}
    name = ""
    for line in section.splitlines():
        indented = len(line) - len(line.lstrip())
        if indented == 8 and ":" in line:
            name, _, text = line.strip().partition(": ")
            found[name] = text
        elif indented > 8 and name:
            found[name] += f" {line.strip()}"
    return found
