"""JSON Schema of dataclasses: one generator for the card and for the REST service.

Descriptions are those of the dataclasses' docstrings, so that the two cannot differ.
"""

import dataclasses
import inspect
import re
import types
import typing
from collections.abc import Mapping
from typing import Any

from edge_runtime.files.strict_json import optional_fields

Json = dict[str, Any]

_PLAIN: dict[Any, Json] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    types.NoneType: {"type": "null"},
    Any: {},
}
_ATTRIBUTE = re.compile(r"^    (\w+): (.+(?:\n {8}.+)*)", re.MULTILINE)


def schema(annotation: Any) -> Json:
    """The JSON Schema (draft 2020-12) of a value with this annotation.

    Raises:
        TypeError: for an annotation that no file or answer here has.

    >>> schema(tuple[int, ...])
    {'type': 'array', 'items': {'type': 'integer'}}
    >>> schema(int | None)
    {'anyOf': [{'type': 'integer'}, {'type': 'null'}]}
    """
    if annotation in _PLAIN:
        return dict(_PLAIN[annotation])
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


def _of_fields(kind: type) -> Json:
    summary, descriptions = _documented(kind)
    hints = typing.get_type_hints(kind)
    return {
        "type": "object",
        "description": summary,
        "properties": {
            # A class's own summary, where the field is one, says more.
            name: {"description": descriptions.get(name, ""), **schema(hint)}
            for name, hint in hints.items()
        },
        "required": [name for name in hints if name not in optional_fields(kind)],
        "additionalProperties": False,
    }


def _documented(kind: type) -> tuple[str, dict[str, str]]:
    """A class's one-line summary and the descriptions of its attributes."""
    text = inspect.getdoc(kind) or ""
    _, _, attributes = text.partition("Attributes:\n")
    found = _ATTRIBUTE.findall(attributes)
    return text.splitlines()[0], {
        name: " ".join(words.replace("``", "").split()) for name, words in found
    }
