"""What every camera, stream and recording looks like from inside: the one door."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Picture = bytes | NDArray[np.uint8]
Report = Callable[[str], None]
"""Takes one sentence for the person in front of the terminal or the journal."""


@dataclass(frozen=True)
class Frame:
    """One picture of a source.

    Attributes:
        number: place in its source, from 1; skipped frames count too.
        captured_ns: ``time.monotonic_ns`` when its last byte was here. Never the wall
            clock, which jumps.
        picture: for the model: an encoded photo, or RGB of shape ``(h, w, 3)``.
        full: for saving, where the source has a larger stream; else None.
        path: of the photo, where the source is a folder of them; else empty.
    """

    number: int
    captured_ns: int
    picture: Picture
    full: Picture | None = None
    path: str = ""

    def name_in(self, source: str) -> str:
        """What messages and verdicts call this frame of a source."""
        return self.path or f"frame {self.number} of {source}"

    @property
    def whole(self) -> Picture:
        """The largest picture there is."""
        return self.picture if self.full is None else self.full


class FrameSource(Protocol):
    """A camera, a stream, a recording or a folder.

    Attributes:
        name: what a person called it.
        live: only the newest frame counts; of a recording every frame does.
        damaged: frames that arrived in pieces, so far.
    """

    name: str
    live: bool
    damaged: int

    def frames(self) -> Iterator[Frame]:
        """Frames until the end, or until ``close``.

        Raises:
            CameraError: when the source cannot be used, now or ever.
        """

    def close(self) -> None:
        """End ``frames`` soon, from any thread; may be called twice."""


class NewestFrame:
    """A slot between the capture thread and the model that holds one frame.

    A queue would make a slow model judge the past. Whoever puts replaces what was
    there, and counts it as dropped.
    """

    def __init__(self) -> None:
        """An empty slot."""
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._error: BaseException | None = None
        self._ended = False
        self.dropped = 0

    def put(self, frame: Frame) -> None:
        """Make this the newest frame."""
        with self._changed:
            self.dropped += self._frame is not None
            self._frame = frame
            self._changed.notify()

    def end(self, error: BaseException | None = None) -> None:
        """No more frames will come, because of ``error`` if there is one."""
        with self._changed:
            self._ended, self._error = True, error
            self._changed.notify()

    @property
    def ended(self) -> bool:
        """Whether the last frame was taken and no other will come.

        Raises:
            BaseException: the one that ended the capture thread.
        """
        with self._changed:
            if self._frame is not None or not self._ended:
                return False
            if self._error is not None:
                raise self._error
            return True

    def take(self, timeout_s: float) -> Frame | None:
        """The newest frame, or None when none came in time."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._frame is not None or self._ended, timeout_s
            )
            frame, self._frame = self._frame, None
            return frame


def age_ms(frame: Frame) -> float:
    """How long ago a frame was captured."""
    return (time.monotonic_ns() - frame.captured_ns) / 1e6
