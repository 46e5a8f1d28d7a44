"""What the runtime costs before its first verdict: disk, imports, start, memory.

Run: python -m benchmarks.costs.footprint --model models/cnn32.qat_int8.tflite
"""

import argparse
import importlib.metadata
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.errors import BenchmarkError
from benchmarks.text.tables import text_table
from edge_runtime.files.atomic import write_text
from edge_runtime.measuring.machine import describe_machine
from edge_runtime.measuring.revision import CHECKOUT
from edge_runtime.terminal.command_parser import Defaults
from edge_runtime.terminal.exit_status import exit_status

DISTRIBUTIONS = (
    "numpy", "pillow", "ai-edge-litert", "ml_dtypes", "protobuf", "flatbuffers",
    "tqdm", "typing_extensions", "backports.strenum",
)  # fmt: skip

# What each process does. The last lines print its own peak memory: what a child
# reports to its parent would include the parent's own pages at the fork.
_PEAK = """
import sys
for line in open("/proc/self/status"):
    if line.startswith("VmHWM:"):
        print(line.split()[1])
"""
_VERDICT = """
import sys
from edge_runtime import LesionClassifier
LesionClassifier.load(sys.argv[1], site=False).classify(sys.argv[2])
"""
STARTS = {
    "python alone": "",
    "import edge_runtime": "import edge_runtime\n",
    "import numpy and PIL.Image": "import numpy, PIL.Image\n",
    "import ai_edge_litert.interpreter": "import ai_edge_litert.interpreter\n",
    "first verdict": _VERDICT,
    "first verdict, TensorFlow imported": "import tensorflow\n" + _VERDICT,
}


@dataclass(frozen=True)
class Start:
    """What a new process took; medians.

    Attributes:
        what: it did.
        wall_ms: from its start to its end.
        cpu_ms: of processor time, which other work on the machine disturbs less.
        peak_mib: resident memory (Linux: VmHWM).
    """

    what: str
    wall_ms: float
    cpu_ms: float
    peak_mib: float


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Turn command-line arguments into settings, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Measure what the runtime needs on disk, and what a new process"
        " takes to its first verdict. Research and education; not a medical device.",
        epilog="exit status: 0 done; 1 a process failed; 2 wrong usage",
        formatter_class=Defaults,
    )
    parser.add_argument(
        "--model", type=Path, default=CHECKOUT / "models/cnn32.qat_int8.tflite"
    )
    parser.add_argument(
        "--photo", type=Path, default=CHECKOUT / "samples/drawn_tone1_even.png"
    )
    parser.add_argument("--runs", type=int, default=7, help="processes of each kind")
    parser.add_argument("--out", type=Path, default=None, help="JSON file")
    return parser.parse_args(arguments)


def starts(model: Path, photo: Path, runs: int) -> Iterator[Start]:
    """Each kind of start, several times over.

    Raises:
        BenchmarkError: when a process fails.
    """
    for what, code in STARTS.items():
        if (
            "import tensorflow" in code
            and importlib.util.find_spec("tensorflow") is None
        ):
            continue
        # Once before, so that files are in the system's cache and bytecode is written.
        taken = [_process(code, model, photo) for _ in range(runs + 1)][1:]
        wall_ms, cpu_ms, peak_mib = zip(*taken, strict=True)
        yield Start(
            what,
            statistics.median(wall_ms),
            statistics.median(cpu_ms),
            statistics.median(peak_mib),
        )


def _process(code: str, model: Path, photo: Path) -> tuple[float, float, float]:

    start_ns = time.perf_counter_ns()
    process = subprocess.Popen(
        [sys.executable, "-c", code + _PEAK, str(model), str(photo)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    )  # fmt: skip
    printed = process.stdout.read() if process.stdout else ""
    _, status, used = os.wait4(process.pid, 0)
    wall_ms = (time.perf_counter_ns() - start_ns) / 1e6
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise BenchmarkError(f"a process failed ({process.returncode}): {code}")
    return wall_ms, (used.ru_utime + used.ru_stime) * 1e3, int(printed) / 1024


def installed() -> dict[str, float]:
    """Megabytes of each distribution that the runtime brings along, as installed."""
    found = {}
    for name in DISTRIBUTIONS:
        try:
            files = importlib.metadata.files(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        paths = [Path(str(file.locate())) for file in files]
        found[name] = sum(path.stat().st_size for path in paths if path.is_file()) / 1e6
    return found


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    options = parse(arguments)
    taken = list(starts(options.model, options.photo, options.runs))
    sizes = installed()
    print(
        text_table(
            ("a new process", "ms", "processor ms", "peak MiB"),
            [
                (
                    start.what,
                    f"{start.wall_ms:.0f}",
                    f"{start.cpu_ms:.0f}",
                    f"{start.peak_mib:.0f}",
                )
                for start in taken
            ],
        )
    )
    print()
    rows = [(name, f"{size:.1f}") for name, size in sizes.items()]
    print(
        text_table(("installed", "MB"), [*rows, ("all", f"{sum(sizes.values()):.1f}")])
    )
    if options.out:
        found = {
            "machine": asdict(describe_machine()),
            "runs": options.runs,
            "starts": [asdict(start) for start in taken],
            "installed_mb": sizes,
        }
        write_text(options.out, json.dumps(found, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
