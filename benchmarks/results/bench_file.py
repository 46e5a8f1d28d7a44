"""What a bench left in a folder of results, read back for the report."""

from pathlib import Path
from typing import TypeVar

from benchmarks.errors import BenchmarkError
from edge_runtime.files.strict_json import build, parse

Report = TypeVar("Report")


def read_bench(path: Path, kind: type[Report], module: str) -> Report | None:
    """The report of one bench; None if it did not run.

    Args:
        path: of the JSON file that the bench writes.
        kind: the dataclass that it holds.
        module: that measures, such as ``"benchmarks.costs.cost_bench"``.

    Raises:
        BenchmarkError: when the file is not that bench's.
    """
    if not path.exists():
        return None
    try:
        found = build(kind, parse(path.read_text(encoding="utf-8")), path.stem)
    except (OSError, ValueError, TypeError) as error:
        raise BenchmarkError(
            f"{path} is no result of {module}: {error}. Measure again: python -m"
            f" {module} --help"
        ) from error
    if not isinstance(found, kind):
        raise TypeError(f"expected {kind.__name__}, got {type(found).__name__}")
    return found
