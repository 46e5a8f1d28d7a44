"""Networks that judge photos for others to learn from, run by LiteRT.

LiteRT's kernels take a third of the time of Keras on a processor, or less, and give the
same probabilities (docs/decisions), so a finished run is exported for it first; a
file of ``convert/to_tflite.py`` teaches as it is.
"""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np
from numpy.typing import NDArray

from edge_runtime.model.file import read_model_file
from edge_runtime.model.interpreter import (
    TfliteModel,
    open_interpreter,
    open_model_file,
)
from training.fitting.soft_labels import SoftLabelError

# Of a probability in floating point; one that is stored is known to half a step only.
_LEAST = 1e-6

_ALSO_ASKS = "also takes answers about the lesion; a teacher judges photos alone"


@dataclass(frozen=True)
class Teacher:
    """A network of one photo and one probability.

    Attributes:
        model: the opened network.
    """

    model: TfliteModel

    @property
    def size_px(self) -> int:
        """Side of the photos that it judges."""
        return self.model.input_shape[1]

    def logit(self, pixels: NDArray[np.uint8]) -> float:
        """Of malignancy, for pixels of shape ``(size_px, size_px, 3)``."""
        shown = pixels[None].astype(np.float32) / np.float32(255)
        output = self.model.output
        said = output.restore(self.model.infer(self.model.input.store(shown)))
        least = max(_LEAST, output.scale / 2)
        likely = float(np.clip(said[0], least, 1 - least))
        return float(np.log(likely / (1 - likely)))


def read_teacher(path: Path) -> Teacher:
    """Open the folder of a finished run, or a file ``.tflite`` with its card.

    Args:
        path: the folder or the file.

    Raises:
        EdgeRuntimeError: when there is none, or it needs more than a photo.
    """
    if path.suffix == ".tflite":
        file = read_model_file(path)
        model = open_model_file(file)
        if model.answers_shape:
            raise SoftLabelError(f"{path} {_ALSO_ASKS}")
        return Teacher(model)
    network = _finished(path / "model.keras")
    with TemporaryDirectory() as folder:
        exported = Path(folder) / "teacher.tflite"
        network.export(exported, format="litert", verbose=False)
        content = exported.read_bytes()
    return Teacher(open_interpreter(content))


def _finished(path: Path) -> keras.Model:
    """The network of a run, which gives one probability."""
    if not path.is_file():
        raise SoftLabelError(
            f"{path} is missing; expected the folder of a finished run"
        )
    network = keras.models.load_model(path, compile=False)
    if network.output_shape != (None, 1):
        raise SoftLabelError(
            f"{path} gives {network.output_shape}; expected one probability, (None, 1)"
        )
    if isinstance(network.input_shape, list):
        raise SoftLabelError(f"{path} {_ALSO_ASKS}")
    return network
