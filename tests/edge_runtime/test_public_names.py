"""The runtime's public surface, and what importing it costs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import edge_runtime

ONLY_IMPORT = """
import sys
import edge_runtime
print(*{name.partition(".")[0] for name in sys.modules})
"""


def test_the_ten_public_names_exist_and_are_documented():
    assert len(edge_runtime._HOMES) == 10
    for name in edge_runtime._HOMES:
        assert getattr(edge_runtime, name).__doc__, name


def test_type_checkers_see_the_same_names_in_the_same_modules():
    text = Path(edge_runtime.__file__).read_text(encoding="utf-8")
    (block,) = (each for each in ast.parse(text).body if isinstance(each, ast.If))
    seen = {
        each.names[0].asname: each.module.removeprefix("edge_runtime.")
        for each in block.body
    }
    assert seen == edge_runtime._HOMES
    assert set(seen) <= set(dir(edge_runtime))
    assert set(seen) == set(edge_runtime.__all__)


def test_a_name_that_does_not_exist_is_named():
    with pytest.raises(AttributeError, match="no attribute 'diagnose'"):
        _ = edge_runtime.diagnose


def test_importing_the_runtime_imports_no_interpreter():
    done = subprocess.run(
        [sys.executable, "-c", ONLY_IMPORT],
        capture_output=True,
        text=True,
        check=True,
    )
    heavy = {
        "numpy",
        "PIL",
        "ai_edge_litert",
        "tflite_runtime",
        "tensorflow",
        "scipy",
        "flask",
    }
    assert not heavy & set(done.stdout.split())
