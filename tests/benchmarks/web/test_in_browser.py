"""The programs that measure the pages in Chromium, each once and for real.

Each in a process of its own: Playwright opens once in a process, and other tests do.
"""

import re
import subprocess
import sys

import pytest

from training.synthetic.dataset import draw_table

pytestmark = pytest.mark.slow


@pytest.fixture
def run(root, chromium_path):
    """A function: a program of ``benchmarks.web`` with words, where Chromium is."""
    pytest.importorskip("flask", reason="the web extra is not installed")
    pytest.importorskip("playwright.sync_api", reason="run make test-web")
    if not (root / ".browser-files/index.js").is_file():
        pytest.skip("LiteRT.js is absent; run web_demo/fetch_browser_files.py")
    model = root / "models/lesion32.qat_int8.tflite"

    def program(name, *words, status=0):
        done = subprocess.run(
            [sys.executable, "-m", f"benchmarks.web.{name}", "--model", model, *words],
            cwd=root, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == status, done.stderr[-2000:]
        return done

    return program


def test_a_visitors_path_has_seconds_for_both_screens(run):
    head, _, *rows = run("visitor").stdout.splitlines()
    assert head == "| step | clicks | desktop, s | phone, s |"
    assert len(rows) == 7
    clicks = [int(row.split("|")[2]) for row in rows]
    assert clicks == [0, 2, 1, 1, 1, 1, 3]
    assert all(re.fullmatch(r"\d+\.\d", row.split("|")[3].strip()) for row in rows)


def test_page_and_server_are_compared_on_large_photos(run, tmp_path):
    manifest = draw_table(tmp_path, 12, 12, size_px=64, val_share=0.5)
    said = run("device_server", "--manifest", manifest, "--photos", "2").stdout
    *_, row = said.splitlines()
    name, mean, _, largest, decisions = (cell.strip() for cell in row.split("|")[1:-1])
    assert name == "lesion32.qat_int8"
    assert 0 <= float(mean) <= float(largest) < 0.1
    assert decisions.endswith("of 2")


def test_a_missing_manifest_is_said(run, tmp_path):
    done = run("device_server", "--manifest", tmp_path / "none.csv", status=1)
    assert "none.csv cannot be read" in done.stderr
