"""The Flutter kit: no compiler of Dart is to be had here; its form is looked at."""

import json
import os
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from convert.kits.description import read_description
from convert.kits.values import values_of
from edge_runtime.model.file import read_model_file
from edge_runtime.photos import quality

PROGRAMS = Path(__file__).parent


@pytest.fixture(scope="module")
def kit(kit_of):
    return kit_of("flutter")


@pytest.mark.long
def test_every_file_parses_as_dart(kit, tmp_path):
    python = os.environ.get("LESION_EDGE_KITS_PARSER")
    if not python:
        pytest.skip("needs the grammar of Dart that make test-kits installs")

    def problems(*paths):
        done = subprocess.run(
            [python, PROGRAMS / "parse_dart.py", *paths],
            capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        return done.stdout.splitlines()

    files = sorted(kit.glob("lib/**/*.dart"))
    assert len(files) >= 11
    assert problems(*files) == []
    broken = tmp_path / "broken.dart"
    broken.write_text(files[0].read_text() + "\nint a( {")
    assert problems(broken)


def test_constants_are_the_card_s(kit):
    (path,) = kit.glob("assets/*.tflite")
    values = values_of(read_model_file(path).card)
    text = (kit / "lib/lesion/constants.dart").read_text()
    found = dict(re.findall(r"^const \w+ (\w+) = (.*);$", text, re.MULTILINE))
    for name, placeholder in (
        ("sizePx", "SIZE_PX"), ("inputScale", "INPUT_SCALE"),
        ("thresholdScore", "THRESHOLD_SCORE"), ("temperature", "TEMPERATURE"),
        ("uncertainFromScore", "UNCERTAIN_FROM_SCORE"),
    ):  # fmt: skip
        assert float(found[name]) == float(values[placeholder]), name


def test_limits_of_the_look_at_the_photo_are_the_runtime_s(kit):
    text = (kit / "lib/lesion/quality_limits.dart").read_text()
    found = dict(re.findall(r"^const \S+ (\w+) = ([\d.e-]+);$", text, re.MULTILINE))
    for name, limit in (
        ("lookPx", quality.LOOK_PX), ("noSharpness", quality.NO_SHARPNESS),
        ("leastStructure", quality.LEAST_STRUCTURE), ("foreign", quality.FOREIGN),
    ):  # fmt: skip
        assert float(found[name]) == limit, name
    fitted = np.array(
        json.loads(re.search(r"familiarWhitening = (\[.*\]);", text).group(1))
    )
    assert fitted.size == float(found["measureCount"]) ** 2


def test_every_folder_of_assets_is_named(kit):
    page = (kit / "pubspec.yaml").read_text()
    for path in kit.glob("assets/**/*"):
        folder = path.parent.relative_to(kit).as_posix()
        if path.is_file():
            assert f"- {folder}/\n" in page or f"- {folder}/{path.name}\n" in page


def test_page_says_that_nothing_was_compiled(kit):
    assert read_description("flutter").verified == ()
    assert "neither compiled nor run" in (kit / "README.md").read_text()
