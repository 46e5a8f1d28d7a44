"""A model that is in use while its file may be replaced.

``LesionClassifier.load`` reads a file whole, so whatever happens to the file, the model
in use goes on. ``reload`` takes the new file only if every check passes: the card's
SHA-256 is that of the model, the zip is unharmed, the tensors are the card's. Until
then, and if not, the old one serves.
"""

import threading
from collections.abc import Callable
from pathlib import Path

from edge_runtime.classifier import LesionClassifier
from edge_runtime.errors import EdgeRuntimeError


class ServedModel:
    """The classifier in use, and the way to a new one.

    A long-running program calls ``reload`` when told to, for instance on SIGHUP.

    Attributes:
        current: take it anew for each photo.
        path: of the model file.
    """

    def __init__(
        self,
        path: Path,
        load: Callable[[Path], LesionClassifier] = LesionClassifier.load,
    ) -> None:
        """Load the first model.

        Raises:
            EdgeRuntimeError: when it cannot be used.
        """
        self.path = path
        self._load = load
        self._one_at_a_time = threading.Lock()
        self.current = load(path)

    def reload(self) -> EdgeRuntimeError | None:
        """Use what the file holds now, or keep what is in use and say why."""
        with self._one_at_a_time:
            try:
                found = self._load(self.path)
            except EdgeRuntimeError as error:
                return error
            # One assignment: a reader sees the old one or the new one.
            self.current = found
        return None
