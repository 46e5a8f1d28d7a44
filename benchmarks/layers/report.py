"""What layers take beside what this machine could do: rows, limits, words."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.text.formatting import milliseconds
from edge_runtime.measuring.machine import Machine

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
