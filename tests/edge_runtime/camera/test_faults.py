"""What goes wrong with live sources, and how it goes on."""

import http.server
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

# A busy machine takes seconds to start ffmpeg; only one test is about stalls.
LIVE = ("--stall", "60", "--threads", "1")
WAIT_S = 120


def kinds(lines):
    return [line["type"] for line in lines]


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
        running = camera(f"mjpeg+tcp://127.0.0.1:{port}", "--stall", "2")
        running.wait_for(lambda line: line["frame"] == 2)
        assert any("lost (timed out)" in line for line in running.said)

    def test_a_camera_program_that_is_killed_is_started_again(
        self, camera, stand_in, tmp_path
    ):
        running = camera("rpicam", *LIVE, env=stand_in("rpicam-vid"))
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
        self, camera, stand_in, tmp_path
    ):
        env = stand_in("rpicam-vid", rate=60)
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
        self, camera, stand_in, tmp_path
    ):
        env = stand_in("ffmpeg")
        running = camera("v4l2:/dev/video7", "--frames", "3", *LIVE, env=env)
        status, lines = running.end()
        assert (status, kinds(lines).count("frame")) == (0, 3)
        asked = (tmp_path / "asked").read_text()
        assert "-f v4l2" in asked
        assert "-i /dev/video7" in asked

    def test_a_device_that_is_not_there_fails_by_name(self, camera, ffmpeg):
        running = camera("v4l2:/dev/video99", "--stall", "60")
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
        self, camera, stand_in, tmp_path
    ):
        if not shutil.which("faketime"):
            pytest.skip("needs libfaketime (apt install faketime)")
        clock = tmp_path / "clock"
        clock.write_text("2001-01-01 00:00:00")
        library = next(iter_libfaketime())
        env = stand_in("rpicam-vid") | {
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


def iter_libfaketime():
    yield from map(str, Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
