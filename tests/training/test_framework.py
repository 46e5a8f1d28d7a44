"""A backend that is missing costs one line."""

import os
import subprocess
import sys

import pytest

SCRIPT = """
import sys
sys.path.insert(0, {folder!r})
from training.framework import start_keras
from training.errors import BackendMissingError
try:
    start_keras()
except BackendMissingError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("backend", "expected"),
    [
        ("torch", 'pip install ".[train]" torch'),
        ("tensorflow", 'pip install ".[train]"'),
        ("theano", "KERAS_BACKEND is 'theano'; expected one of tensorflow, jax, torch"),
    ],
)
def test_what_to_install_is_told(tmp_path, backend, expected):
    # A package that cannot be imported, in place of one that may be installed.
    absent = tmp_path / backend
    absent.mkdir()
    (absent / "__init__.py").write_text(f"raise ImportError('no {backend} here')")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(folder=str(tmp_path))],
        env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert expected in done.stdout
    assert "Traceback" not in done.stderr
