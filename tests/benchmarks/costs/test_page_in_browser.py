"""The report in Chromium: drawn without network, filtered, readable on a phone."""

import dataclasses
import re

import pytest

from benchmarks.costs.cases import AXES, Cost
from benchmarks.costs.chart import cost_charts
from benchmarks.costs.report import CostReport, CostRow
from benchmarks.html.page import page, plotly_script
from benchmarks.layers.chart import layer_charts
from benchmarks.layers.report import LayerReport, LayerTime, NetworkLayers, Probe
from benchmarks.reporting.published import read_published
from benchmarks.reporting.summary import summarise
from benchmarks.robustness.shift_chart import shift_chart
from benchmarks.robustness.shift_report import NO_SHIFT, ShiftReport, ShiftRow

pytest.importorskip("plotly", reason="the page holds Plotly's script")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def browser(playwright, chromium_path):
    started = playwright.chromium.launch(
        executable_path=chromium_path, args=["--no-sandbox"]
    )
    yield started
    started.close()


OPEN = "document.querySelectorAll('details').forEach(fold => { fold.open = true; })"
ALL_DRAWN = (
    "[...document.querySelectorAll('.chart')].every(chart =>"
    " chart.querySelector('.main-svg') && chart.parentElement"
    ".querySelector('.legend').childElementCount + chart.data.length > 0)"
)
MODELS = ("cnn32.qat_int8", "second.qat_int8")


@pytest.fixture(scope="module")
def layer_report(machine):
    """Two networks of two layers."""
    made = (
        LayerTime("CONV_2D", (1, 8, 8, 4), 1_000_000, 1000, 0.02, 0.01, 0.03, 0.005),
        LayerTime("MEAN", (1, 4), 0, 1000, 0.01, 0.01, 0.01, 0.001),
    )
    networks = tuple(NetworkLayers(model, 0.03, made) for model in MODELS)
    probes = (Probe(256, 256, 256, 0.1, 200.0), Probe(1, 512, 512, 0.01, 50.0))
    return LayerReport("abc", machine, "litert 2", 1, 9, probes, networks)


@pytest.fixture(scope="module")
def cost_report(machine):
    """Every axis with two models that grow twice."""
    rows = tuple(
        CostRow(
            axis,
            "photo to verdict",
            model,
            amount,
            Cost(2.0 * amount, 3.0 * amount, 1.5, 30.0, 50.0 + amount),
        )
        for axis in AXES
        for model in MODELS
        for amount in (1.0, 10.0, 100.0)
    )
    return CostReport("abc", machine, "python -m benchmarks.costs.cost_bench", rows)


@pytest.fixture(scope="module")
def report_path(result, layer_report, cost_report, tmp_path_factory):
    """Two models, so that there is something to filter, and every other bench."""
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
            for model in MODELS
            for shift, strength in ((NO_SHIFT, 0), ("darker", 2))
        ),
    )
    path = tmp_path_factory.mktemp("report") / "report.html"
    last = [*layer_charts(layer_report), *cost_charts(cost_report), shift_chart(shifts)]
    html = page(report, plotly_script(), charts_last=last)
    path.write_text(html, encoding="utf-8")
    return path


@pytest.fixture(params=[(1280, 900), (390, 844)], ids=["desktop", "phone"])
def opened(browser, report_path, request):
    """The page with all folds open, and what it complained about or asked for."""
    width, height = request.param
    context = browser.new_context(
        viewport={"width": width, "height": height}, offline=True
    )
    tab = context.new_page()
    complaints = []
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("requestfailed", lambda request: complaints.append(request.url))
    tab.goto(report_path.as_uri(), timeout=120_000)  # 5 MB, and maybe a busy machine.
    assert tab.locator("#chart-last-6 .main-svg").count() == 0
    tab.evaluate(OPEN)
    tab.wait_for_function(ALL_DRAWN)
    yield tab, complaints
    context.close()


def test_every_chart_is_drawn_and_nothing_is_fetched(opened):
    tab, complaints = opened
    drawn = tab.locator(".chart .main-svg:first-child")
    assert drawn.count() == tab.locator(".chart").count() >= 12
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


def test_no_legend_covers_an_axis_title(opened):
    tab, _ = opened
    overlaps = tab.evaluate(
        """[...document.querySelectorAll('.chart')].filter(chart => {
          const legend = chart.parentElement.querySelector('.legend');
          const top = legend.getBoundingClientRect().top;
          return chart.querySelector('.legend .scrollbox') ||
            [...chart.querySelectorAll('.xtitle, .ytitle, .xtick text')].some(title =>
              title.getBoundingClientRect().bottom > top + 1);
        }).map(chart => chart.id)"""
    )
    assert overlaps == []


def test_a_name_below_a_chart_hides_its_line_there_only(opened):
    tab, _ = opened
    chart = tab.locator("section", has=tab.locator("#chart-0-0"))
    name = chart.get_by_role("button", name="second.qat_int8")
    shown = (
        "place => document.getElementById(place).data.filter("
        "trace => trace.visible === 'legendonly').length"
    )
    name.click()
    tab.wait_for_function(f"({shown})('chart-0-0') === 2")
    assert tab.evaluate(shown, "chart-0-1") == 0
    assert name.get_attribute("aria-pressed") == "false"


def test_a_table_wider_than_the_page_says_that_it_scrolls(opened):
    tab, _ = opened
    wrong = tab.evaluate(
        """[...document.querySelectorAll('.wide')].filter(wide =>
          wide.previousElementSibling.checkVisibility() !==
          wide.scrollWidth > wide.clientWidth + 1).length"""
    )
    assert wrong == 0
    hints = tab.locator(".hint:visible").count()
    assert hints > 0 or tab.viewport_size["width"] > 1000


def test_dark_pages_have_dark_charts_with_light_words(opened):
    tab, _ = opened
    tab.emulate_media(color_scheme="dark")
    tab.wait_for_function(
        "document.getElementById('chart-0-0').layout.paper_bgcolor !== '#fff'"
    )
    page, text, chart, words = tab.evaluate(
        """() => {
          const style = getComputedStyle(document.documentElement);
          const layout = document.getElementById('chart-0-0').layout;
          return [style.backgroundColor, style.color, layout.paper_bgcolor,
                  layout.font.color];
        }"""
    )
    assert luminance(page) < 0.02 and luminance(text) > 0.7
    assert luminance(chart) < 0.02 and luminance(words) > 0.7


def luminance(colour):
    """Relative luminance of ``rgb(r, g, b)`` or ``#rrggbb``, as WCAG 2 defines it."""
    if colour.startswith("#"):
        channels = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    else:
        channels = [int(part) for part in re.findall(r"\d+", colour)[:3]]
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (channel / 255 for channel in channels)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
