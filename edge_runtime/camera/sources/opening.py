"""From the word behind ``--source`` to a camera, stream, recording or folder."""

import functools
import shutil
import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_runtime.camera.frames import FrameSource, Report
from edge_runtime.camera.sources.live import LiveSource, Patience
from edge_runtime.camera.sources.recordings import (
    Recording,
    mjpeg_frames,
    photos_as_frames,
    y4m_frames,
)
from edge_runtime.camera.sources.streams import HttpStream, ProgramStream, TcpStream
from edge_runtime.errors import CameraError
from edge_runtime.photos.paths import PHOTO_SUFFIXES

KINDS = (
    "picamera2, rpicam, v4l2:/dev/video0, mjpeg+tcp://HOST:PORT,"
    " mjpeg+http://HOST[:PORT]/PATH, FILE.mjpeg, FILE.y4m, FOLDER"
)


@dataclass(frozen=True)
class Wish:
    """What is asked of a camera; it may give the nearest it has.

    Attributes:
        width: in pixels.
        height: in pixels.
        fps: frames per second.
    """

    width: int = 1280
    height: int = 960
    fps: int = 15


def open_source(
    word: str, wish: Wish, patience: Patience, report: Report
) -> FrameSource:
    """The source that a person named; nothing is opened or imported before its use.

    Args:
        word: one of ``KINDS``.
        wish: size and rate, for cameras.
        patience: with live streams.
        report: takes what happens on the way, such as a lost stream.

    Raises:
        CameraError: when the word names none of them.
    """
    if word == "picamera2":
        # Here, since only a device with this camera needs it.
        from edge_runtime.camera.sources.raspberry_pi import Picamera2Source

        return Picamera2Source(wish.width, wish.height, wish.fps, patience, report)
    live = functools.partial(LiveSource, word, patience=patience, report=report)
    if word == "rpicam" or word.startswith("v4l2:"):
        command = _rpicam(wish) if word == "rpicam" else _v4l2(word[5:], wish)
        return live(functools.partial(ProgramStream, command))
    if word.startswith(("mjpeg+tcp://", "mjpeg+http://")):
        return live(_network(word))
    return _recording(word)


def _rpicam(wish: Wish) -> Sequence[str]:
    # Each option stands in rpicam-apps' core/options.cpp and video_options.hpp, in the
    # versions of Bookworm and Trixie. Its own JPEG quality would be 50.
    # libcamera-vid is the name of Raspberry Pi OS before Bookworm's end of 2023.
    name = "rpicam-vid"
    if not shutil.which(name) and shutil.which("libcamera-vid"):
        name = "libcamera-vid"
    return (
        name, "--nopreview", "--timeout", "0", "--codec", "mjpeg", "--quality", "90",
        "--flush", "--verbose", "0", "--width", str(wish.width),
        "--height", str(wish.height), "--framerate", str(wish.fps), "--output", "-",
    )  # fmt: skip


def _v4l2(device: str, wish: Wish) -> Sequence[str]:
    if not device.startswith("/dev/"):
        raise CameraError(f"v4l2:{device}: expected a device, such as v4l2:/dev/video0")
    # Encoded anew, at the best quality, whatever format the camera offers: a copied
    # stream of a USB camera often lacks its Huffman tables.
    return (
        "ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", "-fflags",
        "nobuffer", "-f", "v4l2", "-framerate", str(wish.fps), "-video_size",
        f"{wish.width}x{wish.height}", "-i", device, "-c:v", "mjpeg", "-q:v", "2",
        "-huffman", "default", "-f", "mjpeg", "-flush_packets", "1", "-",
    )  # fmt: skip


def _network(word: str) -> functools.partial[TcpStream] | functools.partial[HttpStream]:
    parts = urllib.parse.urlsplit(word)
    try:
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise CameraError(f"{word}: {error}; expected HOST:PORT") from error
    if not host or (parts.scheme == "mjpeg+tcp" and not port):
        raise CameraError(
            f"{word}: expected mjpeg+tcp://HOST:PORT or mjpeg+http://HOST[:PORT]/PATH"
        )
    if parts.scheme == "mjpeg+tcp":
        return functools.partial(TcpStream, host, port or 0)
    return functools.partial(HttpStream, word.removeprefix("mjpeg+"))


def _recording(word: str) -> FrameSource:
    path = Path(word)
    if not path.exists():
        raise CameraError(
            f"--source {word}: neither a camera or stream of ours nor a file or folder"
            f" that exists, looked for from {Path.cwd()}. Expected one of {KINDS};"
            " check the spelling"
        )
    suffix = path.suffix.lower()
    if suffix in (".mjpeg", ".mjpg"):
        return Recording(path, mjpeg_frames)
    if suffix == ".y4m":
        return Recording(path, y4m_frames)
    if path.is_dir() or suffix in PHOTO_SUFFIXES:
        return Recording(path, photos_as_frames)
    raise CameraError(
        f"--source {word}: a recording of this kind is not read. Expected FILE.mjpeg,"
        " FILE.y4m or a FOLDER of photos; ffmpeg makes one:"
        f" ffmpeg -i {word} -q:v 2 {path.stem}.mjpeg"
    )
