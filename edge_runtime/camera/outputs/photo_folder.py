"""Photos of steady lesions in a folder that never grows beyond what was allowed.

Off unless asked for. A saved JPEG carries no EXIF (place, serial number, owner). The
oldest go first, by the order of their names. A full or read-only disk costs the photo,
never the camera.
"""

import datetime
import io
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from edge_runtime.camera.frames import Picture, Report
from edge_runtime.camera.look import Look
from edge_runtime.errors import CameraError
from edge_runtime.files.atomic import write_bytes

_MEGABYTE = 1_000_000
_DAY_S = 86_400
# A wall clock that moved this much more or less than the monotonic one has jumped.
_JUMP_S = 60.0
# After a jump nothing is removed by age for so long: a Raspberry Pi without a clock
# chip starts in the past and jumps when the network is there.
_DISTRUST_S = 3600.0
_QUALITY = 95
_SUFFIXES = (".jpg", ".json")
_ORIENTATION = 0x0112  # EXIF tag


@dataclass(frozen=True)
class Room:
    """How much may lie in the folder.

    Attributes:
        megabytes: of photos and their verdicts together.
        days: after which a photo goes.
    """

    megabytes: float = 250.0
    days: float = 30.0


class Saver:
    """Stores the frame of each verdict; see ``Listener``."""

    def __init__(
        self,
        folder: Path,
        room: Room,
        report: Report,
        clocks: Callable[[], tuple[float, float]] = lambda: (
            time.time(),
            time.monotonic(),
        ),
    ) -> None:
        """Make the folder.

        Args:
            folder: only files named as here are ever removed from it.
            room: what may lie there.
            report: is told of photos that were lost.
            clocks: wall clock and monotonic clock, in seconds.

        Raises:
            CameraError: when the folder cannot be made.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CameraError(
                f"--save {folder}: {error.strerror}; expected a folder to write to"
            ) from error
        self._folder = folder
        self._room = room
        self._report = report
        self._clocks = clocks
        self._before = clocks()
        self._trusted_from_s = self._before[1]
        self.lost = 0

    def frame(self, look: Look, line: dict[str, Any]) -> None:
        """See ``Listener``."""

    def error(self, line: dict[str, Any]) -> None:
        """See ``Listener``."""

    def verdict(self, look: Look, line: dict[str, Any]) -> None:
        """Store the frame and the verdict; a disk that refuses is reported."""
        decision = str(line["decision"]).replace(" ", "-")
        self.store(look.frame.whole, f"{look.frame.number:08d}-{decision}", line)

    def store(self, picture: Picture, name: str, line: dict[str, Any]) -> Path | None:
        """Store one picture; None when the disk refuses."""
        wall_s, _ = self._clocks()
        moment = datetime.datetime.fromtimestamp(wall_s, datetime.UTC)
        path = self._folder / f"lesion-{moment:%Y%m%dT%H%M%S.%f}-{name}.jpg"
        content, text = without_exif(picture), json.dumps(line).encode("utf-8")
        try:
            self._make_room(len(content) + len(text))
            write_bytes(path, content)
            write_bytes(path.with_suffix(".json"), text)
        except OSError as error:
            self.lost += 1
            path.unlink(missing_ok=True) if path.exists() else None
            self._report(
                f"a photo was not saved to {self._folder}: {error.strerror or error};"
                f" {self.lost} lost so far. Free some room, or name another folder"
            )
            return None
        return path

    def close(self) -> None:
        """See ``Listener``."""

    def _make_room(self, needed_bytes: int) -> None:
        """Remove the oldest until the new one fits, then what is too old.

        Raises:
            OSError: when the disk refuses.
        """
        kept = sorted(self._stored())
        sizes = {path: path.stat().st_size for path in kept}
        total = sum(sizes.values())
        for path in kept:
            if total + needed_bytes <= self._room.megabytes * _MEGABYTE:
                break
            path.unlink()
            total -= sizes.pop(path)
        if self._clock_is_trusted():
            oldest_s = self._clocks()[0] - self._room.days * _DAY_S
            for path in sizes:
                if path.stat().st_mtime < oldest_s:
                    path.unlink()

    def _stored(self) -> Iterator[Path]:
        for path in self._folder.glob("lesion-*"):
            if path.suffix in _SUFFIXES:
                yield path

    def _clock_is_trusted(self) -> bool:
        wall_s, steady_s = self._clocks()
        went_s = (wall_s - self._before[0]) - (steady_s - self._before[1])
        self._before = (wall_s, steady_s)
        if abs(went_s) > _JUMP_S:
            self._trusted_from_s = steady_s + _DISTRUST_S
        return steady_s >= self._trusted_from_s


def without_exif(picture: Picture) -> bytes:
    """A JPEG without EXIF, comments or other segments about its origin.

    An upright JPEG keeps its coded pixels to the bit; another picture is encoded anew.
    """
    if not isinstance(picture, bytes):
        return _encoded(Image.fromarray(picture))
    with Image.open(io.BytesIO(picture)) as image:
        turned = image.getexif().get(_ORIENTATION, 1) != 1
        if image.format == "JPEG" and not turned:
            return _stripped(picture)
        return _encoded((ImageOps.exif_transpose(image) or image).convert("RGB"))


def _encoded(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()


def _stripped(jpeg: bytes) -> bytes:
    """Without the segments APP1..APP13, APP15 and COM, up to the coded data.

    APP0 (JFIF) and APP14 (Adobe) tell how colours are stored, and stay.
    """
    kept, place = [jpeg[:2]], 2
    while place + 4 <= len(jpeg) and jpeg[place] == 0xFF and jpeg[place + 1] != 0xDA:
        marker = jpeg[place + 1]
        end = place + 2 + int.from_bytes(jpeg[place + 2 : place + 4], "big")
        about_origin = marker == 0xFE or (0xE1 <= marker <= 0xEF and marker != 0xEE)
        if not about_origin:
            kept.append(jpeg[place:end])
        place = end
    return b"".join([*kept, jpeg[place:]])
