"""What is known about the model files on a device, in ``NAME.update.json``.

It outlives the power: each change is written whole, and lasts before the next begins.
"""

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path

from edge_runtime.errors import UpdateError
from edge_runtime.files.atomic import write_text
from edge_runtime.files.strict_json import build, parse, to_json

STATE_FORMAT = 1
_LARGEST_STATE_BYTES = 2**16


@dataclass(frozen=True)
class Installed:
    """One model file that is or was in place.

    Attributes:
        version: of its release; 0 for a file that came another way.
        sha256: of the file.
    """

    version: int
    sha256: str


@dataclass(frozen=True)
class State:
    """What is known about the files beside a model.

    Attributes:
        format: version of this layout.
        current: in place.
        previous: kept beside it; None before a first update.
        announced: about to be put in place; None at rest.
        highest_version: ever in place or tried there; nothing up to here is new.
    """

    format: int
    current: Installed
    previous: Installed | None
    announced: Installed | None
    highest_version: int


def state_path(model: Path) -> Path:
    """Where the state of a model's updates lies."""
    return model.with_name(f"{model.name}.update.json")


def previous_path(model: Path) -> Path:
    """Where the file lies that was in place before."""
    return model.with_name(f"{model.name}.previous")


def staged_path(model: Path) -> Path:
    """Where a new file waits; on the same disk, so that it can be moved."""
    return model.with_name(f".{model.name}.staged")


def read_state(model: Path) -> State:
    """The state beside a model; that of a file which came another way, if none is.

    Raises:
        UpdateError: when model or state cannot be read.
    """
    path = state_path(model)
    here = sha256_of(model)
    if not path.exists():
        return State(STATE_FORMAT, Installed(0, here), None, None, 0)
    try:
        with path.open(encoding="utf-8") as file:
            values = parse(file.read(_LARGEST_STATE_BYTES))
        state: State = build(State, values, path.name)
    except (OSError, TypeError, ValueError) as error:
        raise UpdateError(
            f"{path} cannot be read: {error}. It keeps old releases out; restore it, or"
            " remove it if you know which release is in place."
        ) from error
    return _as_found(state, here)


def _as_found(state: State, here: str) -> State:
    """The state with what lies in place now, whatever was written about it."""
    if here in {each.sha256 for each in (state.current, state.announced) if each}:
        return state
    if state.previous is not None and here == state.previous.sha256:
        # The power went after the old file was put back, before that was noted.
        return replace(state, current=state.previous, previous=None, announced=None)
    # Somebody copied another file here; its release is not known.
    return replace(state, current=Installed(0, here), announced=None)


def written(model: Path, state: State) -> State:
    """Keep a state, and make it last; returns it."""
    write_text(state_path(model), to_json(state))
    settle(model.parent)
    return state


def settle(folder: Path) -> None:
    """Make renames in a folder last through a loss of power."""
    if os.name == "nt":  # Folders cannot be opened there.
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256_of(path: Path) -> str:
    """Of a whole file.

    Raises:
        UpdateError: when it cannot be read.
    """
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise UpdateError(f"{path} cannot be read: {error}") from error
