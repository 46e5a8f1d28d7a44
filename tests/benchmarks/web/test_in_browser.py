"""The programs that measure the pages in Chromium, each once and for real."""

import re

import pytest

from benchmarks.web import device_server, visitor
from training.synthetic.dataset import draw_table

pytestmark = pytest.mark.slow


@pytest.fixture
def model(root):
    """The smallest shipped model, where Chromium, Flask and LiteRT.js are at hand."""
    pytest.importorskip("flask", reason="the web extra is not installed")
    pytest.importorskip("playwright.sync_api", reason="run make test-web")
    if not (root / ".browser-files/index.js").is_file():
        pytest.skip("LiteRT.js is absent; run web_demo/fetch_browser_files.py")
    return str(root / "models/lesion32.qat_int8.tflite")


def test_a_visitors_path_has_seconds_for_both_screens(model, chromium_path, capsys):
    assert visitor.main(["--model", model]) == 0
    head, _, *rows = capsys.readouterr().out.splitlines()
    assert head == "| step | clicks | desktop, s | phone, s |"
    assert len(rows) == 7
    clicks = [int(row.split("|")[2]) for row in rows]
    assert clicks == [0, 2, 1, 1, 1, 1, 3]
    assert all(re.fullmatch(r"\d+\.\d", row.split("|")[3].strip()) for row in rows)


def test_page_and_server_are_compared_on_large_photos(
    model, chromium_path, tmp_path, capsys
):
    manifest = draw_table(tmp_path, 12, 12, size_px=64, val_share=0.5)
    words = ["--model", model, "--manifest", str(manifest), "--photos", "2"]
    assert device_server.main(words) == 0
    *_, row = capsys.readouterr().out.splitlines()
    name, mean, _, largest, decisions = (cell.strip() for cell in row.split("|")[1:-1])
    assert name == "lesion32.qat_int8"
    assert 0 <= float(mean) <= float(largest) < 0.1
    assert decisions.endswith("of 2")


def test_a_missing_manifest_is_said(model, chromium_path, tmp_path, capsys):
    words = ["--model", model, "--manifest", str(tmp_path / "none.csv")]
    assert device_server.main(words) == 1
    assert "none.csv cannot be read" in capsys.readouterr().err
