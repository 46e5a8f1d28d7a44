"""Recordings and folders: every frame counts, none is dropped, and they end."""

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from edge_runtime.camera_frames import Frame
from edge_runtime.camera_jpeg import JpegSplitter
from edge_runtime.camera_y4m import read_header, read_planes, rgb_of_planes
from edge_runtime.errors import CameraError
from edge_runtime.photo_list import photos_in

_CHUNK_BYTES = 1 << 18


class MjpegFile:
    """JPEG after JPEG in a file; see ``FrameSource``."""

    live = False

    def __init__(self, path: Path) -> None:
        """Remember the file; it is opened by ``frames``."""
        self.name = str(path)
        self.damaged = 0
        self._path = path
        self._closed = threading.Event()

    def frames(self) -> Iterator[Frame]:
        """See ``FrameSource``.

        Raises:
            CameraError: when the file cannot be read.
        """
        splitter = JpegSplitter()
        number = 0
        with _opened(self._path) as file:
            while not self._closed.is_set():
                chunk = file.read(_CHUNK_BYTES)
                for picture in splitter.feed(chunk):
                    self.damaged = splitter.damaged
                    number += 1
                    yield Frame(number, time.monotonic_ns(), picture)
                if not chunk:
                    break
        splitter.finish()
        self.damaged = splitter.damaged

    def close(self) -> None:
        """See ``FrameSource``."""
        self._closed.set()


class Y4mFile:
    """A recording without loss; see ``FrameSource``."""

    live = False

    def __init__(self, path: Path) -> None:
        """Remember the file; it is opened by ``frames``."""
        self.name = str(path)
        self.damaged = 0
        self._path = path
        self._closed = threading.Event()

    def frames(self) -> Iterator[Frame]:
        """See ``FrameSource``.

        Raises:
            CameraError: when the file cannot be read.
        """
        with _opened(self._path) as file:
            header = read_header(file, self.name)
            number = 0
            while not self._closed.is_set():
                try:
                    planes = read_planes(file, header)
                except EOFError:
                    self.damaged += 1
                    return
                if planes is None:
                    return
                number += 1
                yield Frame(number, time.monotonic_ns(), rgb_of_planes(planes, header))

    def close(self) -> None:
        """See ``FrameSource``."""
        self._closed.set()


class PhotoFolder:
    """Photos as if they were frames, sorted by path; see ``FrameSource``."""

    live = False

    def __init__(self, path: Path) -> None:
        """Remember the folder, or one photo."""
        self.name = str(path)
        self.damaged = 0
        self._path = path
        self._closed = threading.Event()

    def frames(self) -> Iterator[Frame]:
        """See ``FrameSource``.

        Raises:
            CameraError: when there is no photo.
        """
        photos = [path for path in photos_in([self._path]) if path.is_file()]
        if not photos:
            raise CameraError(
                f"{self.name} holds no photo; expected .jpg, .png or such"
            )
        for number, path in enumerate(photos, 1):
            if self._closed.is_set():
                return
            try:
                picture = path.read_bytes()
            except OSError as error:
                raise CameraError(f"{path} cannot be read: {error.strerror}") from error
            yield Frame(number, time.monotonic_ns(), picture)

    def close(self) -> None:
        """See ``FrameSource``."""
        self._closed.set()


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise CameraError(
            f"{path} cannot be read: {error.strerror}. Expected a recording (.mjpeg,"
            " .y4m), a folder of photos, or a camera"
        ) from error
    with file:
        yield file
