"""Keras and its backend, started without what they tell about themselves.

Commands call ``start_keras`` once options and paths are known to be good: the import
takes seconds, which ``--help`` and mistakes need not wait for.
"""

import importlib
import logging
from pathlib import Path

from edge_runtime.terminal.native_log import without_info_lines

# Made by NVIDIA's driver. Without it CUDA's failure to start is no news.
_DRIVER = Path("/dev/nvidiactl")


def start_keras() -> None:
    """Import Keras and have its backend look for devices.

    Warnings and errors of TensorFlow stay visible; of its Python part and of absl only
    errors do, as the warnings there are about the ways of saving that we chose.
    """
    with without_info_lines(*() if _DRIVER.exists() else (b"failed call to cuInit",)):
        keras = importlib.import_module("keras")
        keras.ops.convert_to_numpy(keras.ops.zeros(1))
    for name in ("absl", "tensorflow"):
        logging.getLogger(name).setLevel(logging.ERROR)
