"""The systemd unit, judged by systemd itself."""

import shutil
import subprocess
from pathlib import Path

import pytest

import edge_runtime

FOLDER = Path(edge_runtime.__file__).parent / "deploy"
UNITS = [FOLDER / "lesion-camera.service", FOLDER / "lesion-update.service"]
each_unit = pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)


def test_files_are_installed_with_the_runtime():
    assert {path.name for path in FOLDER.iterdir()} >= {
        "lesion-camera.service", "99-lesion-camera.rules", "camera.env",
        "lesion-update.service", "lesion-update.timer", "update.env",
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


@each_unit
def test_systemd_understands_every_line(systemd_analyze, tmp_path, unit):
    copy = tmp_path / unit.name
    # The only thing that a machine without the service lacks: its program.
    copy.write_text(
        unit.read_text().replace("/opt/lesion-edge/venv/bin/python", "/bin/true")
    )
    done = systemd_analyze("verify", "--man=no", str(copy))
    ours = [line for line in done.stderr.splitlines() if unit.name in line]
    assert ours == []


@each_unit
def test_systemd_calls_it_hardened(systemd_analyze, unit):
    done = systemd_analyze(
        "security", "--offline=true", "--no-pager", "--threshold=30", str(unit)
    )
    # Exposure of at most 3.0 of 10; systemd calls 0 to 4 OK, and an open service 9.6.
    assert done.returncode == 0, done.stdout[-500:] + done.stderr


def test_timer_is_understood_and_starts_the_update(systemd_analyze, tmp_path):
    for name in ("lesion-update.service", "lesion-update.timer"):
        text = (FOLDER / name).read_text()
        text = text.replace("/opt/lesion-edge/venv/bin/python", "/bin/true")
        (tmp_path / name).write_text(text)
    done = systemd_analyze("verify", "--man=no", str(tmp_path / "lesion-update.timer"))
    ours = [line for line in done.stderr.splitlines() if "lesion-update" in line]
    assert ours == []
    when = systemd_analyze("calendar", "daily")
    assert when.returncode == 0


def test_update_can_write_where_its_model_lies():
    words = dict(
        line.split("=", 1)
        for line in (FOLDER / "update.env").read_text().splitlines()
        if "=" in line
    )
    unit = (FOLDER / "lesion-update.service").read_text()
    assert f"ReadWritePaths={Path(words['MODEL']).parent}\n" in unit
