"""An hour of frames at ten a second, as fast as they can be judged."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

FRAMES, FPS = 36_000, 10

# In a process of its own, whose memory is the session's alone.
HOUR = """
import io, json, sys, itertools
from pathlib import Path
from edge_runtime.camera.frames import Frame
from edge_runtime.camera.look import Looker
from edge_runtime.camera.outputs.listeners import JsonLines
from edge_runtime.camera.outputs.photo_folder import Room, Saver
from edge_runtime.camera.session import Pace, Session
from edge_runtime.camera.vote import VoteRule
from edge_runtime.classifier import LesionClassifier

model, folder, out, frames, fps = *map(Path, sys.argv[1:4]), *map(int, sys.argv[4:])
pictures = [path.read_bytes() for path in sorted(folder.iterdir())]

class Hour:
    '''Sixty frames of a lesion, ten of nothing, one cut in half, and so on.'''

    name, live, damaged, number = "an hour", False, 0, 0

    def frames(self):
        lesion, blank = pictures[:-1], pictures[-1]
        stretch = [*itertools.islice(itertools.cycle(lesion), 60), *[blank] * 9]
        stretch.append(lesion[0][:500])
        for self.number in range(1, frames + 1):
            picture = stretch[self.number % len(stretch)]
            yield Frame(self.number, self.number * 10**9 // fps, picture)

    def close(self):
        pass

def resident_kib():
    for line in open("/proc/self/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1])

source = Hour()
clocks = lambda: (1e9 + source.number / fps, source.number / fps)
saver = Saver(out, Room(megabytes=0.5), lambda words: None, clocks)
looker = Looker(LesionClassifier.load(model, threads=1), source.name, 1.0)
session = Session(source, looker, VoteRule(), Pace(), [JsonLines(), saver])
said, sys.stdout = sys.stdout, open("lines.jsonl", "w")
marks = {}
for turn, _ in enumerate(session.run(), 1):
    if turn in (frames // 10, frames):
        marks[turn] = resident_kib()
    if turn % 1000 == 0:
        # What was said is counted below; a terminal would not keep it either.
        sys.stdout.flush()
sys.stdout.close()
print(json.dumps({"judged": session.judged, "failed": session.failed,
                  "kib": list(marks.values())}), file=said)
"""


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param(1400, marks=pytest.mark.slow),
        pytest.param(FRAMES, marks=pytest.mark.long),
    ],
)
def test_an_hour_of_frames_takes_no_more_memory(
    model_path, classifier, drawn, encoded, tmp_path, frames
):
    if not Path("/proc/self/status").exists():
        pytest.skip("needs /proc")
    folder = tmp_path / "frames"
    folder.mkdir()
    for seed in range(8):
        jpeg = encoded(drawn(120, 160, seed=seed), "JPEG", quality=92)
        (folder / f"{seed}.jpg").write_bytes(jpeg)
    blank = encoded(drawn(120, 160)[:4, :4].repeat(40, 0).repeat(40, 1), "JPEG")
    (folder / "z.jpg").write_bytes(blank)
    done = subprocess.run(
        [sys.executable, "-c", HOUR, model_path, folder, tmp_path / "saved",
         str(frames), str(FPS)],
        cwd=tmp_path, env={"PYTHONPATH": str(Path(__file__).resolve().parents[3])},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert found["judged"] + found["failed"] == frames
    assert found["failed"] == frames // 70
    lines = [
        json.loads(line) for line in (tmp_path / "lines.jsonl").read_text().splitlines()
    ]
    verdicts = [line for line in lines if line["type"] == "verdict"]
    assert len(verdicts) == pytest.approx(frames / 70, abs=1)
    saved = sum(path.stat().st_size for path in (tmp_path / "saved").iterdir())
    assert 0 < saved <= 500_000
    early, late = found["kib"]
    print(f"{late - early} KiB more after {frames} frames, {len(verdicts)} verdicts")
    # A leak of one frame's scores and findings (2 KiB) each time would be 65 MB.
    assert late - early < 4096
