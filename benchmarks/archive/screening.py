"""One shard of an archive through one model, whoever runs it.

The results of a shard appear whole or not at all, so that a run that was killed goes on
with the shards that are missing and ends with exactly the rows of one that was not.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.archive.archives import Photo, Shard, photos_of
from benchmarks.errors import BenchmarkError
from edge_runtime.classifier import LesionClassifier
from edge_runtime.errors import PhotoError
from edge_runtime.files.atomic import write_text
from edge_runtime.measuring.machine import peak_memory_mib

FAILED = "cannot be read"


@dataclass(frozen=True)
class Task:
    """What a worker has to know, and can be sent.

    Attributes:
        model: path of the model file.
        out: folder of the results.
        shard: what to judge.
    """

    model: str
    out: str
    shard: Shard


@dataclass(frozen=True)
class Done:
    """What became of a shard.

    Attributes:
        counts: how many photos ended how.
        peak_mib: largest resident memory so far of the process that judged it.
    """

    counts: dict[str, int]
    peak_mib: float | None


def part_path(out: Path, shard: Shard) -> Path:
    """Where a shard's rows lie."""
    return out / "parts" / f"{shard.name}.jsonl"


def screen(classifier: LesionClassifier, task: Task) -> Done:
    """Judge a shard and write its rows.

    Raises:
        BenchmarkError: when the shard itself cannot be read.
    """
    rows = [row_of(classifier, photo) for photo in photos_of(task.shard)]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    write_text(part_path(Path(task.out), task.shard), text)
    return Done(counted(rows), peak_memory_mib())


def row_of(classifier: LesionClassifier, photo: Photo) -> dict[str, Any]:
    """One photo's row: its verdict, or why there is none."""
    name, source = photo
    try:
        verdict = classifier.classify(source)
    except PhotoError as error:
        return {"photo": name, "error": str(error)}
    return {
        "photo": name,
        "decision": verdict.decision,
        "probability": verdict.probability,
        "findings": [finding.name for finding in verdict.findings],
    }


def counted(rows: Iterable[dict[str, Any]]) -> dict[str, int]:
    """Rows by decision; those without one are counted as failed."""
    return dict(Counter(row.get("decision", FAILED) for row in rows))


def rows_in(part: Path) -> Iterator[dict[str, Any]]:
    """The rows of a shard that is done.

    Raises:
        BenchmarkError: when the file holds something else.
    """
    try:
        with part.open(encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)
    except (OSError, ValueError) as error:
        raise BenchmarkError(
            f"{part} holds no rows of a screening: {error}. Remove it; its shard will"
            " be judged again."
        ) from error
