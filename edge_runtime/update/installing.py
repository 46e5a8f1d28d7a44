"""A new model file in place of the old one, whatever happens on the way.

At every moment the model's path holds a whole file, the old or the new one. Beside it
lie the old file (``NAME.previous``) and what is known about both
(``NAME.update.json``). A swap is announced there before, and confirmed after the new
file has passed its test in place; whoever comes after a loss of power finds the
announcement and finishes or undoes.
"""

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from edge_runtime.errors import UpdateError
from edge_runtime.files.atomic import write_bytes
from edge_runtime.update.state import (
    STATE_FORMAT,
    Installed,
    State,
    previous_path,
    read_state,
    settle,
    sha256_of,
    staged_path,
    state_path,
    written,
)

_TEMPORARY = "?" * 8  # What mkstemp puts behind the prefix of atomic.py.

Check = Callable[[Path], None]
"""Raises when the model file at the path is not to be used."""


@contextlib.contextmanager
def alone(model: Path) -> Iterator[None]:
    """Keep a second update of the same model out; a lock that ends with the process.

    Raises:
        UpdateError: when another one is at work.
    """
    if os.name == "nt":  # Has no such locks.
        yield
        return
    import fcntl

    path = model.with_name(f".{model.name}.lock")
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UpdateError(f"another update of {model} is at work") from error
        yield


def recover(model: Path, check: Check) -> State:
    """Finish or undo what a loss of power interrupted; the state at rest.

    Raises:
        UpdateError: when a file that was put in place fails its test and nothing is
            there to go back to.
    """
    _clear(model)
    state = read_state(model)
    if state.announced is None:
        return state
    if sha256_of(model) != state.announced.sha256:
        # The swap never came about.
        return written(model, replace(state, announced=None))
    try:
        check(model)
    except UpdateError:
        return undone(model, state)
    return _confirmed(model, state)


def install(model: Path, content: bytes, version: int, check: Check) -> State:
    """Put a new file in place, or leave everything as it was.

    Args:
        model: path of the file in place.
        content: of the new one; its signature is the caller's to verify.
        version: of its release.
        check: called with the new file, before and after it is in place.

    Raises:
        UpdateError: when the new file fails its test; the old one is in place.
    """
    state = read_state(model)
    staged, new = staged_path(model), hashlib.sha256(content).hexdigest()
    write_bytes(staged, content)
    try:
        check(staged)
        write_bytes(previous_path(model), model.read_bytes())
        state = written(model, replace(state, announced=Installed(version, new)))
        staged.replace(model)
        settle(model.parent)
    finally:
        staged.unlink(missing_ok=True)
    try:
        check(model)
    except UpdateError:
        undone(model, state)
        raise
    return _confirmed(model, state)


def install_first(model: Path, content: bytes, version: int, check: Check) -> State:
    """Put a file where none is, or leave the place empty; see ``install``.

    Raises:
        UpdateError: when the file fails its test.
    """
    _clear(model)
    staged, new = staged_path(model), hashlib.sha256(content).hexdigest()
    write_bytes(staged, content)
    try:
        check(staged)
        staged.replace(model)
        settle(model.parent)
    finally:
        staged.unlink(missing_ok=True)
    at_rest = State(STATE_FORMAT, Installed(version, new), None, None, version)
    return written(model, at_rest)


def undone(model: Path, state: State) -> State:
    """Put the kept file back; what was tried is not tried again.

    Raises:
        UpdateError: when there is no whole file to go back to.
    """
    kept = previous_path(model)
    back = state.previous if state.announced is None else state.current
    if back is None or not kept.exists() or sha256_of(kept) != back.sha256:
        raise UpdateError(
            f"{kept} is not the file that was in place before; there is nothing to go"
            " back to. Copy a model file you trust to its place."
        )
    tried = max(state.current.version, state.highest_version)
    if state.announced is not None:
        tried = max(tried, state.announced.version)
    write_bytes(model, kept.read_bytes())
    settle(model.parent)
    at_rest = replace(
        state, current=back, previous=None, announced=None, highest_version=tried
    )
    return written(model, at_rest)


def _confirmed(model: Path, state: State) -> State:
    if state.announced is None:
        raise ValueError("nothing was announced")
    at_rest = replace(
        state,
        current=state.announced,
        previous=state.current,
        announced=None,
        highest_version=max(state.highest_version, state.announced.version),
    )
    return written(model, at_rest)


def _clear(model: Path) -> None:
    """Remove what a loss of power left half written; only with the lock in hand."""
    staged_path(model).unlink(missing_ok=True)
    for path in (model, staged_path(model), previous_path(model), state_path(model)):
        for left in model.parent.glob(f".{path.name}.{_TEMPORARY}"):
            left.unlink()
