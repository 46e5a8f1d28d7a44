"""The adapter to picamera2, with the real package's arrays where it is installed.

picamera2 needs a Raspberry Pi to import as a whole. Its module that makes arrays of
buffers runs anywhere once its neighbours are stand-ins. ``make test-camera`` fetches
it. By hand: ``pip install --no-deps picamera2``, or LESION_EDGE_PICAMERA2 naming a
folder that holds the unpacked package.
"""

import importlib.util
import itertools
import os
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from edge_runtime.camera.sources.live import Patience
from edge_runtime.camera.sources.raspberry_pi import (
    Picamera2Source,
    check_formats,
    rgb_of_yuv420,
)
from edge_runtime.commands.doctor import PROBLEM, camera_checks
from edge_runtime.errors import CameraError

WIDTH, HEIGHT = 100, 60  # rows of 128 and, for three bytes a pixel, 320 bytes
CARD = {"red": (200, 30, 40), "green": (30, 180, 60), "blue": (40, 50, 210)}


@pytest.fixture
def helpers(monkeypatch):
    """``Helpers`` of the real picamera2."""
    named = os.environ.get("LESION_EDGE_PICAMERA2")
    found = importlib.util.find_spec("picamera2") if not named else None
    if not named and (found is None or not found.submodule_search_locations):
        pytest.skip("needs the package picamera2; see this file's first lines")
    folder = Path(named or found.submodule_search_locations[0])
    for name in (
        "libcamera", "piexif", "simplejpeg", "pidng", "pidng.camdefs", "pidng.core",
        "real", "real.controls", "real.sensor_format", "real.utils",
    ):  # fmt: skip
        stand_in = types.ModuleType(name)
        stand_in.__path__ = []
        stand_in.__getattr__ = lambda _name: object
        monkeypatch.setitem(sys.modules, name, stand_in)
    formats = types.ModuleType("picamera2.formats")
    formats.is_raw = lambda _format: False
    package = types.ModuleType("picamera2")
    package.__path__, package.formats = [], formats
    monkeypatch.setitem(sys.modules, "picamera2", package)
    monkeypatch.setitem(sys.modules, "picamera2.formats", formats)
    spec = importlib.util.spec_from_file_location("real.request", folder / "request.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Helpers(None)


def buffers(rgb):
    """What the camera's memory holds for one even colour: the two streams, padded."""
    full = np.full((HEIGHT, 320), 77, np.uint8)
    full[:, : WIDTH * 3] = np.tile(np.array(rgb, np.uint8), WIDTH)
    red, green, blue = (level / 255 for level in rgb)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    small = np.full((HEIGHT * 3 // 2, 128), 99, np.uint8)
    small[:HEIGHT, :WIDTH] = round(luma * 255)
    halves = small[HEIGHT:].reshape(HEIGHT, 64)
    halves[: HEIGHT // 2, : WIDTH // 2] = round(128 + (blue - luma) / 1.772 * 255)
    halves[HEIGHT // 2 :, : WIDTH // 2] = round(128 + (red - luma) / 1.402 * 255)
    return full.reshape(-1), small.reshape(-1)


@pytest.mark.parametrize("rgb", CARD.values(), ids=CARD)
def test_colours_and_padding_of_the_real_package(helpers, rgb):
    full, small = buffers(rgb)
    size = {"size": (WIDTH, HEIGHT)}
    array = helpers.make_array(full, {"format": "BGR888", "stride": 320, **size})
    assert (array == rgb).all()
    planes = helpers.make_array(small, {"format": "YUV420", "stride": 128, **size})
    found = rgb_of_yuv420(planes, (WIDTH, HEIGHT))
    assert found.shape == (HEIGHT, WIDTH, 3)
    # Rounding of three planes to whole levels.
    assert np.abs(found.astype(int) - rgb).max() <= 2


@pytest.mark.parametrize("rgb", CARD.values(), ids=CARD)
def test_colours_and_padding(rgb):
    planes = buffers(rgb)[1].reshape(-1, 128)
    found = rgb_of_yuv420(planes, (WIDTH, HEIGHT))
    assert np.abs(found.astype(int) - rgb).max() <= 2


@pytest.mark.parametrize("stream", ["main", "lores"])
def test_another_order_of_colours_is_refused(stream):
    formats = {"main": {"format": "BGR888"}, "lores": {"format": "YUV420"}}
    check_formats(formats)
    formats[stream] = {"format": "RGB888"}
    with pytest.raises(CameraError, match=f"{stream}.*RGB888"):
        check_formats(formats)


class FakeCamera:
    """The smallest thing with picamera2's calls; dies when told to."""

    fail_at: tuple = ()
    opened = 0
    captures = itertools.count(1)

    def __init__(self):
        type(self).opened += 1

    def create_preview_configuration(self, **words):
        return words

    def configure(self, configuration):
        self.configuration = configuration

    def camera_configuration(self):
        return self.configuration

    def start(self):
        pass

    stop = close = release = start

    def capture_request(self, wait):
        assert wait is False
        return self

    def get_result(self, timeout):
        if next(type(self).captures) in self.fail_at:
            raise TimeoutError("no frame")
        return self

    def make_array(self, name):
        full, small = buffers(CARD["red"])
        width, height = self.configuration["lores"]["size"]
        assert (width, height) == (WIDTH, HEIGHT)
        return (
            full.reshape(HEIGHT, -1)[:, : WIDTH * 3].reshape(HEIGHT, WIDTH, 3)
            if (name == "main")
            else small.reshape(-1, 128)
        )


def source(monkeypatch, said, fail_at=()):
    camera = type(
        "Camera",
        (FakeCamera,),
        {"fail_at": fail_at, "opened": 0, "captures": itertools.count(1)},
    )
    module = types.ModuleType("picamera2")
    module.Picamera2 = camera
    monkeypatch.setitem(sys.modules, "picamera2", module)
    return Picamera2Source(WIDTH, HEIGHT, 15, Patience(), said.append), camera


def test_both_streams_arrive_and_a_lost_camera_comes_back(monkeypatch):
    said = []
    opened, camera = source(monkeypatch, said, fail_at=(3,))
    frames = list(itertools.islice(opened.frames(), 4))
    opened.close()
    assert [frame.number for frame in frames] == [1, 2, 3, 4]
    assert (frames[0].full == CARD["red"]).all()
    assert np.abs(frames[0].picture.astype(int) - CARD["red"]).max() <= 2
    assert camera.opened == 2
    assert "lost" in said[0]


def test_a_camera_that_never_worked_is_an_error(monkeypatch):
    opened, _ = source(monkeypatch, [], fail_at=(1,))
    with pytest.raises(CameraError, match="rpicam-hello"):
        next(opened.frames())


def test_without_picamera2_the_way_out_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "picamera2", None)
    with pytest.raises(CameraError, match="--source rpicam"):
        next(Picamera2Source(WIDTH, HEIGHT, 15, Patience(), print).frames())


NUMPY = (
    "numpy.dtype size changed, may indicate binary incompatibility. Expected 96 from C"
    " header, got 88 from PyObject"
)


def test_a_picamera2_for_another_numpy_is_one_line(monkeypatch, tmp_path):
    (tmp_path / "picamera2.py").write_text(f"raise ValueError({NUMPY!r})")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "picamera2", raising=False)
    with pytest.raises(CameraError, match="system-site-packages and leave numpy out"):
        next(Picamera2Source(WIDTH, HEIGHT, 15, Patience(), print).frames())
    (check,) = [each for each in camera_checks() if each.name == "picamera2"]
    assert check.status == PROBLEM
    assert "dtype size changed" in check.found


def test_no_camera_is_one_line(monkeypatch):
    class Nothing:
        def __init__(self):
            [][0]

    module = types.ModuleType("picamera2")
    module.Picamera2 = Nothing
    module.__spec__ = importlib.util.spec_from_loader("picamera2", None)
    monkeypatch.setitem(sys.modules, "picamera2", module)
    with pytest.raises(CameraError, match="no camera is connected"):
        next(Picamera2Source(WIDTH, HEIGHT, 15, Patience(), print).frames())
    (check,) = [each for each in camera_checks() if each.name == "picamera2"]
    assert (check.status, "no camera is connected" in check.found) == (PROBLEM, True)
