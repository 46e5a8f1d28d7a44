import dataclasses
import json
import subprocess

import pytest
from PIL import Image

from benchmarks import report
from benchmarks.measure.sustained import Window

pytest.importorskip("plotly", reason="the page holds Plotly's script")


@pytest.fixture
def results(result, tmp_path):
    result.write(tmp_path / "pi" / "cnn32.qat_int8.json")
    return tmp_path


def test_old_results_give_the_same_report_again(results, capsys):
    assert report.main([str(results)]) == 0
    names = ("report.json", "report.csv", "report.md", "report.html")
    first = {name: (results / name).read_bytes() for name in names}
    assert report.main([str(results)]) == 0
    assert {name: (results / name).read_bytes() for name in names} == first
    assert capsys.readouterr().out.splitlines()[-1].endswith("report.html")


def test_no_results_are_an_error_that_says_what_to_do(tmp_path, capsys):
    assert report.main([str(tmp_path)]) == 1
    assert "Measure first" in capsys.readouterr().err


def test_a_broken_result_is_named(results, capsys):
    (results / "pi" / "broken.json").write_text("{", encoding="utf-8")
    assert report.main([str(results)]) == 1
    assert "broken.json" in capsys.readouterr().err


def test_page_holds_the_report_and_the_shift_bench(results, tmp_path):
    page = tmp_path / "docs" / "results.md"
    page.parent.mkdir()
    assert report.main([str(results), "--page", str(page)]) == 0
    assert page.read_text() == (results / "report.md").read_text()
    (results / "shifts.md").write_text("# Shift bench\n\nrows\n", encoding="utf-8")
    assert report.main([str(results), "--page", str(page)]) == 0
    assert page.read_text().startswith((results / "report.md").read_text())
    assert page.read_text().endswith("\n## Shift bench\n\nrows\n")


def test_speed_has_a_page_of_its_own_without_quality(result, tmp_path):
    windows = tuple(
        Window(60.0 * place, 100, 2.0 + place, 3.0 + place, None, 2400.0)
        for place in range(10)
    )
    measurement = dataclasses.replace(result.measurement, sustained=windows)
    warm = dataclasses.replace(result, measurement=measurement)
    warm.write(tmp_path / "pi" / "cnn32.qat_int8.json")
    (tmp_path / "peers.md").write_text("# Other runtimes\n\nrows\n", encoding="utf-8")
    pytest.importorskip("matplotlib", reason="static charts are drawn by Matplotlib")
    page = tmp_path / "speed.md"
    assert report.main([str(tmp_path), "--speed-page", str(page), "--static"]) == 0
    text = page.read_text(encoding="utf-8")
    assert text.endswith("\n## Other runtimes\n\nrows\n")
    # First tenth 2 ms, last 11; ten stretches of a minute.
    assert "| cnn32.qat_int8 | 10.0 | 1,000 | 2.00 | 11.0 | 5.50 | 11.0 |" in text
    assert "### Quality" not in text
    assert "not a medical device" in text
    assert (tmp_path / "pi.drift.png").read_bytes().startswith(b"\x89PNG")


def test_files_of_several_devices_make_one_report(result, machine, tmp_path):
    measurement = result.measurement
    other = dataclasses.replace(machine, board="Raspberry Pi Zero 2 W Rev 1.0")
    slow = dataclasses.replace(
        result, measurement=dataclasses.replace(measurement, machine_before=other)
    )
    result.write(tmp_path / "a.json")
    slow.write(tmp_path / "b.json")
    words = [str(tmp_path / "a.json"), str(tmp_path / "b.json")]
    assert report.main([*words, "--out", str(tmp_path / "both")]) == 0
    made = json.loads((tmp_path / "both" / "report.json").read_text(encoding="utf-8"))
    assert [section["machine"] for section in made["sections"]] == [
        "raspberry-pi-5-model-b-rev-1.0-4-cores",
        "raspberry-pi-zero-2-w-rev-1.0-4-cores",
    ]


def test_single_files_need_a_folder_for_the_report(tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        report.main([str(tmp_path / "a.json")])
    assert stop.value.code == 2
    assert "--out" in capsys.readouterr().err


def test_static_charts_are_the_same_bytes_for_the_same_results(results):
    pytest.importorskip("matplotlib", reason="static charts are drawn by Matplotlib")
    assert report.main([str(results), "--static"]) == 0
    first = [(results / f"pi.{kind}").read_bytes() for kind in ("svg", "png")]
    # Error bars of one model in two panels, among other lines.
    assert first[0].count(b"<path") > 8
    assert first[1].startswith(b"\x89PNG")
    assert report.main([str(results), "--static"]) == 0
    assert [(results / f"pi.{kind}").read_bytes() for kind in ("svg", "png")] == first


class TestMostWrong:
    @pytest.fixture
    def photos(self, scores, tmp_path):
        folder = tmp_path / "photos"
        folder.mkdir()
        for place, photo in enumerate(scores):
            Image.new("RGB", (64, 64), (200, 20 * place, 90)).save(folder / photo.photo)
        return folder

    def test_the_page_shows_misses_and_false_alarms(self, results, photos, capsys):
        assert report.main([str(results), "--photos", str(photos)]) == 0
        page = (results / "most_wrong.html").read_text(encoding="utf-8")
        # One malignant below 0.5 and one other above, of six.
        assert page.count("data:image/jpeg") == 2
        assert "malignant, missed (1 of 1)" in page
        assert "o1.png<br>score 0.600, threshold 0.500" in page
        html = (results / "report.html").read_text(encoding="utf-8")
        assert "data:image/jpeg" not in html
        assert "most_wrong.html" in capsys.readouterr().out

    def test_git_never_sees_a_page_with_photos(self, root):
        done = subprocess.run(
            ["git", "check-ignore", "somewhere/most_wrong.html", "paired.html"],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 128:
            pytest.skip("this is no git checkout")
        assert len(done.stdout.splitlines()) == 2

    def test_a_folder_without_the_photos_is_an_error(self, results, tmp_path, capsys):
        empty = tmp_path / "empty"
        empty.mkdir()
        assert report.main([str(results), "--photos", str(empty)]) == 1
        assert "folder of the manifest" in capsys.readouterr().err
        assert not (results / "most_wrong.html").exists()
