"""The Raspberry Pi kit: installed as its page says, in an environment of its own."""

import importlib.metadata
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from convert.cards.golden import golden_npz
from convert.cards.golden_pictures import golden_pngs
from convert.errors import ConversionError
from convert.kits.requirements import locked_requirements
from edge_runtime.model.file import read_model_file, write_model_file


@pytest.fixture(scope="module")
def kit(kit_of):
    return kit_of("pi", "cnn32")


def _self_test(kit):
    """With this Python's packages and the kit's own copy of the runtime."""
    return subprocess.run(
        [sys.executable, kit / "self_test.py"],
        cwd=kit, capture_output=True, text=True, check=False, timeout=120,
        env={**os.environ, "PYTHONPATH": str(kit / "runtime")},
    )  # fmt: skip


def test_self_test_passes_with_the_runtime_of_the_kit(kit):
    done = _self_test(kit)
    assert done.returncode == 0, done.stderr
    assert "same answer as where it was made, xnnpack kernels" in done.stdout
    assert "not a medical device" in done.stdout


def test_self_test_of_a_model_with_answers_passes(kit_of):
    done = _self_test(kit_of("pi", "phone64"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "same answer as where it was made" in done.stdout


def test_self_test_names_the_step_that_is_wrong(kit, root):
    """The model in the kit is replaced by one whose golden outputs are others."""
    (path,) = kit.glob("model/*.tflite")
    whole = path.read_bytes()
    file = read_model_file(path)
    golden = golden_npz(
        golden_pngs(32), lambda stored: np.array([7], stored.dtype), file.card
    )
    write_model_file(path, file.model, file.card, file.labels, golden)
    try:
        done = _self_test(kit)
    finally:
        path.write_bytes(whole)
    assert done.returncode == 1
    assert "kernels differs" in done.stdout


def test_runtime_in_the_kit_is_the_project_s(kit, root):
    here, there = (
        {path.relative_to(folder) for path in folder.rglob("*.py")}
        for folder in (root / "edge_runtime", kit / "runtime/edge_runtime")
    )
    assert there == {path for path in here if "build" not in path.parts}
    for name in ("pyproject.toml", "model/card.schema.json", "deploy"):
        assert (kit / "runtime/edge_runtime" / name).exists()
    assert not list(kit.rglob("__pycache__"))
    assert not list(kit.rglob("*.egg-info"))


def test_every_package_is_pinned_with_hashes_and_all_it_needs(kit):
    """Oracle: what the packages installed here say they need."""
    text = (kit / "requirements.txt").read_text()
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in entry for entry in entries)
    pinned = {entry.partition("==")[0] for entry in entries}
    assert {"numpy", "pillow", "ai-edge-litert", "cryptography"} <= pinned
    for name in ("ai-edge-litert", "cryptography", "numpy", "pillow"):
        for line in importlib.metadata.requires(name) or ():
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                assert canonicalize_name(needed.name) in pinned, line
    assert not {"tensorflow", "keras", "pytest"} & pinned


def test_a_package_that_is_not_locked_is_named():
    lock = "one==1 \\\n    --hash=sha256:0\n    # via two\n"
    with pytest.raises(ConversionError, match="pins no three"):
        locked_requirements(["three"], lock)


@pytest.mark.long
def test_it_installs_itself_and_judges(kit, root, kit_of):
    """Slow, as pip makes an environment; needs the registry."""
    fresh = kit_of("pi", "cnn32")
    done = subprocess.run(
        [fresh / "install.sh"], capture_output=True, text=True, check=False, timeout=560
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "same answer" in done.stdout
    (model,) = fresh.glob("model/*.tflite")
    done = subprocess.run(
        [fresh / "venv/bin/lesion-edge", "classify", model,
         root / "samples/drawn_tone4_irregular_hair.png"],
        cwd=fresh / "model", capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "not a medical device" in done.stdout


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--help"], 0, "sudo ./service.sh"),
        (["--nonsense"], 2, "unknown word --nonsense"),
        (["--photos"], 2, "--photos needs a value"),
        (["--photos", "/nowhere"], 1, "is no folder"),
        (["--from", "https://example.org"], 1, "updates need both"),
    ],
)
def test_the_service_script_refuses_before_it_changes_anything(
    kit, tmp_path, words, status, said
):
    # Stand-ins: this machine is root, has systemd, and notes whatever would be changed.
    changed = tmp_path / "changed"
    for name in ("id", "systemctl", "useradd", "install", "cp", "udevadm"):
        path = tmp_path / name
        note = "echo 0" if name == "id" else f"echo {name} >> {changed}"
        path.write_text(f"#!/bin/sh\n{note}\n")
        path.chmod(0o755)
    done = subprocess.run(
        [kit / "service.sh", *words],
        capture_output=True, text=True, check=False, timeout=60,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert done.returncode == status
    assert said in done.stdout + done.stderr
    assert not changed.exists()
