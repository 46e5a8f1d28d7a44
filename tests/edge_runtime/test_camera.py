"""The command as a device runs it: real processes, real ffmpeg, real signals.

Waiting is always for something to happen, with a generous end; no duration is judged.
"""

import contextlib
import http.server
import json
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge_runtime.classifier import LesionClassifier

WAIT_S = 120
LIVE = ("--stall", "2", "--threads", "1")


class Running:
    """A camera command and the lines it has printed so far."""

    def __init__(self, *words, **options):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "edge_runtime", "camera", *map(str, words)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options,
        )  # fmt: skip
        self.lines, self.said = queue.Queue(), []
        self._threads = [
            threading.Thread(target=self._read, daemon=True),
            threading.Thread(target=self._hear, daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))
        self.lines.put(None)

    def _hear(self):
        self.said.extend(self.process.stderr)

    def wait_for(self, wanted):
        """The next line that is wanted."""
        while (line := self.lines.get(timeout=WAIT_S)) is not None:
            if wanted(line):
                return line
        raise AssertionError(f"ended before: {self.said}")

    def wait_to_hear(self, words):
        end = time.monotonic() + WAIT_S
        while not any(words in line for line in list(self.said)):
            assert time.monotonic() < end, self.said
            time.sleep(0.05)

    def end(self):
        """Exit status and the lines not yet read."""
        status = self.process.wait(WAIT_S)
        for thread in self._threads:
            thread.join(WAIT_S)
        rest = list(iter(self.lines.get, None))
        assert "Traceback" not in "".join(self.said)
        return status, rest

    def close(self):
        self.process.kill()
        self.process.wait()
        for thread in self._threads:
            thread.join(WAIT_S)
        self.process.stdout.close()
        self.process.stderr.close()


@pytest.fixture
def camera(classifier, model_path):
    """Function that starts the command; needs the interpreter of ``classifier``."""
    with contextlib.ExitStack() as stack:

        def start(source, *words, model=model_path, **options):
            running = Running("--source", source, "--model", model, *words, **options)
            stack.callback(running.close)
            return running

        yield start


@pytest.fixture(scope="module")
def ffmpeg():
    if not shutil.which("ffmpeg"):
        pytest.skip("needs ffmpeg (apt install ffmpeg)")
    return ["ffmpeg", "-nostdin", "-loglevel", "error"]


@pytest.fixture
def jpegs(drawn, encoded):
    """Ten JPEGs of a lesion held still."""
    return [
        encoded(drawn(240, 320, seed=seed), "JPEG", quality=92) for seed in range(10)
    ]


@pytest.fixture
def serve():
    """Function: a TCP server whose connections are served by functions, in turn."""
    with contextlib.ExitStack() as stack:

        def start(*connections, port=0):
            listener = socket.create_server(("127.0.0.1", port))
            stack.callback(listener.close)

            def accept():
                for connection in connections:
                    with contextlib.suppress(OSError):
                        client, _ = listener.accept()
                        with client:
                            connection(client)

            threading.Thread(target=accept, daemon=True).start()
            return listener.getsockname()[1]

        yield start


def kinds(lines):
    return [line["type"] for line in lines]


