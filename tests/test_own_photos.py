"""From a user's folder of mixed photos to a kit that says what the workstation says.

``make test-long`` runs it; ``pytest -m long -s tests/test_own_photos.py`` also prints
every command with its seconds. The photos are real ones, saved as phones save them.
"""

import csv
import importlib.util
import json
import shlex
import subprocess
import time

import pytest
from PIL import Image

ORIENTATION = 274
EACH = 220
"""Photos of each label."""
# Ending, and what Pillow is told; a phone's formats among them.
FORMATS = (
    (".jpg", "JPEG", {"quality": 92}),
    (".png", "PNG", {}),
    (".HEIC", "HEIF", {"quality": 90}),
    (".avif", "AVIF", {"quality": 90}),
    (".jpeg", "JPEG", {"quality": 80}),
)
# To undo a turn by 90 degrees: what a camera notes that was held upright.
TURNED = 6


@pytest.fixture(scope="module")
def display_p3(root):
    """The colour profile of a phone's photos."""
    path = root / "tests/edge_runtime/photos/icc.py"
    spec = importlib.util.spec_from_file_location("icc", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.profile("Display P3")


@pytest.fixture
def own_photos(fanconic, display_p3, tmp_path):
    """440 photos in one folder and a table of labels in words of the user's own."""
    heif = pytest.importorskip("pillow_heif", reason="HEIC needs the extra heic")
    heif.register_heif_opener()
    folder, rows = tmp_path / "photos", []
    folder.mkdir()
    for label, word in (("malignant", "mel"), ("benign", "nv")):
        chosen = sorted((fanconic / "test" / label).iterdir())[:EACH]
        for number, source in enumerate(chosen):
            ending, kind, options = FORMATS[number % len(FORMATS)]
            name = f"IMG_{len(rows):04d}{ending}"
            with Image.open(source) as photo:
                _save(
                    photo.convert("RGB"),
                    folder / name,
                    kind,
                    number,
                    display_p3,
                    options,
                )
            rows.append({"image": name, "diagnosis": word})
    with (tmp_path / "labels.csv").open("w", newline="", encoding="utf-8") as table:
        writer = csv.DictWriter(table, ["image", "diagnosis"])
        writer.writeheader()
        writer.writerows(rows)
    assert len(rows) == 2 * EACH
    return folder


def _save(photo, path, kind, number, display_p3, options):
    """Every third one turned, every fourth one with a profile."""
    exif = Image.Exif()
    if number % 3 == 0:
        photo = photo.transpose(Image.Transpose.ROTATE_90)
        exif[ORIENTATION] = TURNED
    profile = {"icc_profile": display_p3} if number % 4 == 0 else {}
    photo.save(path, kind, exif=exif, **profile, **options)


@pytest.fixture
def walk(tmp_path, shell):
    """Runs one command of the way and notes its seconds."""
    times = []

    def step(command, statuses=(0,)):
        start = time.perf_counter()
        done = subprocess.run(
            shlex.split(command),
            cwd=tmp_path, env=shell,
            capture_output=True, text=True, timeout=1800, check=False,
        )  # fmt: skip
        seconds = time.perf_counter() - start
        times.append((seconds, done.returncode, command))
        print(f"{seconds:7.1f} s  status {done.returncode}  {command}", flush=True)
        assert done.returncode in statuses, f"{command}\n{done.stdout}\n{done.stderr}"
        return done

    yield step
    print(f"{sum(seconds for seconds, *_ in times):7.1f} s  all {len(times)} commands")


def verdicts(path):
    """What was said of each photo, to the last digit."""
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return {
        row["photo"]: (row["decision"], row["probability"], row["threshold"])
        for row in rows
    }


@pytest.mark.long
def test_a_kits_verdicts_on_own_photos_are_the_workstations(own_photos, walk, tmp_path):
    pytest.importorskip("tensorflow_model_optimization")
    model = "models/own/cnn32.qat_int8.tflite"
    prepared = walk(
        "lesion-edge prepare photos --labels labels.csv --label-map"
        " mel=malignant,nv=benign --val-share 0.4 --out own.csv"
    )
    with (tmp_path / "own.csv").open(encoding="utf-8") as table:
        assert len(list(csv.DictReader(table))) == 2 * EACH, prepared.stderr
    walk(
        "lesion-edge train --manifest own.csv --network cnn32 --epochs 12"
        " --batch-size 16 --out runs/own32"
    )
    walk(
        "lesion-edge convert runs/own32/model.keras --manifest own.csv --out models/own"
    )
    # Few photos and a short training: what it reaches may be below the target.
    walk(f"lesion-edge calibrate {model} --photos own.csv --accept", (0, 3))
    walk(f"lesion-edge show {model}")
    walk(f"lesion-edge package {model} --target pi --out pi-kit")
    walk("python pi-kit/self_test.py")
    # Status 3: some of the photos cannot be judged, and are named.
    walk(f"lesion-edge classify {model} photos --jsonl here.jsonl", (0, 3))
    kit = next((tmp_path / "pi-kit").glob("*.tflite"))
    walk(
        f"env PYTHONPATH=pi-kit/runtime python -m edge_runtime classify {kit} photos"
        " --jsonl kit.jsonl",
        (0, 3),
    )
    here, there = (verdicts(tmp_path / name) for name in ("here.jsonl", "kit.jsonl"))
    assert here == there
    assert len(here) == 2 * EACH
    assert {name.rpartition(".")[2] for name in here} == {
        "jpg", "png", "HEIC", "avif", "jpeg",
    }  # fmt: skip
