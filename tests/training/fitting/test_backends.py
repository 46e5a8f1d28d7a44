"""Training with PyTorch and with JAX in place of TensorFlow (make test-backends)."""

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from edge_runtime.photos.manifest import photos_of, read_manifest
from training.fitting.batches import labels_of, model_inputs
from training.fitting.record import TrainingRecord

pytestmark = [pytest.mark.long, pytest.mark.parametrize("backend", ["torch", "jax"])]

BACKENDS_PYTHON = "LESION_EDGE_BACKENDS_PYTHON"


@pytest.fixture(scope="module")
def run(root):
    """A function that runs a program of ours on a backend; the last words are its."""
    named = os.environ.get(BACKENDS_PYTHON)
    if not named:
        pytest.skip(
            f"{BACKENDS_PYTHON} names no Python with keras, torch and jax;"
            " make test-backends makes one and runs this"
        )
    other = shutil.which(named) or pytest.fail(f"{BACKENDS_PYTHON}={named} is nothing")

    def command(backend, *words):
        python = sys.executable if backend == "tensorflow" else Path(other).absolute()
        done = subprocess.run(
            [python, *map(str, words)],
            env=os.environ | {"KERAS_BACKEND": backend, "PYTHONPATH": str(root)},
            capture_output=True,
            text=True,
            timeout=1200,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    return command


@pytest.fixture(scope="module")
def after_an_epoch(run, root, drawn_manifest, tmp_path_factory):
    """A function: arrays by name, after an epoch on a backend; of None, before it."""
    folder = tmp_path_factory.mktemp("first_epoch")
    program = root / "tests/training/fitting/first_epoch.py"

    @functools.cache
    def arrays(recipe, backend):
        first, out = (folder / f"{recipe}.{name}.npz" for name in ("first", backend))
        if backend:
            run(backend, program, drawn_manifest, recipe, first, out)
        with np.load(out if backend else first) as saved:
            return dict(saved)

    return arrays


@pytest.mark.parametrize("recipe", ["ours", "published"])
def test_first_epoch_does_the_same_to_the_same_weights(backend, recipe, after_an_epoch):
    expected = after_an_epoch(recipe, "tensorflow")
    first, found = after_an_epoch(recipe, None), after_an_epoch(recipe, backend)
    # The mean over four steps; 5e-7 was seen.
    assert found["loss"] == pytest.approx(expected["loss"], rel=1e-5)
    names = first.keys()
    assert len(names) == 28
    if recipe == "ours":
        # Where a channel is above 0 everywhere, batch norm takes the bias away again:
        # its gradient is rounding, of which Adam makes a step of full length.
        names -= {f"block{number}_conv/bias" for number in (1, 2, 3, 4)}
    away = {
        f"{group}/{name}": np.linalg.norm(found[f"{group}/{name}"] - right)
        / np.linalg.norm(right - first[name])
        for group in ("now", "averaged")
        for name in names
        for right in [expected[f"{group}/{name}"]]
    }
    # As shares of how far training moved them; 0.0023 was seen. More steps cannot be
    # compared: in batches of 5, rounding changed everything within ten to fifteen.
    assert {name: share for name, share in away.items() if not share < 0.01} == {}


def test_network_learns_on_every_backend(backend, run, root, drawn_manifest, tmp_path):
    out = tmp_path / backend
    run(
        backend, root / "training/train.py", "--manifest", drawn_manifest,
        "--network", "cnn32", "--epochs", 24, "--batch-size", 5, "--out", out,
    )  # fmt: skip
    record = TrainingRecord.read(out / "training.json")
    assert record.tools["backend"] == backend
    assert record.validation["auc"] > 0.8
    # Whatever trained it: this backend reads it and gives the scores recorded.
    model = keras.models.load_model(out / "model.keras", compile=False)
    val = photos_of(read_manifest(drawn_manifest), "val")
    scores = np.asarray(model(model_inputs(val, 32)))[:, 0]
    assert roc_auc_score(labels_of(val), scores) == pytest.approx(
        record.validation["auc"], abs=3 / 60**2
    )
