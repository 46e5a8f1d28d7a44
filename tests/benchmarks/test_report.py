import pytest

from benchmarks import report

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


def test_a_report_is_no_result(results):
    (results / "quickstart").mkdir()
    (results / "quickstart" / "report.json").write_text("{}", encoding="utf-8")
    assert list(report.read_results(results)) == ["pi"]


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
