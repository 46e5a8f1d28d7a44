"""Which commit of the project trained, converted or measured."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Revision:
    """Which state of the project measured.

    Attributes:
        commit: of the checkout; None outside a git checkout.
        dirty: whether tracked files differed from it; None when unknown.
    """

    commit: str | None
    dirty: bool | None


def revision(checkout: Path = CHECKOUT) -> Revision:
    """Commit and dirty flag of ``checkout``; None for what git does not tell."""
    top = _git(checkout, "rev-parse", "--show-toplevel")
    # A copy without its own .git may lie inside somebody else's checkout.
    if top is None or Path(top).resolve() != checkout.resolve():
        return Revision(None, None)
    commit = _git(checkout, "rev-parse", "HEAD")
    changes = _git(checkout, "status", "--porcelain", "--untracked-files=no")
    return Revision(commit, None if changes is None else bool(changes))


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
