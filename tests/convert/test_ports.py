"""Files really run by the programs that they are for; make test-ports installs them.

Each file comes from ``convert/to_tflite.py --target``, the way a user gets it.
"""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from edge_runtime.classifier import LesionClassifier
from edge_runtime.model.file import read_model_file
from edge_runtime.model.interpreter import open_interpreter
from edge_runtime.photos.manifest import photos_of, read_manifest
from edge_runtime.photos.preprocessing import load_pixels

PROGRAMS = Path(__file__).with_name("ports")

# XNNPACK and the builtin kernels, of which TFLite Micro has its own copies, differ by
# this many steps of 1/256 at most on cnn32.
MOST_STEPS = 3
# A Cortex-M7 board has 512 kB or more; weights stay in flash.
MOST_ARENA_BYTES = 256 * 1024

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A function: a program of ``ports/`` with these arrays; what it wrote."""

    def ported(program, model, arrays, *words, environment="PORTS"):
        python = os.environ.get(f"LESION_EDGE_{environment}_PYTHON")
        if not python:
            pytest.skip("needs the environment that make test-ports installs")
        folder = tmp_path_factory.mktemp("ports")
        np.savez(folder / "given.npz", **arrays)
        done = subprocess.run(
            [python, PROGRAMS / program, *words, model, folder / "given.npz",
             folder / "written.npz"],
            capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        return np.load(folder / "written.npz")

    return ported


@pytest.fixture(scope="module")
def pixels(drawn_manifest):
    """The drawn validation photos, as the runtime shows them to cnn32."""
    photos = photos_of(read_manifest(drawn_manifest), "val")
    return np.stack([load_pixels(photo.path, 32) for photo in photos])


def _outputs(path, stored):
    opened = open_interpreter(read_model_file(path).model)
    return np.stack([opened.infer(each[np.newaxis]) for each in stored])


@pytest.mark.parametrize(
    ("target", "program", "environment"),
    [
        ("mediapipe", "mediapipe_scores.py", "PORTS"),
        ("task-library", "task_library_scores.py", "TASK_LIBRARY"),
    ],
)
@pytest.mark.parametrize("recipe", ["ptq_int8", "qat_int8", "float16"])
def test_top_class_and_probabilities_are_ours(
    run, file_for, pixels, target, program, environment, recipe
):
    path = file_for(target, recipe)
    given = run(program, path, {"pixels": pixels}, environment=environment)
    if recipe == "float16":
        expected = _outputs(path, pixels.astype(np.float32) / 255)
        # Both compute in float32, each with kernels of its own.
        tolerance = 1e-4
    else:
        expected = _outputs(path, pixels) / 256
        # It brings its own XNNPACK: equal, or a rounding of the score's float32.
        tolerance = 1e-6
    assert np.abs(given["scores"] - expected).max() <= tolerance
    ours = LesionClassifier.load(file_for("python", recipe))
    threshold = ours.card.threshold.score
    called = np.array([ours.score(each) >= threshold for each in pixels])
    assert 0 < called.sum() < len(called)
    np.testing.assert_array_equal(given["top"] == "malignant", called)


@pytest.mark.parametrize("recipe", ["ptq_int8", "qat_int8"])
def test_browser_gives_our_outputs_to_the_byte(run, file_for, pixels, recipe):
    modules = Path(os.environ.get("LESION_EDGE_PORTS_MODULES", "none"))
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not chromium or not modules.is_dir():
        pytest.skip("needs the Chromium and LiteRT.js that make test-ports installs")
    path = file_for("web", recipe)
    given = run("browser_scores.py", path, {"stored": pixels}, chromium, modules)
    # Both are of the XNNPACK family.
    np.testing.assert_array_equal(given["outputs"], _outputs(path, pixels))


def test_tflite_micro_runs_cnn32_within_steps_and_in_a_small_arena(
    run, file_for, pixels, tmp_path
):
    file = read_model_file(file_for("microcontroller"))
    stored = (pixels.astype(np.int16) - 128).astype(np.int8)
    path = tmp_path / "model.tflite"
    path.write_bytes(file.model)
    given = run("micro_scores.py", path, {"stored": stored})
    expected = _outputs(file.path, stored)
    assert expected.dtype == np.int8
    away = np.abs(given["outputs"].astype(int) - expected)
    print(f"largest {away.max()} steps of 1/256, arena {given['arena_bytes']} bytes")
    assert away.max() <= MOST_STEPS
    assert given["arena_bytes"] <= MOST_ARENA_BYTES
