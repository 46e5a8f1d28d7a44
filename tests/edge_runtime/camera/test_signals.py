"""What a service manager asks of the command while it runs."""

import shutil
import signal
import time

import pytest

LIVE = ("--stall", "2", "--threads", "1")
WAIT_S = 120


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
