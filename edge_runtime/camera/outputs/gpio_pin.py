"""A GPIO pin that is high while the last verdict says *investigate*; with gpiozero.

gpiozero comes with Raspberry Pi OS (``apt install python3-gpiozero``).
"""

import importlib
from typing import Any

from edge_runtime.camera.look import Look
from edge_runtime.errors import CameraError
from edge_runtime.verdict import INVESTIGATE


class VerdictPin:
    """Drives one output; see ``Listener``."""

    def __init__(self, pin: int) -> None:
        """Claim the pin, low.

        Args:
            pin: BCM number, such as 17.

        Raises:
            CameraError: when there is no gpiozero or no such pin.
        """
        try:
            gpiozero = importlib.import_module("gpiozero")
        except ImportError as error:
            raise CameraError(
                f"--gpio needs gpiozero ({error}). On Raspberry Pi OS: sudo apt install"
                " python3-gpiozero, and a virtual environment made with"
                " --system-site-packages"
            ) from error
        try:
            self._output = gpiozero.OutputDevice(pin, initial_value=False)
        except (gpiozero.GPIOZeroError, OSError) as error:
            raise CameraError(
                f"--gpio {pin} cannot be used: {type(error).__name__}: {error}. Is this"
                " a Raspberry Pi, and is the user in the group gpio?"
            ) from error

    def frame(self, look: Look, line: dict[str, Any]) -> None:
        """Low again when the lesion is gone."""
        if not line["steady"]:
            self._output.off()

    def error(self, line: dict[str, Any]) -> None:
        """See ``Listener``."""

    def verdict(self, look: Look, line: dict[str, Any]) -> None:
        """High for *investigate*."""
        self._output.value = line["decision"] == INVESTIGATE

    def close(self) -> None:
        """Low, and let go."""
        self._output.off()
        self._output.close()
