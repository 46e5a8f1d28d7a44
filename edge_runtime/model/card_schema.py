"""The card's JSON Schema, made from the dataclasses so that the two cannot differ.

Run: python -m edge_runtime.model.card_schema > edge_runtime/model/card.schema.json
"""

import argparse
import dataclasses
import inspect
import json
import re
import types
import typing
from collections.abc import Mapping
from typing import Any

from edge_runtime.files.strict_json import optional_fields
from edge_runtime.model.card import CARD_FORMAT, ModelCard

_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean"}
_ATTRIBUTE = re.compile(r"^    (\w+): (.+(?:\n {8}.+)*)", re.MULTILINE)


def card_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of ``card.json``.

    Descriptions are those of the dataclasses' docstrings.
    """
    schema = _schema(ModelCard)
    schema["properties"]["format"]["const"] = CARD_FORMAT
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Card of a lesion-edge model file",
        **schema,
    }


def _schema(kind: Any) -> dict[str, Any]:
    if dataclasses.is_dataclass(kind):
        return _object_schema(typing.cast(type, kind))
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin is types.UnionType:
        return {"anyOf": [_schema(parts[0]), {"type": "null"}]}
    if origin is tuple:
        return {"type": "array", "items": _schema(parts[0])}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": _schema(parts[1])}
    return {} if kind is Any else {"type": _PLAIN[kind]}


def _object_schema(kind: type) -> dict[str, Any]:
    summary, descriptions = _documented(kind)
    hints = typing.get_type_hints(kind)
    return {
        "type": "object",
        "description": summary,
        "properties": {
            # A class's own summary, where the field is one, says more.
            name: {"description": descriptions.get(name, ""), **_schema(hint)}
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


if __name__ == "__main__":
    argparse.ArgumentParser(
        description="Print the JSON Schema of card.json."
    ).parse_args()
    print(json.dumps(card_schema(), indent=2))
