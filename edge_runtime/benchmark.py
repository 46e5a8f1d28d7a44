"""The verb ``bench``: how long this machine takes, as JSON."""

import argparse
import dataclasses
import itertools
import json
from pathlib import Path

import numpy as np

from edge_runtime.classifier import LesionClassifier
from edge_runtime.latency import Latency, measure_latency
from edge_runtime.machine import describe_machine
from edge_runtime.native_log import without_info_lines
from edge_runtime.photo_list import once_each, photos_in
from edge_runtime.verdict import NOTICE

SUMMARY = "time a model on this machine"
DETAILS = """\
Prints one JSON object: the machine, the model, and for the interpreter alone and (with
--photos) from a photo's path to its verdict, all samples with median, p90, p95 and p99
in milliseconds. Sends nothing anywhere.

exit status: 0 measured; 1 the model or a photo cannot be used; 2 wrong usage.
"""

BENCH_FORMAT = 1


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
    with without_info_lines():
        classifier = LesionClassifier.load(words.model, threads=words.threads)
    size_px = classifier.card.input.size_px
    pixels = np.zeros((size_px, size_px, 3), np.uint8)
    interpreter = measure_latency(
        lambda: classifier.score(pixels), warmup=words.warmup, runs=words.runs
    )
    photos = once_each(photos_in(words.photos))
    whole = None
    if photos:
        turn = itertools.cycle(photos)
        whole = measure_latency(
            lambda: classifier.classify(next(turn)),
            warmup=words.warmup,
            runs=words.runs,
        )
    found = {
        "type": "bench",
        "format": BENCH_FORMAT,
        "notice": NOTICE,
        "model": classifier.card.name,
        "model_sha256": classifier.card.model_sha256,
        "interpreter": f"{classifier.model.name} {classifier.model.version}",
        "kernel_family": classifier.model.kernel_family,
        "machine": dataclasses.asdict(describe_machine()),
        "interpreter_ms": _summary(interpreter),
        "photo_to_verdict_ms": _summary(whole) if whole else None,
        "photos": len(photos),
    }
    print(json.dumps(found))
    return 0


def _summary(latency: Latency) -> dict[str, object]:
    return {
        "median": latency.median_ms,
        "p90": latency.p90_ms,
        "p95": latency.p95_ms,
        "p99": latency.p99_ms,
        "samples": latency.samples_ms,
    }


def _positive(word: str) -> int:
    number = int(word)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {number}")
    return number
