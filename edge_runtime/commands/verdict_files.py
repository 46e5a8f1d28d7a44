"""Files of verdicts that a killed run leaves behind, and the next one goes on with.

One line per photo, flushed as soon as it is known. What a kill cuts off is the end of
the last line; it is removed before the next run appends, and that photo judged again.
A photo with a whole line is never judged twice.
"""

import csv
import io
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from edge_runtime.batch import Outcome
from edge_runtime.errors import ResultFileError
from edge_runtime.model.card import ModelCard

try:
    import fcntl
except ImportError:  # Windows: nothing keeps a second run away there.
    fcntl = None  # type: ignore[assignment]

COLUMNS = (
    "photo", "decision", "reason", "label", "probability", "threshold", "answers",
    "findings", "error", "model", "model_sha256",
)  # fmt: skip


@dataclass(frozen=True)
class Layout:
    """How outcomes become lines, and lines are read back.

    Attributes:
        line: one outcome as bytes that end in a newline.
        rows: whole content to one mapping per line, with at least ``photo``.
        start: bytes that every such file begins with.
        head: of these, what a new file gets before its first line.
    """

    line: Callable[[Outcome, ModelCard], bytes]
    rows: Callable[[str], Iterator[Mapping[str, Any]]]
    start: bytes
    head: bytes


def _json_line(outcome: Outcome, card: ModelCard) -> bytes:
    values = outcome.to_json()
    # A photo without a verdict belongs to a model as well.
    values.setdefault("model_sha256", card.model_sha256)
    values.setdefault("threshold", card.threshold.probability)
    return json.dumps(values).encode() + b"\n"


def _json_rows(text: str) -> Iterator[Mapping[str, Any]]:
    return (json.loads(line) for line in text.splitlines())


def _csv_line(outcome: Outcome, card: ModelCard) -> bytes:
    verdict = outcome.verdict
    values: dict[str, Any] = {
        "photo": str(outcome.photo),
        "threshold": card.threshold.probability,
        "error": outcome.error,
        "model": card.name,
        "model_sha256": card.model_sha256,
    }
    if verdict is not None:
        values |= {
            "decision": verdict.decision,
            "reason": verdict.reason,
            "label": verdict.label,
            "probability": verdict.probability,
            "answers": ";".join(f"{name}={x}" for name, x in verdict.answers.items()),
            "findings": ";".join(finding.name for finding in verdict.findings),
        }
    return _csv_bytes([values.get(column) for column in COLUMNS])


def _csv_rows(text: str) -> Iterator[Mapping[str, Any]]:
    return iter(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def _csv_bytes(values: list[Any]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerow(values)
    return text.getvalue().encode("utf-8", "surrogateescape")


JSON_LINES = Layout(_json_line, _json_rows, start=b'{"type": "', head=b"")
_CSV_HEAD = _csv_bytes([*COLUMNS])
CSV = Layout(_csv_line, _csv_rows, start=_CSV_HEAD, head=_CSV_HEAD)


class ResultFile:
    """A file of verdicts, open for the photos that it does not hold yet.

    Attributes:
        done: photos with a whole line.
        failed: how many of those lines say that there is no verdict.
    """

    def __init__(self, path: Path, layout: Layout, card: ModelCard) -> None:
        """Open or create ``path`` and take stock of it.

        Raises:
            ResultFileError: when it cannot be written, another run has it open, or it
                holds something else than verdicts of this model at this threshold.
        """
        self._path, self._layout, self._card = path, layout, card
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a+b")
        except OSError as error:
            raise ResultFileError(f"{path} cannot be written: {error}") from error
        try:
            self._lock()
            self.done, self.failed = self._take_stock()
        except BaseException:
            self._file.close()
            raise

    def write(self, outcome: Outcome) -> None:
        """Append one outcome, whole as far as the system can.

        Raises:
            ResultFileError: when the disk is full or the file cannot be written.
        """
        try:
            self._file.write(self._layout.line(outcome, self._card))
            self._file.flush()
        except OSError as error:
            raise ResultFileError(
                f"{self._path} cannot be written: {error}. Make room and give the same"
                " command again; it goes on where it stopped."
            ) from error

    def __enter__(self) -> "ResultFile":
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close; what was written stays."""
        self._file.close()

    def _lock(self) -> None:
        if fcntl is None:
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ResultFileError(
                f"another run is writing {self._path}; wait for it, or name another"
                " file"
            ) from error

    def _take_stock(self) -> tuple[frozenset[str], int]:
        self._file.seek(0)
        content = self._file.read()
        whole = content[: _whole_length(content)]
        done, failed = self._read(content, whole)
        # Not before it is known to be ours.
        os.ftruncate(self._file.fileno(), len(whole))
        if not whole:
            self._file.write(self._layout.head)
            self._file.flush()
        return done, failed

    def _read(self, content: bytes, whole: bytes) -> tuple[frozenset[str], int]:
        """Photos with a line of their own, and how many failed."""
        start = self._layout.start
        try:
            if content[: len(start)] != start[: len(content)]:
                raise ValueError(f"it begins with {content[:40]!r}")
            rows = list(self._layout.rows(whole.decode("utf-8", "surrogateescape")))
            photos = [str(row["photo"]) for row in rows]
            makers = {(row["model_sha256"], float(row["threshold"])) for row in rows}
            failed = sum(bool(row.get("error")) for row in rows)
        except (ValueError, KeyError, TypeError, csv.Error) as error:
            raise ResultFileError(
                f"{self._path} holds something else than verdicts ({error!r:.80});"
                " name another file"
            ) from error
        ours = (self._card.model_sha256, self._card.threshold.probability)
        if makers - {ours}:
            raise ResultFileError(
                f"{self._path} holds verdicts of another model or threshold; name"
                " another file, or remove it"
            )
        return frozenset(photos), failed


def _whole_length(content: bytes) -> int:
    """Bytes up to the end of the last whole line.

    In CSV a name may hold a line break, between quotes: an odd number of them means
    that the break belongs to a field that was cut off.
    """
    end = content.rfind(b"\n") + 1
    if content.startswith(b"{"):
        return end
    while end and content.count(b'"', 0, end) % 2:
        end = content.rfind(b"\n", 0, end - 1) + 1
    return end
