"""The systemd unit, judged by systemd itself."""

import shutil
import subprocess
from pathlib import Path

import pytest

import edge_runtime

FOLDER = Path(edge_runtime.__file__).parent / "deploy"
UNIT = FOLDER / "lesion-camera.service"


def test_files_are_installed_with_the_runtime():
    assert {path.name for path in FOLDER.iterdir()} >= {
        "lesion-camera.service", "99-lesion-camera.rules", "camera.env",
    }  # fmt: skip


@pytest.fixture
def systemd_analyze():
    if not shutil.which("systemd-analyze"):
        pytest.skip("needs systemd-analyze (apt install systemd)")

    def run(*words):
        return subprocess.run(
            ["systemd-analyze", *words],
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    return run


def test_systemd_understands_every_line(systemd_analyze, tmp_path):
    unit = tmp_path / UNIT.name
    # The only thing that a machine without the service lacks: its program.
    unit.write_text(
        UNIT.read_text().replace("/opt/lesion-edge/venv/bin/python", "/bin/true")
    )
    done = systemd_analyze("verify", "--man=no", str(unit))
    ours = [line for line in done.stderr.splitlines() if UNIT.name in line]
    assert ours == []


def test_systemd_calls_it_hardened(systemd_analyze):
    done = systemd_analyze(
        "security", "--offline=true", "--no-pager", "--threshold=30", str(UNIT)
    )
    # Exposure of at most 3.0 of 10; systemd calls 0 to 4 OK, and an open service 9.6.
    assert done.returncode == 0, done.stdout[-500:] + done.stderr
