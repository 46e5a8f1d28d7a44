"""Results from folders and single files, of as many devices as there are."""

import re
from collections.abc import Iterable
from pathlib import Path

from benchmarks.errors import BenchmarkError
from benchmarks.results.result import BenchmarkResult
from edge_runtime.measuring.machine import Machine


def machine_slug(machine: Machine) -> str:
    """A folder name for results of this machine, such as ``some-cpu-2-cores-avx2``.

    Boards are known by their own name, other computers by their processor. Rented ones
    tell the same name whatever they are, so the instruction sets belong to it.
    """
    is_board = machine.architecture.startswith(("aarch", "arm"))
    names = (machine.board, machine.cpu) if is_board else (machine.cpu, machine.board)
    name = next((name for name in names if name), machine.architecture)
    words = re.findall(r"[a-z0-9.]+", re.sub(r"\(\w+\)", " ", name.lower()))
    sets = [name.replace("_", "") for name in machine.instruction_sets or ()]
    return "-".join([*words, str(machine.cores), "cores", *sets])


REPORT = "report"
"""Files of this name are views; all other JSON files of a machine are results."""


def gathered(
    paths: Iterable[Path], *, repeats: bool = False
) -> dict[str, list[BenchmarkResult]]:
    """All results in files and folders, by machine.

    Args:
        paths: a file, such as one that a device sent, or a folder with one folder per
            machine. A folder names its machine; a file's machine is read from it.
        repeats: whether to look in folders at any depth, where repeated runs lie.

    Raises:
        BenchmarkError: when there is none, or one cannot be read.
    """
    results: dict[str, list[BenchmarkResult]] = {}
    paths = list(paths)
    for path in paths:
        for file in _files(path, repeats):
            result = BenchmarkResult.read(file)
            # One file of a device may lie in any folder.
            machine = (
                machine_slug(result.measurement.machine_before)
                if file == path
                else file.parent.name
            )
            results.setdefault(machine, []).append(result)
    if not results:
        raise BenchmarkError(
            f"there are no results in {', '.join(map(str, paths))}; expected"
            " MACHINE/MODEL.json in it. Measure first: python benchmarks/run.py --help"
        )
    return results


def _files(path: Path, repeats: bool) -> list[Path]:
    if not path.is_dir():
        return [path]
    pattern = "**/*/*.json" if repeats else "*/*.json"
    return [file for file in sorted(path.glob(pattern)) if file.stem != REPORT]
