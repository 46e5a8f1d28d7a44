"""The command as a device runs it: real processes, real ffmpeg, real sockets.

Waiting is always for something to happen, with a generous end; no duration is judged.
"""

import contextlib
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

import pytest

WAIT_S = 120


def _hear_interrupts():
    # A test run in a shell's background ignores Ctrl-C, and its children inherit that.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Running:
    """A camera command and the lines it has printed so far."""

    def __init__(self, *words, **options):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "edge_runtime", "camera", *map(str, words)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=_hear_interrupts, **options,
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


@pytest.fixture
def stand_in(ffmpeg, tmp_path):
    """Function: environment in which a program is real ffmpeg drawing a test picture.

    It notes in ``asked`` the words it was called with, and in ``pid`` its process.
    """

    def environment(name, rate=15):
        program = tmp_path / name
        program.write_text(
            "#!/bin/sh\n"
            f'echo "$@" > {tmp_path}/asked\necho $$ > {tmp_path}/pid\n'
            f"exec {shutil.which('ffmpeg')} -nostdin -loglevel error -re -f lavfi"
            f" -i testsrc2=size=160x120:rate={rate} -c:v mjpeg -f mjpeg -\n"
        )
        program.chmod(0o755)
        return os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}

    return environment
