"""How far the networks are from what this machine could do, layer by layer.

Run: python -m benchmarks.layers.layer_bench --models models --photos samples --out
results
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.errors import BenchmarkError
from benchmarks.layers.graph import layers
from benchmarks.layers.report import (
    FILE,
    PAGE,
    LayerReport,
    LayerTime,
    NetworkLayers,
    Probe,
    layers_markdown,
    limit_ms,
    network_table,
    next_factor,
    probe_table,
)
from benchmarks.layers.timing import (
    MATRICES,
    VECTORS,
    differences_ms,
    opened,
    openings,
    product,
    turns_ms,
    undisturbed_ms,
)
from benchmarks.measure.plan import chosen_models
from benchmarks.text.tables import text_table
from edge_runtime.files.atomic import write_text
from edge_runtime.files.strict_json import to_json
from edge_runtime.measuring.machine import describe_machine
from edge_runtime.measuring.revision import CHECKOUT, revision
from edge_runtime.model.file import ModelFile, read_model_file
from edge_runtime.model.interpreter import open_model_file
from edge_runtime.photos.paths import photos_in
from edge_runtime.photos.preprocessing import load_pixels
from edge_runtime.terminal.arguments import at_least
from edge_runtime.terminal.command_parser import Defaults
from edge_runtime.terminal.exit_status import exit_status
from edge_runtime.terminal.native_log import without_info_lines
from edge_runtime.terminal.progress import ProgressLine
from edge_runtime.verdict import NOTICE


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option."""

    models: Path
    only: tuple[str, ...]
    photos: Path
    out: Path
    threads: int
    rounds: int
    runs: int


def parse(arguments: Sequence[str] | None) -> Settings:
    """Turn command-line arguments into settings, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Time every layer of every model file, and small int8 matrix"
        " products in the same interpreter; say how far each layer is from them."
        " Research and education; not a medical device.",
        epilog="exit status: 0 measured; 1 a model or the photo cannot be used; 2 wrong"
        " usage",
        formatter_class=Defaults,
    )
    option = parser.add_argument
    option("--models", type=Path, default=CHECKOUT / "models", help="folder of .tflite")
    option("--only", nargs="+", default=[], metavar="NAME", help="just these models")
    option(
        "--photos", type=Path, default=CHECKOUT / "samples", help="the first is used"
    )
    option("--out", type=Path, default=CHECKOUT / "results", help=f"for {FILE}, {PAGE}")
    option("--threads", type=at_least(1), default=1, help="of the kernels")
    option("--rounds", type=at_least(3), default=15, help="turns of every layer")
    option("--runs", type=at_least(1), default=10, help="timed runs in each turn")
    options = parser.parse_args(arguments)
    return Settings(**{**vars(options), "only": tuple(options.only)})


def measure(settings: Settings) -> LayerReport:
    """Probes first, then one network after the other.

    Raises:
        EdgeRuntimeError: when a model or the photo cannot be used.
    """
    models = chosen_models(settings.models, settings.only)
    photo = next(photos_in([settings.photos]))
    before = describe_machine()
    with ProgressLine() as line, without_info_lines():
        line.show("probes", 0, len(models))
        probes = _probes(settings)
        networks, interpreter = [], ""
        for place, path in enumerate(models.values()):
            line.show("networks measured", place, len(models), path.stem)
            file = read_model_file(path)
            model = open_model_file(file)
            if model.kernel_family != "xnnpack":
                raise BenchmarkError(
                    f"{model.name} runs {path.stem} without XNNPACK here; the limits"
                    " are those of XNNPACK's kernels"
                )
            interpreter = f"{model.name} {model.version}"
            networks.append(_network(path.stem, file, photo, probes, settings))
    return LayerReport(
        commit=revision().commit,
        machine=before,
        interpreter=interpreter,
        threads=settings.threads,
        rounds=settings.rounds,
        probes=probes,
        networks=tuple(networks),
    )


def _probes(settings: Settings) -> tuple[Probe, ...]:
    shapes = (*MATRICES, *VECTORS)
    opening = [
        partial(opened, product(*shape), None, settings.threads) for shape in shapes
    ]
    times_ms = undisturbed_ms(
        turns_ms(opening, rounds=settings.rounds, runs=settings.runs)
    )
    return tuple(
        Probe(*shape, float(ms), float(np.prod(shape) / ms / 1e6))
        for shape, ms in zip(shapes, times_ms, strict=True)
    )


def _network(
    name: str,
    file: ModelFile,
    photo: Path,
    probes: Sequence[Probe],
    settings: Settings,
) -> NetworkLayers:
    spec = file.card.input
    table = spec.quantization.store_pixels(spec.mean, spec.std)
    stored = table[load_pixels(photo, spec.size_px)][np.newaxis]
    opening = openings(file.model, stored, settings.threads)
    fastest = turns_ms(opening, rounds=settings.rounds, runs=settings.runs)
    return NetworkLayers(
        name,
        float(undisturbed_ms(fastest)[-1]),
        tuple(
            LayerTime(
                layer.kind,
                layer.output,
                layer.macs,
                layer.moved_bytes,
                float(ms),
                float(low_ms),
                float(high_ms),
                limit_ms(layer.macs, layer.moved_bytes, probes),
            )
            for layer, ms, low_ms, high_ms in zip(
                layers(file.model), *differences_ms(fastest), strict=True
            )
        ),
    )


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    settings = parse(arguments)
    report = measure(settings)
    write_text(settings.out / FILE, to_json(report))
    write_text(settings.out / PAGE, layers_markdown(report))
    for table in (probe_table(report), network_table(report)):
        print(f"{text_table(table.head, table.rows)}\n")
    for network in report.networks:
        print(f"{network.model}: {next_factor(network)}")
    print(f"\n{NOTICE}\n{settings.out / PAGE}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
