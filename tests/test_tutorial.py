"""docs/tutorial.md does what it says: its commands run, in order, on drawn photos."""

import json
import re
import shlex
import subprocess
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


@pytest.mark.long
def test_the_commands_lead_from_drawn_photos_to_a_kit(tmp_path, shell):
    pytest.importorskip("tensorflow_model_optimization")
    outputs = []
    for command in COMMANDS:
        done = subprocess.run(
            shlex.split(command),
            cwd=tmp_path, env=shell,
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
