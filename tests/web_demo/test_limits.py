"""Limits that the pages share with the runtime, but for those of the quality check."""

import re

import pytest

from edge_runtime.photos import crop, decoding, lesion_locator
from web_demo.judging import judge, uploads


def number_of(words):
    base, _, power = words.partition(" ** ")
    return float(base) ** int(power or 1)


@pytest.fixture
def script(root):
    """The numbers of a script by name, as ``name: 3`` and ``NAME = 3`` give them."""

    def read(name):
        text = (root / f"web_demo/static/js/{name}.js").read_text(encoding="utf-8")
        number = r"\b([A-Za-z_]+)\s*[:=]\s*(\d+(?:\.\d+)?(?: \*\* \d+)?)(?=[,;\s}])"
        # The first of a name is the limit; later ones count from nothing.
        return {key: number_of(value) for key, value in re.findall(number, text)[::-1]}

    return read


FOUND = {
    "LITTLE_FILLED": lesion_locator.LITTLE_FILLED,
    "HARDLY_FILLED": lesion_locator.HARDLY_FILLED,
}
DECODED = {
    "MOST_PIXELS": uploads.MAX_JPEG_PIXELS,
    "MOST_WHOLE_JPEG_PIXELS": decoding.MAX_WHOLE_JPEG_PIXELS,
    "MARGIN": decoding.REDUCED_DECODE_MARGIN,
}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("locator", FOUND),
        ("decoder", DECODED),
        ("crop", {"LEAST_SIDE": crop.LEAST_SIDE}),
        ("photo", {"PREVIEW_PX": judge.PREVIEW_PX}),
        ("intake", {"MOST_LETTERS": uploads.MAX_NAME_CHARACTERS}),
    ],
)
def test_the_page_has_the_runtimes_limits(script, name, expected):
    found = script(name)
    assert {key: found.get(key) for key in expected} == expected
