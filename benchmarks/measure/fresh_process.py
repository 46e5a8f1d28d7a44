"""A fresh process for every case, so that none inherits another's memory or caches."""

import dataclasses
import json
import subprocess
import sys
import tempfile
import typing
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from benchmarks.errors import BenchmarkError
from benchmarks.measure.cases import Case, Tell
from benchmarks.measure.measurement import Measurement
from edge_runtime.files.strict_json import build
from edge_runtime.measuring.revision import CHECKOUT


def measure_in_fresh_process(
    case: Case, tell: Tell, checkout: Path = CHECKOUT
) -> Measurement:
    """Run ``benchmarks.measure.worker`` and wait for what it measured.

    Args:
        case: what to measure; its paths are absolute.
        tell: called with the progress the process reports.
        checkout: whose code measures; another commit's in ``benchmarks/gate.py``.

    Raises:
        BenchmarkError: with the reason the process gave, or how it died.
    """
    # Its standard error goes to a file: a pipe that nobody reads would fill up.
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as noise:
        with subprocess.Popen(
            [sys.executable, "-m", _worker_of(checkout)],
            cwd=checkout,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=noise,
            text=True,
            encoding="utf-8",
        ) as process:
            _send(process.stdin, case)
            said = _listen(process.stdout, tell)
        noise.seek(0)
        last_words = noise.read().strip()[-2000:]
    if "error" in said:
        raise BenchmarkError(str(said["error"]))
    if "measurement" not in said:
        raise BenchmarkError(
            f"the measuring process ended with exit code {process.returncode} and"
            f" without a result. Its last words: {last_words or 'none'}"
        )
    return typing.cast(
        "Measurement", build(Measurement, said["measurement"], "measurement")
    )


def _worker_of(checkout: Path) -> str:
    """The module that measures there: it had another name in earlier commits."""
    earlier = (checkout / "benchmarks/case.py").is_file()
    return "benchmarks.case" if earlier else "benchmarks.measure.worker"


def _send(pipe: IO[str] | None, case: Case) -> None:
    if pipe is None:
        raise BenchmarkError("the measuring process has no standard input")
    try:
        with pipe:
            json.dump(dataclasses.asdict(case), pipe)
    except BrokenPipeError:
        return  # It died early; what it said tells why.


def _listen(lines: Iterable[str] | None, tell: Tell) -> dict[str, Any]:
    """The last thing of each kind that the process said."""
    said: dict[str, Any] = {}
    for line in lines or ():
        try:
            message = json.loads(line)
        except json.JSONDecodeError:
            continue  # A library that prints to standard output.
        if isinstance(message, dict):
            if "progress" in message:
                tell(*message["progress"])
            said |= message
    return said
