"""How far a training has come, on disk after every epoch."""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from edge_runtime.files.atomic import write_bytes
from training.errors import TrainingError

Arrays = list[NDArray[np.float32]]


@dataclass(frozen=True)
class EpochResult:
    """One line of a training history.

    Attributes:
        epoch: counted from 1.
        loss: of the last training batch.
        val_loss: mean cross-entropy of the validation photos.
        val_auc: which chooses the epoch: the mean of the sources' AUCs; of all photos
            where no source has enough.
        sources: AUC of each source that has enough.
    """

    epoch: int
    loss: float
    val_loss: float
    val_auc: float
    sources: Mapping[str, float] = field(default_factory=dict)


@dataclass
class Progress:
    """What a checkpoint holds beside the weights."""

    averaged: Arrays
    best: Arrays
    history: list[EpochResult]

    @property
    def best_epoch(self) -> int:
        """Number of the epoch with the highest validation AUC."""
        return max(self.history, key=lambda result: result.val_auc).epoch


def _state(model: keras.Model) -> list[keras.Variable]:
    return [*model.variables, *model.optimizer.variables]


def save(model: keras.Model, checkpoint: Path, progress: Progress) -> None:
    """Write everything that going on needs, optimizer included."""
    groups: dict[str, Sequence[object]] = {
        "state": [keras.ops.convert_to_numpy(value) for value in _state(model)],
        "averaged": progress.averaged,
        "best": progress.best,
    }
    arrays = {
        f"{group}{index}": np.asarray(array)
        for group, members in groups.items()
        for index, array in enumerate(members)
    }
    history = json.dumps([asdict(result) for result in progress.history])
    content = io.BytesIO()
    np.savez(content, history=np.array(history), **arrays)  # type: ignore[arg-type]
    write_bytes(checkpoint, content.getvalue())


def restore(model: keras.Model, checkpoint: Path) -> Progress | None:
    """Set the model as it was; none when there is no checkpoint.

    Raises:
        TrainingError: when the file is damaged or another network's.
    """
    if not checkpoint.exists():
        return None
    try:
        # Read first: numpy leaves a file open that turns out to be damaged.
        with np.load(io.BytesIO(checkpoint.read_bytes())) as saved:
            for index, variable in enumerate(_state(model)):
                variable.assign(saved[f"state{index}"])
            count = len(model.get_weights())
            progress = Progress(
                averaged=[saved[f"averaged{index}"] for index in range(count)],
                best=[saved[f"best{index}"] for index in range(count)],
                history=[
                    EpochResult(**result)
                    for result in json.loads(str(saved["history"]))
                ],
            )
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise TrainingError(
            # Keras shows whole arrays behind the first line.
            f"the checkpoint {checkpoint} does not fit this network:"
            f" {str(error).partition(chr(10))[0][:200]}."
            " Remove it, or choose another --out."
        ) from error
    tqdm.write(f"resuming {checkpoint} after epoch {len(progress.history)}")
    return progress
