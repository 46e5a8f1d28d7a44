"""What a missing backend of Keras is told as, in a process of its own."""

import os
import subprocess
import sys

import pytest

# Stands for a module that is not installed: found first, and not importable.
HIDING = (
    "import sys; sys.modules[{name!r}] = None\n"
    "from training.train import main\n"
    "sys.exit(main(sys.argv[1:]))"
)


@pytest.fixture
def run(root, drawn_manifest, tmp_path):
    def started(code, **environment):
        words = ["--manifest", str(drawn_manifest), "--out", str(tmp_path / "run")]
        return subprocess.run(
            [sys.executable, "-c", code, *words, "--network", "cnn32"],
            env={**os.environ, "PYTHONPATH": str(root), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    return started


@pytest.mark.parametrize(
    ("backend", "line"),
    [
        ("torch", "python -m pip install torch"),
        ("jax", "python -m pip install jax"),
        ("tensorflow", 'python -m pip install -e ".[train]"'),
    ],
)
def test_a_missing_backend_is_one_line_with_what_installs_it(run, backend, line):
    done = run(HIDING.format(name=backend), KERAS_BACKEND=backend)
    assert done.returncode == 1
    (said,) = done.stderr.splitlines()
    assert said.startswith(f"error: {backend} is not installed")
    assert said.endswith(line)


def test_a_backend_that_cannot_train_is_refused(run):
    code = "import sys; from training.train import main; sys.exit(main(sys.argv[1:]))"
    done = run(code, KERAS_BACKEND="numpy")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "tensorflow, torch, jax; got KERAS_BACKEND=numpy" in done.stderr
