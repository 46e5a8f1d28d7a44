"""No verb that needs no network opens a socket; nothing is ever reported home."""

import subprocess
import sys

import pytest

from edge_runtime.commands.verbs import VERBS

# An audit hook sees every socket of the interpreter and of all Python libraries, and
# ends the process before it is made.
WATCHED = """
import os, runpy, sys

def watch(event, arguments):
    if event.startswith("socket."):
        sys.stderr.write(f"SOCKET {event} {arguments}\\n")
        sys.stderr.flush()
        os._exit(99)

sys.addaudithook(watch)
sys.argv = ["edge_runtime", *sys.argv[1:]]
runpy.run_module("edge_runtime", run_name="__main__", alter_sys=True)
"""


def watched(root, *words):
    return subprocess.run(
        [sys.executable, "-c", WATCHED, *map(str, words)],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_watch_sees_a_socket(root):
    done = subprocess.run(
        [sys.executable, "-c", WATCHED.replace("runpy.run_module", "import socket;"
         "socket.socket();(lambda *a, **k: 0)")],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 99
    assert "SOCKET" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["classify", "MODEL", "samples"],
        ["classify", "MODEL", "samples", "--jsonl", "OUT", "--workers", "2"],
        ["classify", "MODEL", "samples/drawn_tone1_even.png", "--heatmap", "OUT"],
        ["calibrate", "MODEL", "--photos", "samples"],
        ["config", "classify"],
        ["bench", "MODEL", "--runs", "3"],
        ["doctor"],
    ],
    ids=lambda words: "-".join(words[:1] + words[3:4]),
)
def test_it_opens_no_socket(root, model_path, classifier, tmp_path, words):
    if words[0] not in VERBS:
        pytest.skip(f"there is no verb {words[0]} yet")
    places = {"MODEL": model_path, "OUT": tmp_path / "out"}
    done = watched(root, *(places.get(word, word) for word in words))
    assert "SOCKET" not in done.stderr
    assert done.returncode != 99
