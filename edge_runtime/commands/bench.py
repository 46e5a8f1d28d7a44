"""The verb ``bench``: how long this machine takes, as a result for reports."""

import argparse
import datetime
import itertools
import json
import shlex
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from edge_runtime.classifier import LesionClassifier
from edge_runtime.measuring.latency import counted, measure_latency
from edge_runtime.measuring.machine import describe_machine, peak_memory_mib
from edge_runtime.measuring.revision import revision
from edge_runtime.model.file import read_model_file
from edge_runtime.model.interpreter import open_model_file
from edge_runtime.photos.paths import once_each, photos_in
from edge_runtime.site_calibration.file import site_path
from edge_runtime.terminal.native_log import without_info_lines
from edge_runtime.verdict import NOTICE

DETAILS = """\
Prints one JSON object: the machine, the model, and all samples in milliseconds of the
interpreter alone and (with --photos) from a photo's path to its verdict. It is a result
as `lesion-edge benchmark` writes, without accuracy; python benchmarks/report.py merges
it with others. Sends nothing anywhere.

`lesion-edge benchmark` measures every file of a folder on labelled photos, with recall,
specificity and AUC; it needs a manifest and the toolkit, which a device need not have.

exit status: 0 measured; 1 the model or a photo cannot be used; 2 wrong usage.
"""

RESULT_FORMAT = 3
"""Of ``benchmarks.results.result``, which reads what is printed here."""

Answer = TypeVar("Answer")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's words."""
    parser.add_argument("model", type=Path, help="a .tflite file of this toolkit")
    parser.add_argument(
        "--photos", type=Path, action="append", default=[], help="photo or folder"
    )
    parser.add_argument("--runs", type=_positive, default=200, help="timed runs")
    parser.add_argument("--warmup", type=_positive, default=20, help="runs before")
    parser.add_argument(
        "--threads", type=_positive, help="of the interpreter; measured when absent"
    )


def run(words: argparse.Namespace) -> int:
    """Measure and print; returns the exit status.

    Raises:
        EdgeRuntimeError: when the model or a photo cannot be used.
    """
    before, memory_before = asdict(describe_machine()), peak_memory_mib()
    with without_info_lines():
        classifier, cold_start_ms = _timed(
            lambda: LesionClassifier.load(
                words.model, threads=words.threads, site=False
            )
        )
    photos = once_each(photos_in(words.photos))
    photo_ms, stages_ms = _photo_times(classifier, photos, words)
    memory = {"before_load_mib": memory_before, "peak_mib": peak_memory_mib()}
    timing = {
        "cold_start_ms": cold_start_ms,
        **_interpreter_times(classifier, words),
        "photo_to_verdict_ms": photo_ms,
        "stages_ms": stages_ms,
        "interpreter_runs": words.runs,
        "photo_runs": len(photo_ms),
        "late_photos": 0,
    }
    card, model = classifier.card, classifier.model
    measurement: dict[str, Any] = {
        "subject": {
            "name": words.model.stem,
            "kind": "model",
            "file_bytes": words.model.stat().st_size,
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
    print(json.dumps(_result(words, len(photos), classifier, measurement)))
    print(f"bench: {NOTICE}", file=sys.stderr)
    aside = site_path(words.model)
    print(
        f"bench: {classifier.operating_point}"
        + (f"; {aside} is left aside" if aside.exists() else ""),
        file=sys.stderr,
    )
    return 0


def _photo_times(
    classifier: LesionClassifier, photos: Sequence[Path], words: argparse.Namespace
) -> tuple[Sequence[float], Mapping[str, Sequence[float]]]:
    """Milliseconds from path to verdict, in total and by stage."""
    if not photos:
        return (), {}
    turn = itertools.cycle(photos)
    stages: list[Mapping[str, float]] = []
    latency = measure_latency(
        lambda: stages.append(classifier.classify(next(turn)).timings_ms),
        warmup=words.warmup,
        runs=words.runs,
    )
    names = [name for name in stages[-1] if name != "total"]
    timed = stages[words.warmup :]
    return latency.samples_ms, {name: [row[name] for row in timed] for name in names}


def _interpreter_times(
    classifier: LesionClassifier, words: argparse.Namespace
) -> dict[str, Any]:
    """Loading and inference alone, by an interpreter that has done nothing yet."""
    with without_info_lines():
        model, load_ms = _timed(
            lambda: open_model_file(
                read_model_file(words.model), threads=classifier.model.threads
            )
        )
    stored = np.zeros(model.input_shape, model.input.dtype)
    first_ms = _timed(lambda: model.infer(stored))[1]
    latency = measure_latency(
        lambda: model.infer(stored), warmup=words.warmup, runs=words.runs
    )
    return {
        "load_ms": load_ms,
        "first_inference_ms": first_ms,
        "interpreter_ms": latency.samples_ms,
    }


def _result(
    words: argparse.Namespace,
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
            "protocol": asdict(counted(warmup=words.warmup, runs=words.runs)),
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


def _positive(word: str) -> int:
    number = int(word)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {number}")
    return number
