"""Between dataclasses and JSON, with nothing guessed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from edge_runtime.files.strict_json import build, parse, to_json


@dataclass(frozen=True)
class Inner:
    """A dataclass within one."""

    ratio: float


@dataclass(frozen=True)
class Outer:
    """One field of each kind."""

    name: str
    count: int
    sure: bool
    stored: int | None
    inner: Inner
    items: tuple[Inner, ...]
    tools: Mapping[str, str]
    settings: Mapping[str, Any]


OUTER = Outer(
    "é", 3, True, None, Inner(0.1), (Inner(1.0),), {"a": "1"}, {"b": [1, {"c": None}]}
)


def test_what_is_written_reads_back():
    assert build(Outer, parse(to_json(OUTER)), "outer") == OUTER


def test_text_is_readable():
    assert '"name": "é"' in to_json(OUTER)
    assert to_json(OUTER).endswith("}\n")


def test_an_integer_is_a_float_too():
    assert build(Inner, {"ratio": 1}, "inner") == Inner(1.0)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", 3, r"outer\.name should be str, got 3"),
        ("count", 3.0, r"outer\.count should be int"),
        ("count", True, r"outer\.count should be int, got True"),
        ("sure", 1, r"outer\.sure should be bool"),
        ("stored", "none", r"outer\.stored should be int"),
        ("inner", [0.1], r"outer\.inner should be dict"),
        ("inner", {"ratio": "0.1"}, r"outer\.inner\.ratio should be float"),
        ("inner", {}, r"outer\.inner has missing or unknown fields \['ratio'\]"),
        ("items", {}, r"outer\.items should be list"),
        ("items", [1], r"outer\.items should be dict"),
        ("tools", {"a": 1}, r"outer\.tools\.a should be str"),
        ("tools", [], r"outer\.tools should be dict"),
        ("extra", 1, r"outer has missing or unknown fields \['extra'\]"),
    ],
)
def test_another_type_is_an_error_that_says_where(field, value, words):
    values = {**parse(to_json(OUTER)), field: value}
    with pytest.raises(TypeError, match=words):
        build(Outer, values, "outer")


@pytest.mark.parametrize("text", ["", "{", "NaN", "[Infinity]", "[" * 100_000])
def test_what_is_no_json_is_an_error(text):
    with pytest.raises(ValueError, match=r"."):
        parse(text)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_json_has_no_such_numbers(number):
    with pytest.raises(ValueError, match="JSON"):
        to_json(Inner(number))
