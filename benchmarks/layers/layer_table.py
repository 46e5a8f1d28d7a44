"""The layer bench's page and its tables."""

import math
from collections.abc import Iterator

from benchmarks.layers.report import (
    LayerReport,
    LayerTime,
    NetworkLayers,
    next_factor,
    peak_gmacs,
    stream_gbytes,
)
from benchmarks.reporting.markdown import markdown_table
from benchmarks.text.formatting import machine_line, milliseconds
from benchmarks.text.tables import Table
from edge_runtime.verdict import NOTICE

MOST_LAYERS = 12
"""Of a network with a hundred, the table shows those that take longest."""


def layers_markdown(report: LayerReport) -> str:
    """The page."""
    return "\n\n".join(_parts(report)) + "\n"


def _parts(report: LayerReport) -> Iterator[str]:
    yield "# Distance to the limit"
    yield f"**{NOTICE}**"
    yield (
        f"{machine_line(report.machine)}; {report.interpreter} with XNNPACK,"
        f" {report.threads} thread(s); commit {report.commit}; {report.rounds} rounds,"
        " each with everything opened anew; the fastest run of each, lower quartile"
        " over rounds. A layer's time is that of"
        " the network up to it less that of the network before it; the first one holds"
        " the call itself."
        " A layer that shrinks its input may come out below zero: the network before it"
        " has more to hand over. The limit is the longer of its multiplications at"
        f" {peak_gmacs(report.probes):.0f} GMAC/s and its weights, input and output at"
        f" {stream_gbytes(report.probes):.0f} GB/s, the best that int8 matrix products"
        " reached here in the same interpreter and kernels."
    )
    yield from markdown_table(network_table(report))
    yield "The next factor of two:"
    yield "\n".join(
        f"- {network.model}: {next_factor(network)}." for network in report.networks
    )
    yield from markdown_table(probe_table(report))
    for network in report.networks:
        yield from markdown_table(layer_table(network))


def network_table(report: LayerReport) -> Table:
    """One row a network."""
    peak = peak_gmacs(report.probes)
    return Table(
        "Networks",
        ("model", "million MAC", "ms", "GMAC/s", "of the peak", "limit ms", "to gain"),
        tuple(
            (
                network.model,
                f"{network.macs / 1e6:.1f}",
                milliseconds(network.ms),
                f"{network.gmacs:.0f}",
                f"{network.gmacs / peak:.0%}",
                milliseconds(network.limit_ms),
                f"{network.ms / network.limit_ms:.1f} x",
            )
            for network in report.networks
        ),
        "Multiplications of a photo, by time, by the fastest product; the limit is the"
        " sum of the layers' limits.",
    )


def probe_table(report: LayerReport) -> Table:
    """One row a matrix product."""
    return Table(
        "Probes",
        ("int8 product", "ms", "GMAC/s"),
        tuple(
            (
                f"{probe.rows} x {probe.depth} by {probe.depth} x {probe.columns}",
                milliseconds(probe.ms),
                f"{probe.gmacs:.0f}",
            )
            for probe in report.probes
        ),
        "Products of one row read a byte for each multiplication: GMAC/s is GB/s.",
    )


def layer_table(network: NetworkLayers) -> Table:
    """The layers that take longest, in the network's order."""
    numbered = list(enumerate(network.layers, 1))
    longest = sorted(numbered, key=lambda pair: -pair[1].ms)[:MOST_LAYERS]
    shown = sorted(longest, key=lambda pair: pair[0])
    left = len(network.layers) - len(shown)
    rest = network.ms - math.fsum(layer.ms for _, layer in shown)
    return Table(
        network.model,
        ("layer", "output", "million MAC", "ms", "95 %", "GMAC/s", "limit ms"),
        tuple(
            (
                f"{place} {layer.kind}",
                " x ".join(map(str, layer.output[1:])),
                f"{layer.macs / 1e6:.2f}",
                f"{layer.ms:.4f}",
                f"{layer.low_ms:.4f} to {layer.high_ms:.4f}",
                _rate(layer),
                f"{layer.limit_ms:.4f}",
            )
            for place, layer in shown
        ),
        f"{left} more layers: {rest:.4f} ms together." if left else "All layers.",
    )


def _rate(layer: LayerTime) -> str:
    if not layer.macs:
        return "moves only"
    if layer.low_ms <= 0:
        return "lost in noise"
    return f"{layer.macs / layer.ms / 1e6:.0f}"
