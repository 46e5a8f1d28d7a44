"""What layers take beside what this machine could do: rows, limits, words."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.text.formatting import machine_line, milliseconds
from benchmarks.text.tables import Table, markdown_table
from edge_runtime.measuring.machine import Machine
from edge_runtime.verdict import NOTICE

FILE, PAGE = "layers.json", "layers.md"


@dataclass(frozen=True)
class Probe:
    """One matrix product.

    Attributes:
        rows: of the input; 1 reads each weight for one multiplication.
        depth: length of the sums.
        columns: of the weights.
        ms: of the fastest run of each round, the lower quartile.
        gmacs: billions of multiplications a second.
    """

    rows: int
    depth: int
    columns: int
    ms: float
    gmacs: float


@dataclass(frozen=True)
class LayerTime:
    """One layer.

    Attributes:
        kind: name of its kernel.
        output: shape of what it computes.
        macs: multiplications.
        moved_bytes: weights, input and output.
        ms: that it adds to the network; the first one holds the call itself.
        low_ms: lower end of the 95 % interval.
        high_ms: upper end.
        limit_ms: at the probes' rates; see ``limit_ms``.
    """

    kind: str
    output: tuple[int, ...]
    macs: int
    moved_bytes: int
    ms: float
    low_ms: float
    high_ms: float
    limit_ms: float


@dataclass(frozen=True)
class NetworkLayers:
    """One model file: its time as a whole, and its layers in order."""

    model: str
    ms: float
    layers: tuple[LayerTime, ...]

    @property
    def macs(self) -> int:
        """Multiplications for one photo."""
        return sum(layer.macs for layer in self.layers)

    @property
    def gmacs(self) -> float:
        """Billions of them a second."""
        return self.macs / self.ms / 1e6

    @property
    def limit_ms(self) -> float:
        """Were every layer at its limit."""
        return sum(layer.limit_ms for layer in self.layers)


@dataclass(frozen=True)
class LayerReport:
    """All networks and probes, and what they were measured on.

    Attributes:
        commit: of the checkout; None outside one.
        machine: before the first timing.
        interpreter: name and version.
        threads: of the kernels.
        rounds: turns of everything.
        probes: matrix products.
        networks: one a model file.
    """

    commit: str | None
    machine: Machine
    interpreter: str
    threads: int
    rounds: int
    probes: tuple[Probe, ...]
    networks: tuple[NetworkLayers, ...]


def peak_gmacs(probes: Sequence[Probe]) -> float:
    """The fastest product of whole matrices: bound by arithmetic."""
    return max(probe.gmacs for probe in probes if probe.rows > 1)


def stream_gbytes(probes: Sequence[Probe]) -> float:
    """The fastest product of one row, which reads a byte for each multiplication."""
    return max(probe.gmacs for probe in probes if probe.rows == 1)


def limit_ms(macs: int, moved_bytes: int, probes: Sequence[Probe]) -> float:
    """The longer of multiplying at the peak and of moving everything once."""
    arithmetic = macs / peak_gmacs(probes)
    return max(arithmetic, moved_bytes / stream_gbytes(probes)) / 1e6


def next_factor(network: NetworkLayers) -> str:
    """What halving this network's time would need, in words."""
    half, limit = network.ms / 2, network.limit_ms
    at_limit = f"{milliseconds(limit)} ms at the probes' rates"
    if limit > half:
        return (
            f"{at_limit}; half of {milliseconds(network.ms)} ms needs"
            f" {1 - half / limit:.0%} fewer multiplications or bytes as well, or a"
            " second core"
        )
    saved, needed = 0.0, []
    for layer in sorted(network.layers, key=lambda layer: layer.limit_ms - layer.ms):
        saved += layer.ms - layer.limit_ms
        needed.append(layer.kind)
        if saved >= half:
            break
    named = ", ".join(f"{count} {kind}" for kind, count in Counter(needed).items())
    return (
        f"{at_limit}; half of {milliseconds(network.ms)} ms needs these rates in"
        f" {len(needed)} of {len(network.layers)} layers: {named}"
    )


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
