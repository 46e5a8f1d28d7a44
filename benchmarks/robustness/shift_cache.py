"""What the shift bench has judged before, so that a new file costs its own time only.

Rows are kept under a key of everything that they come from: the file, the manifest, the
split, every module that changes photos or judges them, and the interpreter's version.
Photos themselves are known by the manifest; who exchanges photos under their old names
has to say ``--again``.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.robustness.shift_report import ShiftRow
from edge_runtime.files.atomic import write_text
from edge_runtime.files.strict_json import build, parse
from edge_runtime.measuring.revision import CHECKOUT
from edge_runtime.model.interpreter import found_interpreter

FOLDER = "shift_cache"
# Not .json: those in a folder of results are a machine's.
# What changes photos, and what judges them.
_ROOMS = ("edge_runtime", "benchmarks/measure", "benchmarks/robustness")


def _sources() -> Iterator[bytes]:
    """Every module that rows come from, and the version of the interpreter."""
    for room in _ROOMS:
        for path in sorted((CHECKOUT / room).rglob("*.py")):
            yield path.relative_to(CHECKOUT).as_posix().encode()
            yield path.read_bytes()
    yield found_interpreter().encode()


def key_of(name: str, content: bytes, manifest: Path, split: str) -> str:
    """Under which one judge's rows are kept.

    Args:
        name: of the model file, or of the baseline.
        content: of the file; empty for the baseline, which the manifest determines.
        manifest: table of labelled photos.
        split: whose photos are judged.
    """
    parts = [name.encode(), content, manifest.read_bytes(), split.encode()]
    parts += _sources()
    digests = (hashlib.sha256(part).digest() for part in parts)
    return hashlib.sha256(b"".join(digests)).hexdigest()[:32]


def kept_rows(out: Path, key: str) -> tuple[ShiftRow, ...] | None:
    """What was judged before; None when it was not, or the file is damaged."""
    try:
        values = parse(_path(out, key).read_text(encoding="utf-8"))
        return tuple(build(ShiftRow, row, "row") for row in values)
    except (OSError, ValueError, TypeError):
        return None


def keep_rows(out: Path, key: str, rows: Sequence[ShiftRow]) -> None:
    """Write them for the next time."""
    write_text(_path(out, key), json.dumps([asdict(row) for row in rows]) + "\n")


def _path(out: Path, key: str) -> Path:
    return out / FOLDER / f"{key}.rows"
