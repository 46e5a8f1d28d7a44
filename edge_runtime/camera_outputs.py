"""Who is told about frames and verdicts: standard output, the rest on request."""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge_runtime.camera_frames import Report
from edge_runtime.camera_looks import Look
from edge_runtime.camera_session import Listener


@dataclass(frozen=True)
class Outputs:
    """What the command line asks for beside the lines on standard output.

    Attributes:
        save: folder for photos of steady lesions; None: nothing is stored.
    """

    save: Path | None = None

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the words."""

    @classmethod
    def of(cls, words: argparse.Namespace) -> "Outputs":
        """From parsed words."""
        return cls()


class JsonLines:
    """Standard output: one JSON object a line, as soon as it is known."""

    def frame(self, look: Look, line: dict[str, Any]) -> None:
        """See ``Listener``."""
        self.error(line)

    def verdict(self, look: Look, line: dict[str, Any]) -> None:
        """See ``Listener``."""
        self.error(line)

    def error(self, line: dict[str, Any]) -> None:
        """See ``Listener``."""
        print(json.dumps(line, allow_nan=False), flush=True)

    def close(self) -> None:
        """See ``Listener``."""


def opened_listeners(outputs: Outputs, guide: float, report: Report) -> list[Listener]:
    """Everyone who is to be told.

    Raises:
        EdgeRuntimeError: when one of them cannot be opened.
    """
    return [JsonLines()]
