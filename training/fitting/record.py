"""What a training run was and how it went; ``training.json`` beside the model."""

import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from edge_runtime.files.atomic import write_text
from edge_runtime.measuring.revision import revision
from training.errors import TrainingError

RECORD_FORMAT = 1


@dataclass(frozen=True)
class TrainingRecord:
    """Enough to run a training again, and to judge it without running it.

    Attributes:
        format: version of this layout.
        network: a key of ``training.networks.published_cnn.NETWORKS``.
        settings: the options of the run, by name.
        manifest_sha256: of the table of photos.
        commit: of the project's repository, ``+dirty`` with uncommitted changes.
        tools: name and version of what ran.
        machine: processor and operating system.
        finished: UTC, ISO 8601.
        seconds: wall-clock time since the last start; a resumed run does not count what
            came before.
        n_train: photos learnt from.
        n_val: photos that chose the epoch.
        parameters: weights, trainable and not.
        history: one list of epochs for each learning-rate cycle.
        best_epochs: the epoch kept, for each cycle.
        validation: metrics of the saved model on the validation split: ``auc`` of all
            photos, and what ``training.fitting.sources.validation_metrics`` gives.
    """

    format: int
    network: str
    settings: Mapping[str, Any]
    manifest_sha256: str
    commit: str
    tools: Mapping[str, str]
    machine: str
    finished: str
    seconds: float
    n_train: int
    n_val: int
    parameters: int
    history: list[list[Mapping[str, float]]]
    best_epochs: list[int]
    validation: Mapping[str, Any]

    def write(self, path: Path) -> None:
        """Write the record as JSON."""
        write_text(path, json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def read(cls, path: Path) -> "TrainingRecord":
        """Read a record; a missing or an unknown field is an error.

        Raises:
            TrainingError: when the file is missing or holds something else.
        """
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise TrainingError(
                f"the training record {path} cannot be read: {error}"
            ) from error
        if not isinstance(values, dict):
            raise TrainingError(f"the training record {path} is no JSON object")
        wrong = values.keys() ^ {field.name for field in fields(cls)}
        if wrong:
            raise TrainingError(
                f"{path} has missing or unknown fields {sorted(wrong)}; train again"
            )
        return cls(**values)


def tool_versions() -> dict[str, str]:
    """Versions of what shapes a trained model."""
    import keras  # Here: those that only read a record need not wait for it.

    return {
        "python": platform.python_version(),
        "keras": keras.__version__,
        "backend": keras.backend.backend(),
    }


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def commit_in_words() -> str:
    """Commit of the checkout; ``+dirty`` behind it with uncommitted changes."""
    found = revision()
    if found.commit is None:
        return "unknown"
    return found.commit[:12] + ("+dirty" if found.dirty else "")
