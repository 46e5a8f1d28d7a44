"""docs/tutorial.md does what it says: its commands run, in order, on drawn photos."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TUTORIAL = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```", TUTORIAL, re.DOTALL | re.MULTILINE)
    for line in block.splitlines()
    if line
]


def _programs(folder):
    """``lesion-edge`` and ``python`` of this checkout and interpreter, in a folder."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    module, _, function = project["project"]["scripts"]["lesion-edge"].partition(":")
    calls = f"import sys; sys.argv[0] = 'lesion-edge'; from {module} import {function}"
    for name, words in (
        ("python", [sys.executable]),
        ("lesion-edge", [sys.executable, "-c", f"{calls}; sys.exit({function}())"]),
    ):
        program = folder / name
        program.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
        program.chmod(0o755)


@pytest.mark.long
def test_the_commands_lead_from_drawn_photos_to_a_kit(tmp_path):
    pytest.importorskip("tensorflow_model_optimization")
    (tmp_path / "bin").mkdir()
    _programs(tmp_path / "bin")
    # Device code and workstation code both come from this checkout.
    environment = {
        **os.environ,
        "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
    outputs = []
    for command in COMMANDS:
        done = subprocess.run(
            shlex.split(command),
            cwd=tmp_path, env=environment,
            capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        outputs.append(done.stdout)
    everything = "".join(outputs)
    assert "ok      file whole, card's SHA-256 is that of the model" in everything
    assert "same answer as where it was made" in everything
    assert "release 1 of cnn32.qat_int8 is in place" in everything
    rows = (tmp_path / "verdicts.jsonl").read_text("utf-8").splitlines()
    decisions = {json.loads(row)["decision"] for row in rows}
    assert len(rows) == 520
    assert "investigate" in decisions
    assert decisions <= {"investigate", "uncertain", "monitor", "unusable photo"}
    assert (tmp_path / "results/drawn/report.html").is_file()
    assert (tmp_path / "kits/web/README.md").is_file()


def test_every_stage_of_the_road_has_a_command_that_is_run():
    verbs = [command.split()[1] for command in COMMANDS if "lesion-edge" in command]
    assert verbs == [
        "prepare", "train", "convert", "show", "verify", "classify", "benchmark",
        "package", "package", "release", "release", "update",
    ]  # fmt: skip
