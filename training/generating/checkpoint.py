"""How far a generator has come, on disk after every epoch."""

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from edge_runtime.files.atomic import write_bytes
from training.errors import TrainingError


@dataclass(frozen=True)
class Epoch:
    """One line of a generator's history.

    Attributes:
        number: counted from 1.
        seconds: of wall-clock time.
        processor_seconds: of all threads of the process.
        losses: means over the epoch, by name.
    """

    number: int
    seconds: float
    processor_seconds: float
    losses: dict[str, float]


def _state(networks: Sequence[keras.Model]) -> list[Any]:
    return [
        variable
        for network in networks
        for variable in (*network.variables, *network.optimizer.variables)
    ]


def save(path: Path, networks: Sequence[keras.Model], history: Sequence[Epoch]) -> None:
    """Write everything that going on and drawing need, whole or not at all."""
    arrays = {
        f"state{index}": np.asarray(keras.ops.convert_to_numpy(variable))
        for index, variable in enumerate(_state(networks))
    }
    told = np.array(json.dumps([asdict(epoch) for epoch in history]))
    content = io.BytesIO()
    np.savez(content, history=told, **arrays)  # type: ignore[arg-type]
    write_bytes(path, content.getvalue())


def restore(path: Path, networks: Sequence[keras.Model]) -> list[Epoch]:
    """Set the networks as they were; no epochs where there is no checkpoint.

    Raises:
        TrainingError: when the file is damaged or another generator's.
    """
    if not path.exists():
        return []
    state = _state(networks)
    try:
        with np.load(io.BytesIO(path.read_bytes())) as saved:
            if len(saved.files) != len(state) + 1:
                raise ValueError(f"{len(saved.files) - 1} arrays, not {len(state)}")
            for index, variable in enumerate(state):
                variable.assign(saved[f"state{index}"])
            return [Epoch(**epoch) for epoch in json.loads(str(saved["history"]))]
    except (
        OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile,
    ) as error:  # fmt: skip
        raise TrainingError(
            f"the checkpoint {path} does not fit this generator:"
            f" {str(error).partition(chr(10))[0][:200]}."
            " Remove it, or choose another --out."
        ) from error