class TestRecordings:
    def test_every_frame_is_judged_in_order_with_one_verdict(
        self, camera, jpegs, tmp_path, model_path
    ):
        path = tmp_path / "clip.mjpeg"
        path.write_bytes(b"".join(jpegs))
        status, lines = camera(path).end()
        frames = [line for line in lines if line["type"] == "frame"]
        assert status == 0
        assert [line["frame"] for line in frames] == [*range(1, 11)]
        assert kinds(lines).count("verdict") == 1
        assert all("not a medical device" in line["notice"] for line in lines)
        judge = LesionClassifier.load(model_path)
        for jpeg, line in zip(jpegs, frames, strict=True):
            assert line["probability"] == judge.classify(jpeg).probability
            assert line["dropped"] == 0

    def test_y4m_and_folder_give_what_classify_gives(
        self, camera, drawn, tmp_path, model_path
    ):
        images = [drawn(96, 128, seed=seed) for seed in range(3)]
        for seed, image in enumerate(images):
            Image.fromarray(image).save(tmp_path / f"{seed}.png")
        status, lines = camera(tmp_path).end()
        judge = LesionClassifier.load(model_path)
        assert status == 0
        assert [line["probability"] for line in lines] == [
            judge.classify(image).probability for image in images
        ]

    def test_lesions_one_after_the_other_get_one_verdict_each(
        self, camera, drawn, encoded, tmp_path
    ):
        blank = encoded(np.full((240, 320, 3), 128, np.uint8), "JPEG")
        stream = b""
        for skin in ((200, 150, 130), (150, 100, 80), (90, 60, 45)):
            lesion = [
                encoded(drawn(240, 320, skin=skin, seed=seed), "JPEG", quality=92)
                for seed in range(12)
            ]
            stream += b"".join([*lesion, *[blank] * 4])
        path = tmp_path / "three.mjpeg"
        path.write_bytes(stream)
        status, lines = camera(path).end()
        assert status == 0
        assert kinds(lines).count("verdict") == 3

    def test_damaged_frames_are_counted_and_the_rest_is_judged(
        self, camera, jpegs, tmp_path
    ):
        path = tmp_path / "clip.mjpeg"
        half = jpegs[1][: len(jpegs[1]) // 2]
        path.write_bytes(jpegs[0] + half + os.urandom(50) + jpegs[2] + jpegs[3] + half)
        running = camera(path)
        status, lines = running.end()
        assert status == 3
        assert [line["type"] for line in lines] == ["frame"] * 3
        running.wait_to_hear("2 frames of")

    @pytest.mark.parametrize("content", [b"", b"no picture at all", bytes(10**6)])
    def test_without_a_frame_it_fails_by_name(self, camera, tmp_path, content):
        path = tmp_path / "clip.mjpeg"
        path.write_bytes(content)
        running = camera(path)
        assert running.end() == (1, [])
        assert "clip.mjpeg" in running.said[-1]

    def test_every_nth_frame_and_no_more_than_asked(self, camera, jpegs, tmp_path):
        path = tmp_path / "clip.mjpeg"
        path.write_bytes(b"".join(jpegs))
        status, lines = camera(path, "--every-n", "3", "--frames", "3").end()
        assert status == 0
        assert [line["frame"] for line in lines] == [1, 4, 7]

    def test_a_changed_resolution_is_judged_like_any_frame(
        self, camera, jpegs, drawn, encoded, tmp_path
    ):
        path = tmp_path / "clip.mjpeg"
        other = [encoded(drawn(480, 360, seed=seed), "JPEG") for seed in range(3)]
        path.write_bytes(b"".join(jpegs[:3] + other + jpegs[3:6]))
        status, lines = camera(path).end()
        assert (status, kinds(lines).count("frame")) == (0, 9)


@pytest.mark.slow
class TestFaults:
    def test_a_lost_connection_comes_back(self, camera, jpegs, serve):
        port = serve(
            lambda client: client.sendall(jpegs[0] + jpegs[1][:500]),
            lambda client: client.sendall(os.urandom(5000)),
            lambda client: (client.sendall(jpegs[2]), time.sleep(WAIT_S)),
        )
        running = camera(f"mjpeg+tcp://127.0.0.1:{port}", *LIVE)
        running.wait_for(lambda line: line["frame"] == 1)
        again = running.wait_for(lambda line: line["frame"] == 2)
        assert again["damaged"] >= 1
        running.wait_to_hear("is back")
        running.process.terminate()
        assert running.end()[0] == 0

    def test_a_stalled_stream_is_opened_again(self, camera, jpegs, serve):
        port = serve(
            lambda client: (client.sendall(jpegs[0]), client.recv(1)),
            lambda client: (client.sendall(jpegs[1]), time.sleep(WAIT_S)),
        )
        running = camera(f"mjpeg+tcp://127.0.0.1:{port}", *LIVE)
        running.wait_for(lambda line: line["frame"] == 2)
        assert any("lost (timed out)" in line for line in running.said)

    def test_a_camera_program_that_is_killed_is_started_again(
        self, camera, ffmpeg, tmp_path
    ):
        running = camera("rpicam", *LIVE, env=stand_in(tmp_path, "rpicam-vid"))
        running.wait_for(lambda line: line["frame"] >= 2)
        first = int((tmp_path / "pid").read_text())
        os.kill(first, signal.SIGKILL)
        running.wait_to_hear("is back")
        assert int((tmp_path / "pid").read_text()) != first
        running.process.terminate()
        assert running.end()[0] == 0
        # Nor is the second one left behind.
        with pytest.raises(ProcessLookupError):
            os.kill(int((tmp_path / "pid").read_text()), 0)

    def test_sixty_frames_a_second_into_five_keep_only_the_newest(
        self, camera, ffmpeg, tmp_path
    ):
        env = stand_in(tmp_path, "rpicam-vid", rate=60)
        running = camera("rpicam", "--max-fps", "5", "--frames", "12", *LIVE, env=env)
        status, lines = running.end()
        numbers = [line["frame"] for line in lines if line["type"] == "frame"]
        assert status == 0
        assert numbers == sorted(set(numbers))
        last = next(line for line in reversed(lines) if line["type"] == "frame")
        # Every frame that came before the last judged one was judged or dropped.
        assert last["frame"] - len(numbers) <= last["dropped"]
        assert last["dropped"] > 12

    def test_v4l2_reads_what_ffmpeg_takes_from_the_device(
        self, camera, ffmpeg, tmp_path
    ):
        env = stand_in(tmp_path, "ffmpeg")
        running = camera("v4l2:/dev/video7", "--frames", "3", *LIVE, env=env)
        status, lines = running.end()
        assert (status, kinds(lines).count("frame")) == (0, 3)
        asked = (tmp_path / "asked").read_text()
        assert "-f v4l2" in asked
        assert "-i /dev/video7" in asked

    def test_a_device_that_is_not_there_fails_by_name(self, camera, ffmpeg):
        running = camera("v4l2:/dev/video99", "--stall", "1")
        assert running.end()[0] == 1
        assert "/dev/video99" in running.said[-1]
        assert "No such file" in running.said[-1]

    def test_http_of_ffmpeg_is_read(self, camera, ffmpeg):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        server = subprocess.Popen(
            [*ffmpeg, "-re", "-f", "lavfi", "-i", "testsrc2=size=160x120:rate=10",
             "-c:v", "mjpeg", "-f", "mpjpeg", "-listen", "1",
             f"http://127.0.0.1:{port}/stream"],
        )  # fmt: skip
        try:
            running = camera(
                f"mjpeg+http://127.0.0.1:{port}/stream", "--frames", "5", *LIVE
            )
            status, lines = running.end()
        finally:
            server.kill()
            server.wait()
        assert (status, kinds(lines).count("frame")) == (0, 5)
        assert lines[-1]["damaged"] == 0

    def test_an_http_error_is_named(self, camera):
        handler = http.server.BaseHTTPRequestHandler
        with http.server.HTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            running = camera(
                f"mjpeg+http://127.0.0.1:{server.server_port}/", "--stall", "1"
            )
            assert running.end()[0] == 1
            server.shutdown()
        assert "HTTP status 501" in running.said[-1]

    def test_a_clock_that_jumps_changes_nothing_but_the_time_shown(
        self, camera, ffmpeg, tmp_path
    ):
        if not shutil.which("faketime"):
            pytest.skip("needs libfaketime (apt install faketime)")
        clock = tmp_path / "clock"
        clock.write_text("2001-01-01 00:00:00")
        library = next(iter_libfaketime())
        env = stand_in(tmp_path, "rpicam-vid") | {
            "LD_PRELOAD": library,
            "FAKETIME_TIMESTAMP_FILE": str(clock),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        running = camera("rpicam", *LIVE, env=env)
        for year in ("2001", "2039", "1999"):
            clock.write_text(f"{year}-01-01 00:00:00")
            line = running.wait_for(
                lambda line, year=year: line["time"].startswith(year) and line["fps"]
            )
            assert 0 <= line["age_ms"] < WAIT_S * 1000
            assert 0 < line["fps"] < 1000
        # Not ended in order: libfaketime 0.9.10 lets time.sleep fail with EINVAL, which
        # subprocess needs then. The fixture kills it.


@pytest.mark.slow
class TestSignals:
    def test_a_new_model_is_loaded_only_when_it_is_whole(
        self, camera, jpegs, serve, model_path, tmp_path
    ):
        path = tmp_path / "model.tflite"
        shutil.copyfile(model_path, path)

        def stream(client):
            while True:
                client.sendall(jpegs[0])
                time.sleep(0.1)

        port = serve(stream)
        running = camera(f"mjpeg+tcp://127.0.0.1:{port}", *LIVE, model=path)
        before = running.wait_for(lambda line: line["type"] == "frame")
        damaged = bytearray(path.read_bytes())
        damaged[len(damaged) // 3] ^= 1
        for broken in (bytes(damaged), bytes(damaged[:-99]), b""):
            path.write_bytes(broken)
            refusals = sum("is refused" in line for line in running.said)
            running.process.send_signal(signal.SIGHUP)
            end = time.monotonic() + WAIT_S
            while sum("is refused" in line for line in running.said) == refusals:
                assert time.monotonic() < end, running.said
                time.sleep(0.05)
        after = running.wait_for(lambda line: line["frame"] > before["frame"])
        assert after["probability"] == before["probability"]
        shutil.copyfile(model_path, path)
        running.process.send_signal(signal.SIGHUP)
        running.wait_to_hear("in place of")
        running.process.terminate()
        assert running.end()[0] == 0

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_it_ends_in_order_and_the_last_line_is_whole(
        self, camera, jpegs, serve, number
    ):
        port = serve(
            lambda client: (client.sendall(b"".join(jpegs)), time.sleep(WAIT_S))
        )
        running = camera(f"mjpeg+tcp://127.0.0.1:{port}", *LIVE)
        running.wait_for(lambda line: line["type"] == "frame")
        running.process.send_signal(number)
        # Lines are parsed as they come: half a line would fail there.
        assert running.end()[0] == {signal.SIGTERM: 0, signal.SIGINT: 130}[number]


def stand_in(folder, name, rate=15):
    """Environment in which the program ``name`` is real ffmpeg drawing a test picture.

    It notes the words it was called with, and its process.
    """
    program = folder / name
    program.write_text(
        "#!/bin/sh\n"
        f'echo "$@" > {folder}/asked\necho $$ > {folder}/pid\n'
        f"exec {shutil.which('ffmpeg')} -nostdin -loglevel error -re -f lavfi"
        f" -i testsrc2=size=160x120:rate={rate} -c:v mjpeg -f mjpeg -\n"
    )
    program.chmod(0o755)
    return os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"}


def iter_libfaketime():
    yield from map(str, Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
