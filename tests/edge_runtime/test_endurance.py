"""What must not happen however long or badly a device is used. Minutes: ``-m long``."""

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge_runtime.classifier import LesionClassifier
from edge_runtime.errors import ModelFileError
from edge_runtime.model import interpreter

# In a process of its own: a decoder that crashes must fail the test, not end it.
FUZZ = """
import json, random, sys, warnings
from pathlib import Path
from edge_runtime import LesionClassifier
from edge_runtime.errors import PhotoError

model, folder, cases, seed = sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:])
warnings.simplefilter("ignore")
chance = random.Random(seed)
seeds = [path.read_bytes() for path in sorted(folder.iterdir())]
classifier = LesionClassifier.load(model, threads=1)

def mutated(content):
    content = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 4, 16, 64))):
        # Headers hold sizes and types: half of the changes fall into them.
        end = len(content) if chance.random() < 0.5 else min(len(content), 256)
        place = chance.randrange(max(end, 1))
        kind = chance.randrange(6)
        if kind == 0:
            content[place : place + 1] = bytes([chance.randrange(256)])
        elif kind == 1:
            content[place : place + 4] = chance.choice(
                (b"\\0\\0\\0\\0", b"\\xff\\xff\\xff\\xff", b"\\x7f\\xff\\xff\\xff")
            )
        elif kind == 2:
            del content[place : place + chance.randrange(1, 64)]
        elif kind == 3:
            content[place:place] = chance.randbytes(chance.randrange(1, 64))
        elif kind == 4:
            del content[chance.randrange(len(content) + 1) :]
        else:
            other = chance.choice(seeds)
            content[place:] = other[chance.randrange(len(other)) :]
        if not content:
            break
    return bytes(content)

counts = {"verdict": 0, "error": 0}
for case in range(cases):
    content = mutated(chance.choice(seeds))
    try:
        classifier.classify(content)
        counts["verdict"] += 1
    except PhotoError as error:
        counts["error"] += 1
        assert str(error)
    except BaseException:
        Path("crashed.photo").write_bytes(content)
        print("case", case, file=sys.stderr)
        raise
print(json.dumps(counts))
"""

GROWTH = """
import sys
import numpy as np
from edge_runtime import LesionClassifier

classifier = LesionClassifier.load(sys.argv[1], threads=1)
size_px = classifier.card.input.size_px
chance = np.random.default_rng(0)
images = chance.integers(0, 256, (16, size_px, size_px, 3), np.uint8)
photo = open(sys.argv[2], "rb").read()

def resident_kib():
    for line in open("/proc/self/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1])

def use(times):
    for turn in range(times):
        classifier.score(images[turn % 16])
        if turn % 20 == 0:
            classifier.classify(photo)

use(10_000)
before = resident_kib()
use(int(sys.argv[3]))
print(resident_kib() - before)
"""


@pytest.fixture
def photo_folder(drawn, tmp_path):
    """A small photo in each format that Pillow writes and a camera might."""
    folder = tmp_path / "seeds"
    folder.mkdir()
    image = Image.fromarray(drawn(48, 64))
    exif = Image.Exif()
    exif[0x0112] = 6
    for name, options in {
        "JPEG": {"exif": exif},
        "PNG": {},
        "WEBP": {},
        "TIFF": {"compression": "tiff_lzw"},
        "BMP": {},
        "GIF": {},
        "PPM": {},
        "TGA": {},
        "ICO": {},
        "JPEG2000": {},
        "MPO": {"save_all": True, "append_images": [image]},
    }.items():
        file = io.BytesIO()
        try:
            image.save(file, name, **options)
        except (OSError, KeyError):
            continue  # This Pillow was built without it.
        (folder / f"{name}.photo").write_bytes(file.getvalue())
    image.convert("CMYK").save(folder / "cmyk.photo", "JPEG", progressive=True)
    image.convert("P").save(folder / "palette.photo", "PNG", transparency=3)
    Image.fromarray(np.asarray(image.convert("L"), np.uint16) * 200).save(
        folder / "deep.photo", "PNG"
    )
    return folder


def fuzzed(model_path, folder, tmp_path, cases, seed):
    done = subprocess.run(
        [sys.executable, "-c", FUZZ, model_path, folder, str(cases), str(seed)],
        cwd=tmp_path, env={"PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    counts = json.loads(done.stdout)
    assert counts["verdict"] + counts["error"] == cases
    # A fuzzer that only ever breaks photos, or never does, tests nothing.
    assert min(counts.values()) > cases / 50
    return counts


@pytest.mark.slow
def test_a_few_malformed_photos(model_path, classifier, photo_folder, tmp_path):
    fuzzed(model_path, photo_folder, tmp_path, 300, 1)


@pytest.mark.long
def test_twenty_thousand_malformed_photos(
    model_path, classifier, photo_folder, tmp_path
):
    print(fuzzed(model_path, photo_folder, tmp_path, 20_000, 2))


@pytest.mark.long
def test_a_hundred_thousand_inferences_take_no_more_memory(
    model_path, classifier, photo_folder
):
    if not Path("/proc/self/status").exists():
        pytest.skip("needs /proc")
    photo = photo_folder / "JPEG.photo"
    done = subprocess.run(
        [sys.executable, "-c", GROWTH, model_path, photo, "100000"],
        env={"PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    print(f"{done.stdout.strip()} KiB more after 100,000 inferences")
    # A leak of a tenth of one 32-px image (300 bytes) each time would be 30 MB.
    assert int(done.stdout) < 2048


@pytest.mark.parametrize("cases", [60, pytest.param(5000, marks=pytest.mark.long)])
def test_malformed_model_files_never_reach_the_interpreter(
    model_path, tmp_path, monkeypatch, cases
):
    monkeypatch.setattr(
        interpreter, "_find", lambda: pytest.fail("an interpreter saw it")
    )
    content, chance = model_path.read_bytes(), np.random.default_rng(cases)
    path = tmp_path / "malformed.tflite"
    for case in range(cases):
        broken = bytearray(content)
        place, length = int(chance.integers(len(content))), int(chance.integers(1, 99))
        if case % 3 == 0:
            broken[place] ^= 1 << int(chance.integers(8))
        elif case % 3 == 1:
            del broken[place : place + length]
        else:
            broken[place:place] = chance.bytes(length)
        path.write_bytes(broken)
        with pytest.raises(ModelFileError, match=r"malformed\.tflite"):
            LesionClassifier.load(path)
