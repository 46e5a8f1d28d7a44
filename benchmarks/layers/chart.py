"""Per-operator profile of every network, for the report's page."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.layers.report import (
    FILE,
    LayerReport,
    NetworkLayers,
    next_factor,
    peak_gmacs,
    stream_gbytes,
)
from benchmarks.reporting.chart_style import COLOURS, GREY, Chart, layout
from benchmarks.results.bench_file import read_bench

REST = "other"
_WORDS = {
    "CONV_2D": "convolution",
    "DEPTHWISE_CONV_2D": "depthwise convolution",
    "FULLY_CONNECTED": "dense",
    "MAX_POOL_2D": "pooling",
    "ADD": "addition",
}


def read_layers(folder: Path) -> LayerReport | None:
    """What the layer bench left in the folder; None if it did not run.

    Raises:
        BenchmarkError: when the file is not the layer bench's.
    """
    return read_bench(folder / FILE, LayerReport, "benchmarks.layers.layer_bench")


def layer_charts(report: LayerReport | None) -> Sequence[Chart]:
    """The chart, or nothing if the layer bench did not run."""
    if report is None or not report.networks:
        return ()
    kinds = [*_WORDS.values(), REST]
    networks = report.networks[::-1]
    frame = layout(70 + 46 * len(networks), "% of the network's time", "")
    frame |= {"barmode": "stack", "margin": {"l": 8, "r": 10, "t": 8, "b": 48}}
    frame["yaxis"] |= {"automargin": True, "tickfont": {"size": 11}}
    frame["xaxis"] |= {"range": [0, 100]}
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "name": kind,
            "x": [
                _milliseconds(network, kind) * 100 / network.ms for network in networks
            ],
            "y": [network.model for network in networks],
            "customdata": [_hover(network, kind) for network in networks],
            "marker": {"color": colour},
            "hovertemplate": f"{kind}: %{{x:.0f}} %<br>%{{customdata}}"
            "<extra>%{y}</extra>",
        }
        for kind, colour in zip(kinds, (*COLOURS[:5], GREY), strict=True)
    ]
    return (
        Chart(
            "Which operators the interpreter's time goes into",
            {"data": traces, "layout": frame},
            "By the network up to each layer less the network before it,"
            f" {report.threads} thread(s). This machine reaches"
            f" {peak_gmacs(report.probes):.0f} int8 GMAC/s in matrix products and reads"
            f" weights at {stream_gbytes(report.probes):.0f} GB/s. The next factor of"
            " two:\n"
            + "\n".join(
                f"{network.model}, {network.gmacs:.0f} GMAC/s: {next_factor(network)}."
                for network in report.networks
            ),
        ),
    )


def _milliseconds(network: NetworkLayers, kind: str) -> float:
    return max(
        0.0, sum(layer.ms for layer in network.layers if _kind(layer.kind) == kind)
    )


def _hover(network: NetworkLayers, kind: str) -> str:
    found = [layer for layer in network.layers if _kind(layer.kind) == kind]
    milliseconds = sum(layer.ms for layer in found)
    macs = sum(layer.macs for layer in found)
    rate = (
        f", {macs / milliseconds / 1e6:.0f} GMAC/s" if macs and milliseconds > 0 else ""
    )
    limit = sum(layer.limit_ms for layer in found)
    return f"{len(found)} layers, {milliseconds:.3f} ms{rate}<br>limit {limit:.3f} ms"


def _kind(kernel: str) -> str:
    return _WORDS.get(kernel, REST)
