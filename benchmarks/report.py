"""Make one report of results, of any age and device: JSON, CSV, Markdown and HTML.

Run: python benchmarks/report.py results
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

if not __package__:
    # Started as a file: Python put benchmarks/ first on the path. Put the checkout
    # there instead, so that our packages import and no module here hides another.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.costs.chart import cost_charts, read_costs
from benchmarks.html.most_wrong import FILE as MOST_WRONG
from benchmarks.html.most_wrong import most_wrong_page
from benchmarks.html.page import page, plotly_script
from benchmarks.layers.chart import layer_charts, read_layers
from benchmarks.reporting.markdown import markdown, speed_markdown
from benchmarks.reporting.published import read_published
from benchmarks.reporting.spreadsheet import spreadsheet
from benchmarks.reporting.static_chart import static_charts
from benchmarks.reporting.summary import Report, summarise
from benchmarks.results.gathering import REPORT, gathered
from benchmarks.robustness.shift_chart import charts_of, read_shifts
from edge_runtime.files.atomic import write_bytes, write_text
from edge_runtime.files.strict_json import to_json
from edge_runtime.terminal.exit_status import exit_status

# What other commands write into the results folder, in the page's order.
PARTS = (
    "published_runs.md",
    "grid.md",
    "seeds.md",
    "ensemble.md",
    "sites.md",
    "shifts.md",
)
SPEED_PARTS = ("agreement.md", "peers.md", "layers.md", "costs.md")
"""What has to do with the machine alone has a page of its own."""


@dataclass(frozen=True)
class Settings:
    """What the command line asks for.

    Attributes:
        results: folders with one folder per machine, and single files of devices.
        out: folder for the report; the first of ``results`` when absent.
        static: also draw one SVG and one PNG for each machine, with Matplotlib.
        page: a Markdown file to write as well, the shift bench's tables included.
        speed_page: another one, without quality, with peers, layers and costs.
        photos: folder of the manifest; a page of its own shows the most wrong photos.
    """

    results: tuple[Path, ...]
    out: Path | None = None
    page: Path | None = None
    speed_page: Path | None = None
    static: bool = False
    photos: Path | None = None


def parse(arguments: Sequence[str] | None) -> Settings:
    """Turn command-line arguments into settings, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Make one report of all results given, also of several devices."
    )
    parser.add_argument(
        "results",
        nargs="+",
        type=Path,
        help="folder that benchmarks/run.py wrote (MACHINE/MODEL.json), or one file,"
        " such as a device sent",
    )
    parser.add_argument(
        "--out", type=Path, help="folder for the report; the first one when absent"
    )
    parser.add_argument(
        "--page",
        type=Path,
        help="write the report with the shift bench's tables to this Markdown file too",
    )
    parser.add_argument(
        "--speed-page",
        type=Path,
        help="write latency, peers, layers and costs to this Markdown file too",
    )
    parser.add_argument(
        "--static",
        action="store_true",
        help="draw MACHINE.svg and MACHINE.png too (needs Matplotlib)",
    )
    parser.add_argument(
        "--photos",
        type=Path,
        help=f"folder of the manifest: show the most wrong photos in {MOST_WRONG}"
        " beside the report, for this computer only",
    )
    options = parser.parse_args(arguments)
    if options.out is None and not options.results[0].is_dir():
        parser.error("expected a folder first, or --out FOLDER for the report")
    if options.photos is not None and not options.photos.is_dir():
        parser.error(f"--photos {options.photos}: expected a folder")
    return Settings(**{**vars(options), "results": tuple(options.results)})


def write_report(report: Report, folder: Path) -> Path:
    """Write all views of a report; returns the path of the HTML page."""
    html = folder / f"{REPORT}.html"
    write_text(folder / f"{REPORT}.json", to_json(report))
    write_text(folder / f"{REPORT}.csv", spreadsheet(report))
    write_text(folder / f"{REPORT}.md", markdown(report))
    last = (
        *layer_charts(read_layers(folder)),
        *cost_charts(read_costs(folder)),
        *charts_of(read_shifts(folder)),
    )
    write_text(html, page(report, plotly_script(), charts_last=last))
    return html


def make_report(settings: Settings) -> Path:
    """Read all results and write their report; returns the HTML page's path."""
    folder = settings.out or settings.results[0]
    results = gathered(settings.results)
    report = summarise(results, read_published())
    if settings.photos is not None:
        write_text(folder / MOST_WRONG, most_wrong_page(results, settings.photos))
    if settings.page is not None:
        write_text(settings.page, results_page(report, folder))
    if settings.speed_page is not None:
        write_text(settings.speed_page, speed_page(report, folder))
    if settings.static:
        for section in report.sections:
            for kind, content in static_charts(section).items():
                write_bytes(folder / f"{section.machine}.{kind}", content)
    return write_report(report, folder)


def results_page(report: Report, folder: Path) -> str:
    """The report as Markdown, then what the other benches wrote, if they ran."""
    return "\n".join((markdown(report), *_parts(folder, PARTS)))


def speed_page(report: Report, folder: Path) -> str:
    """Durations of every machine, then what the benches of the machine wrote."""
    return "\n".join((speed_markdown(report), *_parts(folder, SPEED_PARTS)))


def _parts(folder: Path, names: Sequence[str]) -> Iterator[str]:
    """What other commands left in the folder, as sections of a page."""
    for name in names:
        if (folder / name).exists():
            text = (folder / name).read_text(encoding="utf-8")
            yield f"#{text}" if text.startswith("# ") else text


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    settings = parse(arguments)
    html = make_report(settings)
    if settings.photos is not None:
        print(html.with_name(MOST_WRONG))
    print(html)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
