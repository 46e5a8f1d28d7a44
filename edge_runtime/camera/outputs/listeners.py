"""Who is told about frames and verdicts: standard output, the rest on request."""

import argparse
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge_runtime.camera.frames import Report
from edge_runtime.camera.look import Look
from edge_runtime.camera.outputs.photo_folder import Room, Saver
from edge_runtime.camera.session import Listener
from edge_runtime.terminal.arguments import above_zero

PREVIEW_PORT = 8080


@dataclass(frozen=True)
class Outputs:
    """What the command line asks for beside the lines on standard output.

    Attributes:
        save: folder for photos of steady lesions; None: nothing is stored.
        room: how much may lie there.
        preview: port of the page on 127.0.0.1; None: no page.
        mqtt: URL of a broker; None: nothing is sent.
        gpio: BCM number of a pin; None: none is touched.
    """

    save: Path | None = None
    room: Room = field(default_factory=Room)
    preview: int | None = None
    mqtt: str | None = None
    gpio: int | None = None

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        add = parser.add_argument_group(
            "outputs, all off unless asked for"
        ).add_argument
        add("--save", type=Path, metavar="FOLDER", help="photos of steady lesions")
        add(
            "--save-mb",
            type=above_zero,
            default=Room.megabytes,
            help="most that may lie in FOLDER, oldest removed first; 250",
        )
        add(
            "--save-days",
            type=above_zero,
            default=Room.days,
            help="after which a photo is removed; 30",
        )
        add(
            "--preview",
            type=int,
            nargs="?",
            const=PREVIEW_PORT,
            metavar="PORT",
            help=f"page on http://127.0.0.1:PORT, {PREVIEW_PORT} unless given",
        )
        add("--mqtt", metavar="URL", help="mqtt://[USER@]HOST[:PORT][/TOPIC]")
        add(
            "--gpio",
            type=int,
            metavar="PIN",
            help="high while a verdict is investigate",
        )

    @classmethod
    def of(cls, options: argparse.Namespace) -> "Outputs":
        """From parsed options."""
        room = Room(options.save_mb, options.save_days)
        return cls(options.save, room, options.preview, options.mqtt, options.gpio)


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
    """Everyone who is to be told; what was opened is closed when one fails.

    Raises:
        EdgeRuntimeError: when one of them cannot be opened.
    """
    opened: list[Listener] = [JsonLines()]
    try:
        if outputs.save is not None:
            opened.append(Saver(outputs.save, outputs.room, report))
        # Imported when asked for: a page, a broker and pins are no business of others.
        if outputs.gpio is not None:
            from edge_runtime.camera.outputs.gpio_pin import VerdictPin

            opened.append(VerdictPin(outputs.gpio))
        if outputs.mqtt is not None:
            from edge_runtime.camera.outputs.mqtt import MqttPublisher

            opened.append(MqttPublisher(outputs.mqtt, report))
        if outputs.preview is not None:
            from edge_runtime.camera.outputs.preview import Preview

            preview = Preview(outputs.preview, guide)
            report(f"preview on http://127.0.0.1:{preview.port}")
            opened.append(preview)
    except BaseException:
        for listener in opened:
            listener.close()
        raise
    return opened
