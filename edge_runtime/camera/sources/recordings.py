"""Recordings and folders: every frame counts, none is dropped, and they end."""

import contextlib
import threading
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import BinaryIO

from edge_runtime.camera.frames import Frame, Picture
from edge_runtime.camera.sources.jpeg import JpegSplitter
from edge_runtime.camera.sources.y4m import read_header, read_planes, rgb_of_planes
from edge_runtime.errors import CameraError
from edge_runtime.photos.paths import photos_in

_CHUNK_BYTES = 1 << 18

Damaged = Callable[[int], None]
"""Takes how many frames were damaged so far."""

Named = tuple[Picture, str]
"""A picture and the path it alone has, or an empty one."""


class Recording:
    """Frames that lie in a file or folder; see ``FrameSource``."""

    live = False

    def __init__(
        self, path: Path, read: Callable[[Path, Damaged], Iterator[Named]]
    ) -> None:
        """Remember the path; it is opened by ``frames``.

        Args:
            path: of the file or folder.
            read: ``mjpeg_frames``, ``y4m_frames`` or ``photos_as_frames``.
        """
        self.name = str(path)
        self.damaged = 0
        self._path = path
        self._read = read
        self._closed = threading.Event()

    def frames(self) -> Iterator[Frame]:
        """See ``FrameSource``.

        Raises:
            CameraError: when the path cannot be read.
        """
        with contextlib.closing(self._pictures()) as pictures:
            for number, (picture, path) in enumerate(pictures, 1):
                if self._closed.is_set():
                    return
                yield Frame(number, time.monotonic_ns(), picture, path=path)

    def close(self) -> None:
        """See ``FrameSource``."""
        self._closed.set()

    def _pictures(self) -> Generator[Named, None, None]:
        yield from self._read(self._path, self._count)

    def _count(self, damaged: int) -> None:
        self.damaged = damaged


def mjpeg_frames(path: Path, damaged: Damaged) -> Iterator[Named]:
    """JPEG after JPEG in a file.

    Raises:
        CameraError: when it cannot be read.
    """
    splitter = JpegSplitter()
    with _opened(path) as file:
        while chunk := file.read(_CHUNK_BYTES):
            for picture in splitter.feed(chunk):
                damaged(splitter.damaged)
                yield picture, ""
    splitter.finish()
    damaged(splitter.damaged)


def y4m_frames(path: Path, damaged: Damaged) -> Iterator[Named]:
    """A recording without loss.

    Raises:
        CameraError: when it cannot be read.
    """
    with _opened(path) as file:
        header = read_header(file, str(path))
        while True:
            try:
                planes = read_planes(file, header)
            except EOFError:
                damaged(1)
                return
            if planes is None:
                return
            yield rgb_of_planes(planes, header), ""


def photos_as_frames(path: Path, damaged: Damaged) -> Iterator[Named]:
    """Photos of a folder, or one, sorted by path.

    Raises:
        CameraError: when there is no photo.
    """
    photos = [photo for photo in photos_in([path]) if photo.is_file()]
    if not photos:
        raise CameraError(
            f"{path} holds no photo. Expected a folder with .jpg, .png or such in it;"
            " put photos there or name another one with --source"
        )
    for photo in photos:
        try:
            yield photo.read_bytes(), str(photo)
        except OSError as error:
            raise CameraError(f"{photo} cannot be read: {error.strerror}") from error


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
