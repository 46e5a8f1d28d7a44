"""Raspberry Pi cameras through picamera2, with two streams of every frame.

picamera2 comes with Raspberry Pi OS (``apt install python3-picamera2``) and is imported
only here, when asked for. The small stream (``lores``) goes to the model, the large one
(``main``) is kept for saving. Two traps, both met at the start and in tests: the format
whose arrays are in the order R, G, B is called ``BGR888``, and rows of the small
stream's planes are longer than its width, which picamera2 leaves to its caller.
"""

import importlib
import itertools
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_runtime.camera.frames import Frame, Report
from edge_runtime.camera.sources.live import Patience
from edge_runtime.camera.sources.y4m import rgb_of_ycc
from edge_runtime.errors import CameraError

FULL_FORMAT, SMALL_FORMAT = "BGR888", "YUV420"
# Enough for a 128-px model with reduced decoding's margin of four.
_SMALL_SHORT_PX = 512
_PAUSE_S = 0.5


class Picamera2Source:
    """Newest frames of a Raspberry Pi camera; see ``FrameSource``."""

    name = "picamera2"
    live = True

    def __init__(
        self, width: int, height: int, fps: int, patience: Patience, report: Report
    ) -> None:
        """Remember what is wanted; the camera is opened by ``frames``."""
        self.damaged = 0
        self._size = (width, height)
        self._fps = fps
        self._patience = patience
        self._report = report
        self._closed = threading.Event()
        self._numbers = itertools.count(1)
        self._worked = False

    def frames(self) -> Iterator[Frame]:
        """See ``FrameSource``.

        Raises:
            CameraError: when there is no picamera2 or no camera, or it is lost for
                longer than the patience lasts.
        """
        module = imported()
        lost_s: float | None = None
        while not self._closed.is_set():
            try:
                for frame in self._opened(module):
                    lost_s = None
                    yield frame
            except (RuntimeError, OSError) as error:
                # TimeoutError among them: no frame for too long.
                now_s = time.monotonic()
                lost_s = now_s if lost_s is None else lost_s
                if not self._worked or now_s - lost_s > self._patience.lost_s:
                    raise CameraError(
                        f"the camera gives no frames: {error}. Is its cable seated, and"
                        " does rpicam-hello --list-cameras show it?"
                    ) from error
                self._report(f"the camera was lost ({error}); trying again")
                self._closed.wait(_PAUSE_S)

    def close(self) -> None:
        """See ``FrameSource``."""
        self._closed.set()

    def _opened(self, module: Any) -> Iterator[Frame]:
        camera = opened(module)
        try:
            width, height = self._size
            scale = min(1.0, _SMALL_SHORT_PX / min(self._size))
            # Even sides: the colour planes have half of them.
            small = tuple(round(side * scale / 2) * 2 for side in self._size)
            camera.configure(
                camera.create_preview_configuration(
                    main={"size": (width, height), "format": FULL_FORMAT},
                    lores={"size": small, "format": SMALL_FORMAT},
                    controls={"FrameRate": self._fps},
                    # The newest frame, not one that waited in a queue.
                    queue=False,
                )
            )
            configuration = camera.camera_configuration()
            check_formats(configuration)
            camera.start()
            while not self._closed.is_set():
                yield self._captured(camera, configuration["lores"])
        finally:
            camera.stop()
            camera.close()

    def _captured(self, camera: Any, small: Mapping[str, Any]) -> Frame:
        job = camera.capture_request(wait=False)
        request = job.get_result(timeout=self._patience.stall_s)
        try:
            captured_ns = time.monotonic_ns()
            picture = rgb_of_yuv420(request.make_array("lores"), small["size"])
            full = request.make_array("main")
        finally:
            request.release()
        self._worked = True
        return Frame(next(self._numbers), captured_ns, picture, full)


def imported() -> Any:
    """The module picamera2.

    Raises:
        CameraError: when it cannot be imported, saying what to do.
    """
    try:
        return importlib.import_module("picamera2")
    # In a virtual environment with another numpy it fails by ValueError, and its C
    # parts fail in other ways.
    except Exception as error:
        advice = (
            "The system's picamera2 needs the system's numpy: make the virtual"
            " environment with --system-site-packages and leave numpy out of it (pip"
            " uninstall numpy)"
            if "numpy" in str(error)
            else "On Raspberry Pi OS: sudo apt install python3-picamera2, and a virtual"
            " environment made with --system-site-packages"
        )
        raise CameraError(
            f"picamera2 cannot be imported: {error}. {advice}; or use"
            " --source rpicam, which needs neither"
        ) from error


def opened(module: Any) -> Any:
    """The first camera.

    Raises:
        RuntimeError: when there is none.
    """
    try:
        return module.Picamera2()
    except IndexError as error:
        # picamera2 takes the first of an empty list.
        raise RuntimeError("no camera is connected") from error


def check_formats(configuration: Mapping[str, Any]) -> None:
    """Refuse a camera that does not give the formats asked for.

    A picture with red and blue exchanged looks like a picture to a model, costs little
    accuracy, and so is never noticed.

    Raises:
        CameraError: when a format is another one.
    """
    for stream, expected in (("main", FULL_FORMAT), ("lores", SMALL_FORMAT)):
        found = (configuration.get(stream) or {}).get("format")
        if found != expected:
            raise CameraError(
                f"the camera's {stream} stream has the format {found}; expected"
                f" {expected}, whose colours are known. Use --source rpicam"
            )


def rgb_of_yuv420(
    planes: NDArray[np.uint8], size: tuple[int, int]
) -> NDArray[np.uint8]:
    """RGB of the small stream's planes.

    Args:
        planes: shape ``(height * 3 / 2, stride)``: luma, then both colour planes with
            half the stride, two of their rows in each row here.
        size: width and height in pixels.

    Returns:
        Shape ``(height, width, 3)``; full range, as the configuration asks for (sYCC).
    """
    width, height = size
    luma = planes[:height, :width]
    halves = planes[height:].reshape(height, -1)
    blue, red = (
        plane[:, : width // 2].repeat(2, 0).repeat(2, 1)
        for plane in np.split(halves, 2)
    )
    return rgb_of_ycc(luma, blue, red, full_range=True)
