"""What a device measures by itself, read by the reports of this folder."""

import pytest

from benchmarks import report
from benchmarks.results.result import RESULT_FORMAT, BenchmarkResult
from edge_runtime.__main__ import main
from edge_runtime.commands import bench


@pytest.fixture
def from_device(root, model_path, tmp_path, capsys):
    """File that ``bench`` printed on a device."""
    pytest.importorskip("ai_edge_litert", reason="no interpreter is installed")
    photos = ["--photos", str(root / "samples")]
    assert (
        main(
            [
                "bench",
                str(model_path),
                "--json",
                "--runs",
                "5",
                "--warmup",
                "1",
                *photos,
            ]
        )
        == 0
    )
    path = tmp_path / "pi.json"
    path.write_text(capsys.readouterr().out)
    return path


def test_it_is_a_result_like_any_other(from_device, model_path):
    assert bench.RESULT_FORMAT == RESULT_FORMAT
    result = BenchmarkResult.read(from_device)
    assert result.measurement.subject.name == model_path.stem
    assert len(result.measurement.timing.photo_to_verdict_ms) == 5
    assert result.quality == ()


def test_a_report_shows_it(from_device, model_path, tmp_path):
    assert report.main([str(from_device), "--out", str(tmp_path / "report")]) == 0
    shown = (tmp_path / "report/report.md").read_text()
    assert model_path.stem in shown
    assert "without a manifest" in shown
    assert "not measured" in shown
