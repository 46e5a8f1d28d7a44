"""Our runtime beside others on the same network, in one interleaved run.

Run with the environment of ``make bench-peers``:
.venv-peers/bin/python -m benchmarks.peers.peer_bench --photos data/fanconic/test
"""

import argparse
import json
import random
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.errors import BenchmarkError
from benchmarks.measure.plan import chosen_models
from benchmarks.measure.timing import evenly_spaced
from benchmarks.peers.conversion import (
    quantised_by_onnxruntime,
    to_onnx,
    without_rounding,
)
from benchmarks.peers.process import Worker, running
from benchmarks.peers.runtimes import OURS, PEERS, Files
from benchmarks.peers.table import PeerReport, Row, peers_markdown
from benchmarks.results.comparison import ratio_of_medians
from edge_runtime.errors import EdgeRuntimeError
from edge_runtime.files.atomic import write_text
from edge_runtime.measuring.machine import describe_machine
from edge_runtime.measuring.revision import CHECKOUT, revision
from edge_runtime.photos.paths import photos_in
from edge_runtime.photos.preprocessing import load_pixels
from edge_runtime.terminal.arguments import at_least
from edge_runtime.terminal.command_parser import Defaults
from edge_runtime.terminal.exit_status import exit_status

MOST_RUNS = {"infer": 20, "judge": 5}
"""A turn: inferences, then photos to a score."""
# A runtime that takes 700 ms would need most of the time for figures nobody doubts.
FEWEST_RUNS, LONGEST_MS = 2, 500.0


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option."""

    models: Path
    photos: Path
    out: Path
    rounds: int
    only: tuple[str, ...]


def parse(arguments: Sequence[str] | None) -> Settings:
    """Turn command-line arguments into settings, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Time every model file in our runtime and in those of others, one"
        " process each and turn by turn, one thread.",
        formatter_class=Defaults,
    )
    option = parser.add_argument
    option("--models", type=Path, default=CHECKOUT / "models", help="folder of .tflite")
    option("--photos", type=Path, required=True, help="photo or folder of them")
    option("--out", type=Path, default=CHECKOUT / "results", help="for peers.json, .md")
    option("--rounds", type=at_least(2), default=20, help="turns of every peer")
    option("--only", nargs="+", default=[], metavar="NAME", help="just these models")
    options = parser.parse_args(arguments)
    return Settings(**{**vars(options), "only": tuple(options.only)})


def bench(settings: Settings) -> PeerReport:
    """Measure every model; rows come in the order of the files and of ``PEERS``."""
    models = chosen_models(settings.models, settings.only)
    photos = evenly_spaced(list(photos_in([settings.photos])), 50)
    before = describe_machine()
    rows: list[Row] = []
    for path in models.values():
        print(path.stem, file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as folder:
            rows += _one_model(path, photos, Path(folder), settings.rounds)
    return PeerReport(revision().commit, before, settings.rounds, tuple(rows))


def _one_model(model: Path, photos: list[Path], folder: Path, rounds: int) -> list[Row]:
    case = _prepared(model, photos, folder)
    with ExitStack() as stack:
        workers: dict[str, Worker] = {}
        rows: dict[str, Row] = {}
        for name in PEERS:
            try:
                worker = stack.enter_context(running({**case, "peer": name}))
            except BenchmarkError as error:
                rows[name] = Row(model.stem, name, problem=str(error))
            else:
                workers[name] = worker
        if OURS not in workers:
            raise BenchmarkError(f"our own runtime failed: {rows[OURS].problem}")
        samples, lost = turns(workers, rounds)
        for name, worker in workers.items():
            rows[name] = (
                Row(model.stem, name, worker.opened["version"], problem=lost[name])
                if name in lost
                else _row(
                    model.stem, name, worker.opened, workers[OURS].opened, samples
                )
            )
    return [rows[name] for name in PEERS]


def _prepared(model: Path, photos: list[Path], folder: Path) -> dict[str, Any]:
    """The network in every form, and the photos at its size."""
    files = Files(
        model, *(folder / f"{form}.onnx" for form in ("quantised", "plain", "own_int8"))
    )
    to_onnx(model, files.quantised)
    without_rounding(files.quantised, files.plain)
    import onnx

    (given,) = onnx.load(str(files.plain)).graph.input
    size_px = given.type.tensor_type.shape.dim[1].dim_value
    pixels = np.stack([load_pixels(photo, size_px) for photo in photos])
    np.save(folder / "pixels.npy", pixels)
    inputs = [batch.astype(np.float32) / 255 for batch in pixels[:, np.newaxis]]
    quantised_by_onnxruntime(files.plain, inputs, files.own_int8)
    return {
        "files": {name: str(path.resolve()) for name, path in asdict(files).items()},
        "pixels": str(folder / "pixels.npy"),
        "photos": [str(photo.resolve()) for photo in photos],
    }


Samples = dict[tuple[str, str], list[float]]


def turns(workers: Mapping[str, Worker], rounds: int) -> tuple[Samples, dict[str, str]]:
    """Every peer in every round, in an order shuffled anew, so that noise hits all.

    Returns:
        The durations, and why peers that broke down did; these are asked no more.
    """
    shuffler, names = random.Random(0), list(workers)
    samples: Samples = {}
    lost: dict[str, str] = {}
    runs = {(name, kind): most for name in names for kind, most in MOST_RUNS.items()}
    for turn in range(rounds + 1):
        shuffler.shuffle(names)
        for name in [name for name in names if name not in lost]:
            try:
                found = {
                    kind: workers[name].ask({kind: runs[name, kind]})
                    for kind in MOST_RUNS
                }
            except BenchmarkError as error:
                lost[name] = str(error)
                continue
            for kind, durations in found.items():
                if turn:
                    samples.setdefault((name, kind), []).extend(durations)
                else:  # The first round warms up, and tells how slow it is.
                    runs[name, kind] = _runs_a_turn(durations, MOST_RUNS[kind])
    return samples, lost


def _runs_a_turn(durations_ms: Sequence[float], most: int) -> int:
    """As many as take ``LONGEST_MS``; the median tells, whatever interrupted one."""
    fitting = int(LONGEST_MS / max(statistics.median(durations_ms), 1e-3))
    return max(FEWEST_RUNS, min(most, fitting))


def _row(
    model: str, name: str, opened: Any, ours: Any, samples: Mapping[Any, list[float]]
) -> Row:
    infer, judge = samples[name, "infer"], samples[name, "judge"]
    differences = np.abs(np.subtract(opened["scores"], ours["scores"]))
    return Row(
        model,
        name,
        opened["version"],
        statistics.median(infer),
        statistics.median(judge),
        ratio_of_medians([samples[OURS, "infer"]], [infer]),
        ratio_of_medians([samples[OURS, "judge"]], [judge]),
        float(differences.max()),
    )


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    settings = parse(arguments)
    try:
        report = bench(settings)
    except (EdgeRuntimeError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    text = peers_markdown(report)
    write_text(settings.out / "peers.json", json.dumps(asdict(report), indent=2) + "\n")
    write_text(settings.out / "peers.md", text)
    print(text)
    return 3 if any(row.problem for row in report.rows) else 0


if __name__ == "__main__":
    raise SystemExit(main())
