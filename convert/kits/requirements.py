"""What a Python kit installs: part of the lock file, hashes included."""

import re
from collections.abc import Collection
from pathlib import Path

from convert.errors import ConversionError

LOCK = Path(__file__).resolve().parents[2] / "requirements.lock"

_HEAD = """\
# Versions and hashes of this toolkit's requirements.lock; do not edit.
# Install: python -m pip install --require-hashes -r requirements.txt
"""


def locked_requirements(names: Collection[str], lock: str) -> str:
    """Packages and all that they need, as pip's ``--require-hashes`` reads them.

    Args:
        names: of packages, as the lock spells them.
        lock: text of a lock file by uv or pip-tools, with its "via" comments.

    Raises:
        ConversionError: when the lock lacks one of them.
    """
    entries = {
        text.partition("==")[0]: text
        for text in re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)[1:]
    }
    missing = sorted({*names} - {*entries})
    if missing:
        raise ConversionError(
            f"the lock file pins no {', '.join(missing)}; run make lock again"
        )
    needed: set[str] = set()
    found = {*names}
    while found:
        needed |= found
        found = {name for name in entries if _wanted_by(entries[name]) & needed}
        found -= needed
    return _HEAD + "".join(_without_comments(entries[name]) for name in sorted(needed))


def read_lock() -> str:
    """The lock file's text.

    Raises:
        ConversionError: when it is missing, as outside a checkout.
    """
    if not LOCK.is_file():
        raise ConversionError(f"{LOCK} is missing: make this kit from a checkout")
    return LOCK.read_text(encoding="utf-8")


def _wanted_by(entry: str) -> set[str]:
    _, _, via = entry.partition("# via")
    return {word for word in re.findall(r"[\w.-]+", via)}


def _without_comments(entry: str) -> str:
    lines = entry.splitlines(keepends=True)
    return "".join(line for line in lines if not line.lstrip().startswith("#"))
