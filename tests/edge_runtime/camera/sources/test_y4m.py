"""Oracle: ffmpeg's own conversion of the same recording to RGB."""

import io
import shutil
import subprocess

import numpy as np
import pytest

from edge_runtime.camera.sources.y4m import read_header, read_planes, rgb_of_planes
from edge_runtime.errors import CameraError

WIDTH, HEIGHT = 64, 48


@pytest.fixture(scope="module")
def ffmpeg():
    if not shutil.which("ffmpeg"):
        pytest.skip("needs ffmpeg (apt install ffmpeg)")

    def run(*words, piped=b""):
        command = ["ffmpeg", "-loglevel", "error", *words, "-"]
        return subprocess.run(
            command, input=piped, capture_output=True, check=True, timeout=60
        ).stdout

    return run


@pytest.mark.parametrize("layout", ["yuv420p", "yuvj420p", "yuv422p", "yuv444p"])
def test_colours_are_those_of_ffmpeg(ffmpeg, layout):
    recording = ffmpeg(
        "-f", "lavfi", "-i", f"testsrc2=size={WIDTH}x{HEIGHT}:rate=2:duration=1",
        "-pix_fmt", layout, "-strict", "-1", "-f", "yuv4mpegpipe",
    )  # fmt: skip
    # No interpolation of colour, as here.
    raw = ffmpeg(
        "-f", "yuv4mpegpipe", "-i", "pipe:0", "-sws_flags", "neighbor+accurate_rnd",
        "-f", "rawvideo", "-pix_fmt", "rgb24", piped=recording,
    )  # fmt: skip
    expected = np.frombuffer(raw, np.uint8).reshape(2, HEIGHT, WIDTH, 3).astype(int)
    file = io.BytesIO(recording)
    header = read_header(file, "recording")
    for frame in expected:
        found = rgb_of_planes(read_planes(file, header), header)
        # Rounding of fixed-point tables; a wrong range or matrix is 15 levels off.
        assert np.abs(found - frame).max() <= 3
    assert read_planes(file, header) is None


def test_half_a_frame_is_noticed():
    file = io.BytesIO(b"YUV4MPEG2 W4 H4 F25:1\nFRAME\n" + bytes(20))
    header = read_header(file, "recording")
    with pytest.raises(EOFError):
        read_planes(file, header)


@pytest.mark.parametrize(
    "start",
    [b"", b"\n", b"RIFF....AVI", b"YUV4MPEG2 W4 H4 C420p10\n", b"YUV4MPEG2 W4\n",
     b"YUV4MPEG2 W99999 H99999\n", b"YUV4MPEG2 W-4 H4\n", bytes(range(256))],
)  # fmt: skip
def test_other_files_are_refused_by_name(start):
    with pytest.raises(CameraError, match=r"clip\.y4m"):
        read_header(io.BytesIO(start), "clip.y4m")
