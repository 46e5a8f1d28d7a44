"""Keras and its backend, started without what they tell about themselves.

Commands call ``start_keras`` once options and paths are known to be good: the import
takes seconds, which ``--help`` and mistakes need not wait for.
"""

import importlib
import logging
import os
from pathlib import Path

from edge_runtime.terminal.native_log import without_info_lines
from training.errors import BackendMissingError

# Made by NVIDIA's driver. Without it CUDA's failure to start is no news.
_DRIVER = Path("/dev/nvidiactl")


def start_keras() -> None:
    """Import Keras and have its backend look for devices.

    Warnings and errors of TensorFlow stay visible; of its Python part and of absl only
    errors do, as the warnings there are about the ways of saving that we chose.

    Raises:
        BackendMissingError: naming the pip line, when Keras or its backend is not
            installed.
    """
    try:
        with without_info_lines(
            *() if _DRIVER.exists() else (b"failed call to cuInit",)
        ):
            keras = importlib.import_module("keras")
            keras.ops.convert_to_numpy(keras.ops.zeros(1))
    except (ImportError, ValueError) as error:
        raise BackendMissingError(_missing(error)) from error
    for name in ("absl", "tensorflow"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _missing(error: Exception) -> str:
    """What to install, or which name of a backend to mend."""
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    if backend not in _BACKENDS:
        return f"KERAS_BACKEND is {backend!r}; expected one of {', '.join(_BACKENDS)}"
    return (
        f"Keras with the backend {backend} cannot be loaded ({error}). Install it from"
        f" the checkout: {_BACKENDS[backend]}"
    )


_BACKENDS = {
    "tensorflow": 'pip install ".[train]"',
    "jax": 'pip install ".[train]" jax',
    "torch": 'pip install ".[train]" torch',
}
