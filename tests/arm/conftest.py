"""An emulated Arm: the files that ``make_system.sh`` laid down, run by QEMU."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
PHOTOS = 50


@pytest.fixture(scope="session")
def system():
    """Folder that ``make test-arm`` prepares; without it, skip."""
    folder = Path(os.environ.get("LESION_EDGE_ARM_SYSTEM", ROOT / ".arm")).resolve()
    if not (folder / "root/site/edge_runtime").is_dir():
        pytest.skip(f"no Arm system in {folder}; make test-arm prepares one")
    if shutil.which("qemu-aarch64") is None:
        pytest.skip("qemu-aarch64 is missing (Debian: qemu-user)")
    return folder


@pytest.fixture(scope="session")
def on_arm(system, import_cpuinfo):
    """Function: run Python words on a processor; returns the finished process."""

    def run(processor, *words, plugin=None, path=None):
        root = system / "root"
        (root / "proc").mkdir(exist_ok=True)
        (root / "proc/cpuinfo").write_text(import_cpuinfo(processor))
        return subprocess.run(
            [
                "qemu-aarch64", "-cpu", processor, "-L", root,
                *(["-plugin", plugin] if plugin else []),
                "-E", f"PYTHONHOME={root}/usr",
                "-E", f"PYTHONPATH={path or root / 'site'}",
                "-E", "PYTHONHASHSEED=0", root / "usr/bin/python3.11", *words,
            ],
            capture_output=True, text=True, timeout=7200, check=False,
        )  # fmt: skip

    return run


@pytest.fixture(scope="session")
def import_cpuinfo():
    """The function of cpuinfo.py; tests are no package to import it from."""
    names = {}
    exec((Path(__file__).parent / "cpuinfo.py").read_text(), names)
    return names["cpuinfo"]


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """Fifty photos: drawn samples, real photos where they are, turned samples."""
    folder = tmp_path_factory.mktemp("photos")
    samples = sorted((ROOT / "samples").glob("*.[jp][pn]g"))
    for sample in samples:
        shutil.copy(sample, folder)
    named = os.environ.get("LESION_EDGE_FANCONIC", ROOT / "../shared/data/fanconic")
    real = sorted(Path(named).glob("test/*/*.jpg"))
    for photo in real[:: max(1, len(real) // 20)][:20]:
        shutil.copy(photo, folder / f"{photo.parent.name}_{photo.name}")
    drawn = [sample for sample in samples if sample.stem.startswith("drawn")]
    turn = 0
    while len(list(folder.iterdir())) < PHOTOS:
        sample = drawn[turn % len(drawn)]
        with Image.open(sample) as picture:
            turned = picture.convert("RGB").rotate(90 * (1 + turn // len(drawn)))
        turned.save(folder / f"turned{turn:02}.jpg", quality=85)
        turn += 1
    return folder
