"""Power lost at every step of an update."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edge_runtime.__main__ import main
from edge_runtime.model.file import read_model_file

LOSE_POWER = Path(__file__).with_name("lose_power.py")


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["early", "late"])
def test_power_lost_at_every_step(
    sha256, publish, keys, device, other_model, model_path, moment, tmp_path
):
    """After each loss the file in place is whole, and the next update gets through."""
    place, steps, cut = publish(), 0, 0
    ours = {sha256(model_path), sha256(other_model)}
    words = ["update", "--model", device, "--from", place, "--key", keys[0][1]]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for at in range(1, 60):
        for path in device.parent.iterdir():
            path.unlink()
        device.write_bytes(model_path.read_bytes())
        done = subprocess.run(
            [sys.executable, LOSE_POWER, str(at), moment, *map(str, words)],
            capture_output=True, text=True, env=environment, check=False,
        )  # fmt: skip
        assert done.returncode in (0, 137), done.stderr
        assert sha256(device) in ours
        read_model_file(device)
        if done.returncode == 0:
            break
        steps += 1
        cut += sha256(device) == sha256(other_model)
        assert main([str(word) for word in words]) == 0
        assert sha256(device) == sha256(other_model)
        kept = device.with_name("model.tflite.previous")
        assert sha256(kept) == sha256(model_path)
        # Nothing half written is left to fill the disk.
        left = {
            path.name.removeprefix("model.tflite") for path in device.parent.iterdir()
        }
        assert left == {"", ".previous", ".update.json", ".model.tflite.lock"}
        assert main(["update", "--model", str(device), "--rollback"]) == 0
        assert sha256(device) == sha256(model_path)
    else:
        pytest.fail("the update never came to its end")
    # Both sides of the swap were met.
    assert steps >= 8
    assert 0 < cut < steps
