"""The runtime's public surface, and what importing it costs."""

import subprocess
import sys

import pytest

import edge_runtime

ONLY_IMPORT = """
import sys
import edge_runtime
print(*{name.partition(".")[0] for name in sys.modules})
"""


def test_every_public_name_exists_and_is_documented():
    for name in edge_runtime.__all__:
        assert getattr(edge_runtime, name).__doc__, name


def test_public_names_are_sorted_and_each_has_a_home():
    assert edge_runtime.__all__ == sorted(edge_runtime.__all__)
    assert set(edge_runtime._HOMES) == set(edge_runtime.__all__)
    assert set(edge_runtime.__all__) <= set(dir(edge_runtime))


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
