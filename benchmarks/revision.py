"""Which commit of the project measured, and a short name for the machine it ran on."""

import re
import subprocess
from pathlib import Path

from benchmarks.results import Revision
from edge_runtime.machine import Machine

CHECKOUT = Path(__file__).resolve().parents[1]


def revision(checkout: Path = CHECKOUT) -> Revision:
    """Commit and dirty flag of ``checkout``; None for what git does not tell."""
    top = _git(checkout, "rev-parse", "--show-toplevel")
    # A copy without its own .git may lie inside somebody else's checkout.
    if top is None or Path(top).resolve() != checkout.resolve():
        return Revision(None, None)
    commit = _git(checkout, "rev-parse", "HEAD")
    changes = _git(checkout, "status", "--porcelain", "--untracked-files=no")
    return Revision(commit, None if changes is None else bool(changes))


def machine_slug(machine: Machine) -> str:
    """A folder name for results of this machine, such as ``raspberry-pi-5-4-cores``.

    Boards are known by their own name, other computers by their processor.
    """
    is_board = machine.architecture.startswith(("aarch", "arm"))
    names = (machine.board, machine.cpu) if is_board else (machine.cpu, machine.board)
    name = next((name for name in names if name), machine.architecture)
    words = re.findall(r"[a-z0-9.]+", re.sub(r"\(\w+\)", " ", name.lower()))
    return "-".join([*words, str(machine.cores), "cores"])


def _git(checkout: Path, *words: str) -> str | None:
    try:
        answer = subprocess.run(
            ["git", "-C", str(checkout), *words],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.strip()
