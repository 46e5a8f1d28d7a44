"""The verb ``bench``: how long this machine takes, as a result for reports."""

import argparse
import datetime
import itertools
import json
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from edge_runtime.classifier import LesionClassifier
from edge_runtime.measuring.latency import Latency, counted, measure_latency
from edge_runtime.measuring.machine import (
    Machine,
    describe_machine,
    disturbances,
    peak_memory_mib,
)
from edge_runtime.measuring.revision import revision
from edge_runtime.model.file import read_model_file
from edge_runtime.model.interpreter import open_model_file
from edge_runtime.photos.paths import once_each, photos_in
from edge_runtime.site_calibration.file import site_path
from edge_runtime.terminal.arguments import at_least
from edge_runtime.terminal.native_log import without_info_lines
from edge_runtime.verdict import NOTICE

DETAILS = """\
Times the interpreter alone and (with --photos) the way from a photo's path to its
verdict. Sends nothing anywhere.

--json prints one JSON object instead: the machine, the model, and all samples in
milliseconds. It is a result as `lesion-edge benchmark` writes, without accuracy;
python benchmarks/report.py merges it with others.

`lesion-edge benchmark` measures every file of a folder on labelled photos, with recall,
specificity and AUC; it needs a manifest and the toolkit, which a device need not have.

exit status: 0 measured; 1 the model or a photo cannot be used; 2 wrong usage.
"""

RESULT_FORMAT = 3
"""Of ``benchmarks.results.result``, which reads what is printed here."""

Answer = TypeVar("Answer")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("model", type=Path, help="a .tflite file of this toolkit")
    parser.add_argument(
        "--photos", type=Path, action="append", default=[], help="photo or folder"
    )
    parser.add_argument("--runs", type=at_least(1), default=200, help="timed runs")
    parser.add_argument("--warmup", type=at_least(1), default=20, help="runs before")
    parser.add_argument(
        "--threads", type=at_least(1), help="of the interpreter; measured when absent"
    )
    parser.add_argument("--json", action="store_true", help="print everything as JSON")


def run(options: argparse.Namespace) -> int:
    """Measure and print; returns the exit status.

    Raises:
        EdgeRuntimeError: when the model or a photo cannot be used.
    """
    before, memory_before = asdict(describe_machine()), peak_memory_mib()
    with without_info_lines():
        classifier, cold_start_ms = _timed(
            lambda: LesionClassifier.load(
                options.model, threads=options.threads, site=False
            )
        )
    photos = once_each(photos_in(options.photos))
    photo_ms, stages_ms = _photo_times(classifier, photos, options)
    memory = {"before_load_mib": memory_before, "peak_mib": peak_memory_mib()}
    timing = {
        "cold_start_ms": cold_start_ms,
        **_interpreter_times(classifier, options),
        "photo_to_verdict_ms": photo_ms,
        "stages_ms": stages_ms,
        "interpreter_runs": options.runs,
        "photo_runs": len(photo_ms),
        "late_photos": 0,
    }
    card, model = classifier.card, classifier.model
    measurement: dict[str, Any] = {
        "subject": {
            "name": options.model.stem,
            "kind": "model",
            "file_bytes": options.model.stat().st_size,
            "model_sha256": card.model_sha256,
            "image_size_px": card.input.size_px,
            "threshold_score": card.threshold.score,
            "temperature": card.temperature,
        },
        "interpreter": {
            "name": model.name,
            "version": model.version,
            "kernel_family": model.kernel_family,
        },
        "machine_before": before,
        "machine_after": asdict(describe_machine()),
        "timing": timing,
        "memory": memory,
        # Left to benchmarks/run.py, which has sensors, pauses and labels.
        "energy": None,
        "energy_photos": 0,
        "sustained": [],
        "scores": [],
        "failed_photos": [],
    }
    aside = site_path(options.model)
    point = f"{classifier.operating_point}" + (
        f"; {aside} is left aside" if aside.exists() else ""
    )
    if options.json:
        print(json.dumps(_result(options, len(photos), classifier, measurement)))
        print(f"bench: {NOTICE}\nbench: {point}", file=sys.stderr)
    else:
        print("\n".join((*_lines(measurement, model.threads), point)))
    return 0


