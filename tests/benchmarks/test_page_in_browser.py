"""The report in Chromium: drawn without network, filtered, readable on a phone."""

import dataclasses
import os
import shutil

import pytest

from benchmarks.page import page, plotly_script
from benchmarks.published import read_published
from benchmarks.shift_heat import shift_chart
from benchmarks.shift_report import NO_SHIFT, ShiftReport, ShiftRow
from benchmarks.summary import summarise

api = pytest.importorskip(
    "playwright.sync_api", reason="no browser driver here; run make test-web"
)
pytest.importorskip("plotly", reason="the page holds Plotly's script")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def browser():
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if path is None:
        pytest.skip("no Chromium; run make test-web, or set CHROMIUM to one")
    with api.sync_playwright() as opened:
        started = opened.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def report_path(result, tmp_path_factory):
    """Two models, so that there is something to filter, and a shift bench."""
    subject = dataclasses.replace(result.measurement.subject, name="second.qat_int8")
    measurement = dataclasses.replace(result.measurement, subject=subject)
    second = dataclasses.replace(result, measurement=measurement)
    report = summarise({"pi": [result, second]}, read_published())
    shifts = ShiftReport(
        "test",
        6,
        None,
        tuple(
            ShiftRow(model, shift, strength, 0.9 - strength / 10, 0.9, 0.8)
            for model in ("cnn32.qat_int8", "second.qat_int8")
            for shift, strength in ((NO_SHIFT, 0), ("darker", 2))
        ),
    )
    path = tmp_path_factory.mktemp("report") / "report.html"
    html = page(report, plotly_script(), charts_last=[shift_chart(shifts)])
    path.write_text(html, encoding="utf-8")
    return path


@pytest.fixture(params=[(1280, 900), (390, 844)], ids=["desktop", "phone"])
def opened(browser, report_path, request):
    """The page, and what it complained about or asked a network for."""
    width, height = request.param
    context = browser.new_context(
        viewport={"width": width, "height": height}, offline=True
    )
    tab = context.new_page()
    complaints = []
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("requestfailed", lambda request: complaints.append(request.url))
    tab.goto(report_path.as_uri(), timeout=120_000)  # 5 MB, and maybe a busy machine.
    tab.wait_for_selector("#chart-last-0 .main-svg")
    yield tab, complaints
    context.close()


def test_every_chart_is_drawn_and_nothing_is_fetched(opened):
    tab, complaints = opened
    drawn = tab.locator(".chart .main-svg:first-child")
    assert drawn.count() == tab.locator(".chart").count() >= 6
    assert complaints == []


def test_the_page_itself_never_scrolls_sideways(opened):
    tab, _ = opened
    assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    widest = tab.evaluate(
        "Math.max(...[...document.querySelectorAll('.chart svg')]"
        ".map(svg => svg.getBoundingClientRect().right))"
    )
    assert widest <= tab.viewport_size["width"]


def test_a_model_can_be_hidden_everywhere_and_shown_again(opened):
    tab, _ = opened
    box = tab.get_by_label("second.qat_int8")
    rows = tab.locator("tbody tr:not([hidden]) > th", has_text="second.qat_int8")
    marks = (
        "document.getElementById('chart-0-0').data"
        ".filter(trace => trace.visible !== false).length"
    )
    rows_before, marks_before = rows.count(), tab.evaluate(marks)
    assert rows_before > 2
    box.uncheck()
    assert rows.count() == 0
    assert tab.evaluate(marks) == marks_before - 2
    box.check()
    assert (rows.count(), tab.evaluate(marks)) == (rows_before, marks_before)
