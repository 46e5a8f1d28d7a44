import io
import json
import os
import resource
import signal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge_runtime.camera.frames import Frame
from edge_runtime.camera.look import Look
from edge_runtime.camera.outputs.photo_folder import Room, Saver, without_exif
from edge_runtime.errors import CameraError

DAY_S = 86_400


@pytest.fixture
def tagged(drawn, encoded):
    """A JPEG that tells who took it, where and with what."""
    exif = Image.Exif()
    exif[0x013B] = "Jane Doe"
    exif.get_ifd(0x8825)[1] = "N"
    return encoded(
        drawn(), "JPEG", quality=90, exif=exif, comment=b"Jane Doe's left arm"
    )


@pytest.fixture
def saved():
    """Function that saves one frame: ``(saver, picture, number)``."""

    def save(saver, picture, number=1):
        look = Look(Frame(number, 0, picture), None, 0.0, True, 0.0)
        saver.verdict(look, {"decision": "monitor", "number": number})

    return save


def photos(folder):
    return sorted(folder.glob("*.jpg"))


class Clock:
    def __init__(self):
        self.wall_s, self.steady_s = 1_800_000_000.0, 100.0

    def __call__(self):
        return self.wall_s, self.steady_s

    def wait(self, seconds):
        self.wall_s += seconds
        self.steady_s += seconds


def test_nothing_of_its_origin_is_left_and_no_pixel_changes(tagged):
    bare = without_exif(tagged)
    assert b"Jane" in tagged
    assert b"Jane" not in bare
    assert b"Exif" not in bare
    before, after = (Image.open(io.BytesIO(jpeg)) for jpeg in (tagged, bare))
    assert not after.getexif()
    assert np.array_equal(np.asarray(before), np.asarray(after))


def test_a_turned_photo_is_stored_upright(drawn, encoded):
    exif = Image.Exif()
    exif[0x0112] = 6
    bare = Image.open(io.BytesIO(without_exif(encoded(drawn(), "JPEG", exif=exif))))
    assert bare.size == (96, 128)
    assert not bare.getexif()


def test_an_array_is_stored_with_its_colours(tmp_path, saved, drawn):
    image = drawn()
    saver = Saver(tmp_path, Room(), print)
    saved(saver, image)
    (path,) = photos(tmp_path)
    found = np.asarray(Image.open(path)).astype(int)
    assert np.abs(found - image).mean() < 5


def test_photo_and_verdict_stand_side_by_side(tmp_path, saved, tagged):
    saved(Saver(tmp_path, Room(), print), tagged, 7)
    (path,) = photos(tmp_path)
    assert path.read_bytes() == without_exif(tagged)
    assert json.loads(path.with_suffix(".json").read_text())["number"] == 7
    assert len(list(tmp_path.iterdir())) == 2


def test_the_folder_never_outgrows_its_room_and_the_oldest_go(tmp_path, saved, tagged):
    room = Room(megabytes=len(tagged) * 5 / 1e6, days=10_000)
    clock = Clock()
    saver = Saver(tmp_path, room, print, clock)
    (tmp_path / "holiday.jpg").write_bytes(b"not ours")
    for number in range(1, 30):
        saved(saver, tagged, number)
        clock.wait(1)
        ours = [path for path in tmp_path.iterdir() if path.name != "holiday.jpg"]
        assert sum(path.stat().st_size for path in ours) <= room.megabytes * 1e6
    kept = [
        json.loads(p.with_suffix(".json").read_text()) for p in photos(tmp_path)[1:]
    ]
    numbers = [line["number"] for line in kept]
    assert numbers == [*range(30 - len(numbers), 30)]
    assert len(numbers) >= 3
    assert (tmp_path / "holiday.jpg").exists()


def test_photos_go_when_they_are_too_old(tmp_path, saved, tagged):
    clock = Clock()
    saver = Saver(tmp_path, Room(days=2), print, clock)
    saved(saver, tagged, 1)
    for path in tmp_path.iterdir():
        os.utime(path, (clock.wall_s, clock.wall_s))
    clock.wait(DAY_S)
    saved(saver, tagged, 2)
    assert len(photos(tmp_path)) == 2
    for path in tmp_path.glob("*00000002*"):
        os.utime(path, (clock.wall_s, clock.wall_s))
    clock.wait(1.5 * DAY_S)
    saved(saver, tagged, 3)
    assert ["00000002" in p.name or "00000003" in p.name for p in photos(tmp_path)] == [
        True,
        True,
    ]


def test_a_clock_that_jumps_ahead_removes_nothing(tmp_path, saved, tagged):
    clock = Clock()
    saver = Saver(tmp_path, Room(days=2), print, clock)
    saved(saver, tagged, 1)
    for path in tmp_path.iterdir():
        os.utime(path, (clock.wall_s, clock.wall_s))
    clock.wall_s += 3650 * DAY_S
    saved(saver, tagged, 2)
    clock.wait(60)
    saved(saver, tagged, 3)
    assert len(photos(tmp_path)) == 3


def test_a_full_disk_costs_the_photo_and_nothing_else(tmp_path, saved, tagged):
    said = []
    saver = Saver(tmp_path, Room(), said.append)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # The kernel then refuses to write beyond that many bytes of a file.
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, before[1]))
    try:
        saved(saver, tagged, 1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert list(tmp_path.iterdir()) == []
    assert "1 lost so far" in said[0]
    saved(saver, tagged, 2)
    assert len(photos(tmp_path)) == 1


def test_a_disk_without_room_costs_the_photo_and_nothing_else(
    saved, tagged, small_disk
):
    said = []
    saver = Saver(small_disk, Room(), said.append)
    (small_disk / "filler").write_bytes(bytes(60_000))
    for number in range(40):
        saved(saver, tagged, number)
    assert any("No space left" in line for line in said)
    assert not list(small_disk.glob(".*"))
    for path in photos(small_disk):
        assert path.with_suffix(".json").exists()
        Image.open(path).load()
    (small_disk / "filler").unlink()
    lost = saver.lost
    saved(saver, tagged, 99)
    assert saver.lost == lost


def test_a_read_only_disk_is_named(saved, tagged, small_disk, remount):
    said = []
    saver = Saver(small_disk, Room(), said.append)
    remount(small_disk, "ro")
    saved(saver, tagged)
    assert "Read-only file system" in said[0]
    with pytest.raises(CameraError, match="--save"):
        Saver(small_disk / "new", Room(), print)


@pytest.fixture
def remount():
    import subprocess

    def change(folder, option):
        subprocess.run(["mount", "-o", f"remount,{option}", folder], check=True)

    return change


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 128 KiB; needs root."""
    import subprocess

    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", folder],
        capture_output=True, text=True, check=False,
    ) if os.name == "posix" and Path("/bin/mount").exists() else None  # fmt: skip
    if done is None or done.returncode:
        pytest.skip("needs root, to mount a small file system")
    yield folder
    subprocess.run(["umount", folder], check=True)