def _lines(measurement: Mapping[str, Any], threads: int) -> list[str]:
    """What was measured, for people."""
    machine, interpreter = measurement["machine_before"], measurement["interpreter"]
    timing, memory = measurement["timing"], measurement["memory"]
    computer = machine["board"] or machine["cpu"] or machine["architecture"]
    lines = [
        f"{measurement['subject']['name']} on {computer}, {machine['cores']} cores:"
        f" {interpreter['name']} {interpreter['version']}, threads: {threads}",
        f"{'':24}{'median':>9}{'p90':>9}{'p99':>9}  ms",
        _percentiles("interpreter alone", timing["interpreter_ms"]),
    ]
    if timing["photo_to_verdict_ms"]:
        lines.append(_percentiles("photo to verdict", timing["photo_to_verdict_ms"]))
    lines += [f"  {line}" for line in _stages(timing["stages_ms"])]
    lines.append(
        f"{'first verdict ready':<24}{timing['cold_start_ms']:>9.0f}  ms after the"
        f" start; loading again {timing['load_ms']:.0f} ms"
    )
    if memory["peak_mib"] is not None:
        lines.append(
            f"{'memory':<24}{memory['peak_mib']:>9.0f}  MiB at most"
            f" ({memory['before_load_mib']:.0f} before the model was loaded)"
        )
    found = Machine(**measurement["machine_before"])
    after = Machine(**measurement["machine_after"])
    lines += [f"caution: {reason}" for reason in disturbances(found, after)]
    return [*lines, f"{NOTICE}; --json prints every sample"]


def _percentiles(name: str, samples_ms: Sequence[float]) -> str:
    found = Latency(tuple(samples_ms))
    values = (found.median_ms, found.p90_ms, found.p99_ms)
    columns = "".join(f"{value:>9.3f}" for value in values)
    return f"{name:<24}{columns}  of {found.runs:,} runs"


def _stages(stages_ms: Mapping[str, Sequence[float]]) -> Iterator[str]:
    for name, samples in stages_ms.items():
        yield f"{name:<22}{Latency(tuple(samples)).median_ms:>9.3f}"


def _photo_times(
    classifier: LesionClassifier, photos: Sequence[Path], options: argparse.Namespace
) -> tuple[Sequence[float], Mapping[str, Sequence[float]]]:
    """Milliseconds from path to verdict, in total and by stage."""
    if not photos:
        return (), {}
    turn = itertools.cycle(photos)
    stages: list[Mapping[str, float]] = []
    latency = measure_latency(
        lambda: stages.append(classifier.classify(next(turn)).timings_ms),
        warmup=options.warmup,
        runs=options.runs,
    )
    names = [name for name in stages[-1] if name != "total"]
    timed = stages[options.warmup :]
    return latency.samples_ms, {name: [row[name] for row in timed] for name in names}


def _interpreter_times(
    classifier: LesionClassifier, options: argparse.Namespace
) -> dict[str, Any]:
    """Loading and inference alone, by an interpreter that has done nothing yet."""
    with without_info_lines():
        model, load_ms = _timed(
            lambda: open_model_file(
                read_model_file(options.model), threads=classifier.model.threads
            )
        )
    stored = np.zeros(model.input_shape, model.input.dtype)
    first_ms = _timed(lambda: model.infer(stored))[1]
    latency = measure_latency(
        lambda: model.infer(stored), warmup=options.warmup, runs=options.runs
    )
    return {
        "load_ms": load_ms,
        "first_inference_ms": first_ms,
        "interpreter_ms": latency.samples_ms,
    }


def _result(
    options: argparse.Namespace,
    photos: int,
    classifier: LesionClassifier,
    measurement: Mapping[str, Any],
) -> dict[str, Any]:
    now = datetime.datetime.now(datetime.UTC)
    return {
        "format": RESULT_FORMAT,
        "measured_at": now.isoformat(timespec="seconds"),
        "revision": asdict(revision()),
        "settings": {
            "command": shlex.join(["python", "-m", "edge_runtime", *sys.argv[1:]]),
            "manifest": f"{photos} photos without a manifest",
            "manifest_sha256": "",
            "split": "no",
            "protocol": asdict(counted(warmup=options.warmup, runs=options.runs)),
            "threads": classifier.model.threads,
            "cpus": None,
            "order_seed": 0,
            "place": 0,
        },
        "measurement": measurement,
        "quality": [],
    }


def _timed(action: Callable[[], Answer]) -> tuple[Answer, float]:
    start_ns = time.perf_counter_ns()
    answer = action()
    return answer, (time.perf_counter_ns() - start_ns) / 1e6
