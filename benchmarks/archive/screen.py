"""Judge an archive of photos of any size, resumable by shard.

Run: python -m benchmarks.archive.screen photos --model models/cnn32.qat_int8.tflite
--out out
"""

import dataclasses
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.archive.archives import shards_of
from benchmarks.archive.local import on_this_machine
from benchmarks.archive.ray import on_a_cluster
from benchmarks.archive.screening import FAILED, Done, Task, part_path, rows_in
from benchmarks.errors import BenchmarkError
from edge_runtime.files.atomic import write_text
from edge_runtime.measuring.machine import peak_memory_mib
from edge_runtime.model.file import read_model_file
from edge_runtime.terminal.arguments import at_least
from edge_runtime.terminal.command_parser import CommandParser, Defaults
from edge_runtime.terminal.exit_status import exit_status
from edge_runtime.terminal.progress import ProgressLine
from edge_runtime.verdict import NOTICE

ENGINES: dict[str, Callable[[Sequence[Task], int], Iterator[Done]]] = {
    "local": on_this_machine,
    "ray": on_a_cluster,
}


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option."""

    archive: Path
    model: Path
    out: Path
    workers: int
    engine: str
    photos_per_shard: int
    repeat: int


@dataclass(frozen=True)
class Mark:
    """How far a run was, and what it had needed so far.

    Attributes:
        photos: judged by this run.
        seconds: since it began.
        worker_mib: largest resident memory of any worker.
        own_mib: of the process that hands out the shards.
    """

    photos: int
    seconds: float
    worker_mib: float | None
    own_mib: float | None


@dataclass(frozen=True)
class Summary:
    """What a run did; ``summary.json``.

    Attributes:
        photos: rows in all parts, those of earlier runs included.
        counts: rows by decision, and how many photos could not be read.
        photos_now: judged by this run.
        seconds: that this run took, starting the workers included.
        workers: side by side.
        engine: ``"local"`` or ``"ray"``.
        model: name of the model file.
        course: about twenty marks along this run, and its end.
    """

    photos: int
    counts: dict[str, int]
    photos_now: int
    seconds: float
    workers: int
    engine: str
    model: str
    course: tuple[Mark, ...]
    notice: str = NOTICE


def parse(arguments: Sequence[str] | None) -> Settings:
    """Turn command-line arguments into settings, or exit with a usage message."""
    parser = CommandParser(
        description="Judge every photo of an archive: a folder of photos, of .tar or of"
        " .parquet files. Writes OUT/parts/SHARD.jsonl, OUT/failed.jsonl and"
        " OUT/summary.json; the same command goes on where it was stopped.",
        epilog="exit status: 0 every photo judged; 1 the archive or model cannot be"
        " used; 2 wrong usage; 3 some photos could not be read: failed.jsonl names"
        " them; 130 interrupted",
        formatter_class=Defaults,
    )
    option = parser.add_argument
    option("archive", type=Path, help="folder, .tar or .parquet file")
    option("--model", type=Path, required=True, help="a .tflite file of this toolkit")
    option("--out", type=Path, required=True, help="folder for the results")
    option("--workers", type=at_least(1), default=1, help="processes or Ray actors")
    option("--engine", choices=ENGINES, default="local", help="who runs the workers")
    option(
        "--photos-per-shard", type=at_least(1), default=1000, help="of a plain folder"
    )
    option(
        "--repeat",
        type=at_least(1),
        default=1,
        help="judge the archive so often, to try how a larger one behaves",
    )
    return Settings(**vars(parser.parse_args(arguments)))


def screen(settings: Settings) -> Summary:
    """Judge what is missing, then sum up all parts.

    Raises:
        EdgeRuntimeError: when the archive or the model cannot be used, or the folder
            holds results of other ones.
    """
    _same_run(settings)
    tasks = [
        Task(str(settings.model.resolve()), str(settings.out.resolve()), shard)
        for shard in shards_of(
            settings.archive.resolve(), settings.photos_per_shard, settings.repeat
        )
    ]
    left = [task for task in tasks if not part_path(settings.out, task.shard).exists()]
    start = time.monotonic()
    course = tuple(_run(settings, left))
    seconds = time.monotonic() - start
    counts = _sum_up(settings.out, tasks)
    summary = Summary(
        sum(counts.values()),
        counts,
        course[-1].photos if course else 0,
        seconds,
        settings.workers,
        settings.engine,
        settings.model.name,
        course,
    )
    write_text(settings.out / "summary.json", _json(dataclasses.asdict(summary)))
    return summary


def _run(settings: Settings, tasks: Sequence[Task]) -> Iterator[Mark]:
    """Judge the shards; a mark after each twentieth of them."""
    start, photos, largest_mib = time.monotonic(), 0, 0.0
    stretch = max(1, len(tasks) // 20)
    with ProgressLine() as line:
        shards = ENGINES[settings.engine](tasks, settings.workers)
        for place, done in enumerate(shards, 1):
            photos += sum(done.counts.values())
            largest_mib = max(largest_mib, done.peak_mib or 0)
            seconds = time.monotonic() - start
            line.show(f"{photos / seconds:.0f} photos/s, shards", place, len(tasks))
            if place % stretch == 0 or place == len(tasks):
                yield Mark(photos, seconds, largest_mib or None, peak_memory_mib())


def _same_run(settings: Settings) -> None:
    """Note what the folder's results belong to, or refuse a folder of other ones."""
    card = read_model_file(settings.model).card
    ours = {
        "archive": str(settings.archive.resolve()),
        "model_sha256": card.model_sha256,
        "threshold": card.threshold.probability,
        "photos_per_shard": settings.photos_per_shard,
        "repeat": settings.repeat,
    }
    path = settings.out / "screening.json"
    if not path.exists():
        write_text(path, _json(ours))
        return
    try:
        theirs = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BenchmarkError(f"{path} cannot be read: {error}; remove it") from error
    if theirs != ours:
        raise BenchmarkError(
            f"{settings.out} holds results of another archive, model or division into"
            " shards; name another --out, or remove it"
        )


def _sum_up(out: Path, tasks: Iterable[Task]) -> dict[str, int]:
    """Count the rows of all parts and name the photos that failed."""
    counts: Counter[str] = Counter()
    failed = []
    for task in tasks:
        for row in rows_in(part_path(out, task.shard)):
            counts[row.get("decision", FAILED)] += 1
            if "error" in row:
                failed.append(json.dumps({"shard": task.shard.name, **row}))
    write_text(out / "failed.jsonl", "".join(f"{line}\n" for line in failed))
    return dict(counts)


def _json(values: dict[str, Any]) -> str:
    return json.dumps(values, indent=2) + "\n"


@exit_status(stopped="interrupted; the same command goes on from here")
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    settings = parse(arguments)
    summary = screen(settings)
    print(_json(dataclasses.asdict(summary)), end="")
    failed = summary.counts.get(FAILED, 0)
    if failed:
        print(
            f"{failed} photos could not be read: {settings.out / 'failed.jsonl'}",
            file=sys.stderr,
        )
    return 3 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
