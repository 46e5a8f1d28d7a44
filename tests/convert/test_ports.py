"""Files really run by the programs that they are for; make test-ports installs them."""

import hashlib
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from convert.golden import golden_npz
from convert.golden_photos import golden_pngs
from convert.metadata import Description, with_metadata
from convert.two_classes import LABELS, with_two_classes
from edge_runtime.interpreter import open_interpreter
from edge_runtime.model_file import read_model_file, write_model_file

PROGRAMS = Path(__file__).with_name("ports")
NETWORKS = ("cnn32", "cnn64")
PHOTOS = 60

# XNNPACK and the builtin kernels, of which TFLite Micro has its own copies, differ by
# this many steps of 1/256 at most on cnn32.
MOST_STEPS = 3
# A Cortex-M7 board has 512 kB or more; weights stay in flash.
MOST_ARENA_BYTES = 256 * 1024

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A function: a program of ``ports/`` with these arrays; what it wrote."""
    python = os.environ.get("LESION_EDGE_PORTS_PYTHON")
    if not python:
        pytest.skip("needs the environment that make test-ports installs")

    def ported(program, model, arrays, *words):
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
def shipped(root):
    """A function: a shipped file of a network."""
    return lambda network: read_model_file(root / f"models/{network}.qat_int8.tflite")


def _outputs(model, stored):
    opened = open_interpreter(model)
    return np.stack([opened.infer(each[np.newaxis]) for each in stored])


def _two_class_file(file, folder):
    """What ``--target mediapipe`` writes, from a file that is converted already."""
    card = file.card
    content, _ = with_two_classes(file.model, card.threshold.score)
    size_px, name = card.input.size_px, f"{card.name}.mediapipe"
    description = Description(
        name, card.description, "0", "us", card.licence, size_px, 0.0, 255.0,
        "the top class",
    )  # fmt: skip
    model = with_metadata(content, description)
    opened = open_interpreter(model)
    half = replace(card.threshold, score=0.5, stored=128, probability=0.5)
    band = replace(card.uncertainty, low_score=0.5, low_probability=0.5)
    sha256 = hashlib.sha256(model).hexdigest()
    card = replace(
        card, name=name, model_sha256=sha256, threshold=half, uncertainty=band
    )
    path = folder / f"{name}.tflite"
    golden = golden_npz(golden_pngs(size_px), opened.infer, card)
    write_model_file(path, model, card, LABELS, golden)
    return path


@pytest.mark.parametrize("network", NETWORKS)
def test_mediapipe_gives_our_probabilities_and_our_verdict(
    run, shipped, lesions, network, tmp_path
):
    file = shipped(network)
    pixels = np.stack(list(lesions(PHOTOS, file.card.input.size_px)))
    path = _two_class_file(file, tmp_path)
    given = run("mediapipe_scores.py", path, {"pixels": pixels})
    expected = _outputs(read_model_file(path).model, pixels) / 256
    # MediaPipe brings its own XNNPACK: equal, or a rounding of the score's float32.
    assert np.abs(given["scores"] - expected).max() <= 1e-6
    single = _outputs(file.model, pixels)[:, 0]
    called = single >= file.card.threshold.stored
    assert 0 < called.sum() < len(called)
    np.testing.assert_array_equal(given["top"] == "malignant", called)


@pytest.mark.parametrize("network", NETWORKS)
def test_browser_gives_our_outputs_to_the_byte(run, shipped, lesions, network):
    modules = Path(os.environ.get("LESION_EDGE_PORTS_MODULES", "none"))
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not chromium or not modules.is_dir():
        pytest.skip("needs the Chromium and LiteRT.js that make test-ports installs")
    file = shipped(network)
    pixels = np.stack(list(lesions(PHOTOS, file.card.input.size_px)))
    given = run("browser_scores.py", file.path, {"stored": pixels}, chromium, modules)
    # Both are of the XNNPACK family.
    np.testing.assert_array_equal(given["outputs"], _outputs(file.model, pixels))


def test_tflite_micro_runs_cnn32_within_steps_and_in_a_small_arena(
    run, shipped, lesions, tmp_path
):
    file = shipped("cnn32")
    pixels = np.stack(list(lesions(PHOTOS, 32)))
    path = tmp_path / "model.tflite"
    path.write_bytes(file.model)
    given = run("micro_scores.py", path, {"stored": pixels})
    away = np.abs(given["outputs"].astype(int) - _outputs(file.model, pixels))
    print(f"largest {away.max()} steps of 1/256, arena {given['arena_bytes']} bytes")
    assert away.max() <= MOST_STEPS
    assert given["arena_bytes"] <= MOST_ARENA_BYTES
