"""Keras and its backend, started without what they tell about themselves.

Commands call ``start_keras`` once options and paths are known to be good: the import
takes seconds, which ``--help`` and mistakes need not wait for.
"""

import importlib
import logging
import os
from pathlib import Path
from typing import Any

from edge_runtime.terminal.native_log import without_info_lines
from training.errors import TrainingError

# Made by NVIDIA's driver. Without it CUDA's failure to start is no news.
_DRIVER = Path("/dev/nvidiactl")

BACKENDS = ("tensorflow", "torch", "jax")
"""Those of Keras that can train."""
_INSTALLED_BY = {
    "keras": 'python -m pip install -e ".[train]"',
    "tensorflow": 'python -m pip install -e ".[train]"',
    "torch": "python -m pip install torch",
    "jax": "python -m pip install jax",
}


def start_keras() -> None:
    """Import Keras and have its backend look for devices.

    Warnings and errors of TensorFlow stay visible; of its Python part and of absl only
    errors do, as the warnings there are about the ways of saving that we chose.

    Raises:
        TrainingError: when Keras or the backend that is asked for is not installed.
    """
    _check_backend()
    with without_info_lines(*() if _DRIVER.exists() else (b"failed call to cuInit",)):
        keras = _keras()
        keras.ops.convert_to_numpy(keras.ops.zeros(1))
    for name in ("absl", "tensorflow"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _check_backend() -> None:
    asked = os.environ.get("KERAS_BACKEND")
    if asked and asked not in BACKENDS:
        raise TrainingError(
            f"expected a backend of Keras that can train, {', '.join(BACKENDS)}; got"
            f" KERAS_BACKEND={asked}"
        )


def _keras() -> Any:
    """Keras, which ends with 25 lines where its backend is missing."""
    try:
        return importlib.import_module("keras")
    except ModuleNotFoundError as error:
        if error.name not in _INSTALLED_BY:
            raise
        raise TrainingError(
            f"{error.name} is not installed, which training needs here. Install it:"
            f" {_INSTALLED_BY[error.name]}"
        ) from error
