"""The web kit: compiled by tsc, its arithmetic run in Node, its page in Chromium."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from convert.package import main
from edge_runtime import LesionClassifier
from edge_runtime.calibration import calibrated
from edge_runtime.model_file import read_model_file
from edge_runtime.preprocessing import preprocess
from edge_runtime.verdict import decision

PROGRAMS = Path(__file__).with_name("kits")

SABOTAGED = {
    "nothing": set(),
    "exchanged colours": {"colour order"},
    "decoder": {"decode"},
    "nearest neighbour": {"resize"},
    "no square": {"resize"},
    "another range": {"normalisation"},
    "zero point": {"quantisation"},
    "another output": {"kernels"},
    "other kernels": set(),
    "scale": {"restore"},
    "no temperature": {"probability"},
    "threshold of one half": {"threshold"},
    "threshold one step higher": {"threshold"},
}

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def modules():
    """Folder of npm's modules that ``make test-kits`` installs."""
    named = os.environ.get("LESION_EDGE_KITS_MODULES")
    if not named or not Path(named).is_dir():
        pytest.skip("needs the compilers that make test-kits installs")
    return Path(named).resolve()


@pytest.fixture(scope="module")
def kit(root, modules, tmp_path_factory):
    """Folder of the web kit of a shipped model, compiled."""
    out = tmp_path_factory.mktemp("web") / "kit"
    words = [str(root / "models/cnn64.qat_int8.tflite"), "--target", "web"]
    assert main([*words, "--out", str(out)]) == 0
    (out / "node_modules").symlink_to(modules)
    subprocess.run(
        ["node", modules / "typescript/bin/tsc"], cwd=out, check=True, timeout=300
    )
    return out


@pytest.fixture(scope="module")
def file(kit):
    (path,) = kit.glob("model/*.tflite")
    return read_model_file(path)


def _node(kit, *words):
    done = subprocess.run(
        ["node", PROGRAMS / "run_typescript.mjs", kit / "dist", *words],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()


@pytest.mark.parametrize(("what", "steps"), SABOTAGED.items())
def test_self_test_names_the_step_that_is_wrong(kit, what, steps):
    assert set(_node(kit, kit / "golden/golden.json", what)) == steps


def test_any_picture_gives_python_s_pixels_and_any_output_its_verdict(
    kit, file, tmp_path
):
    generator = np.random.default_rng(5)
    sizes = [(64, 64), (1, 1), (7, 300), (301, 65), (63, 64), (500, 400), (2, 3)]
    lines, expected = [], []
    for number, (height, width) in enumerate(sizes):
        image = generator.integers(0, 256, (height, width, 3), dtype=np.uint8)
        path = tmp_path / f"{number}.rgb"
        path.write_bytes(image.tobytes())
        lines.append(f"{width}\t{height}\t{path}\n")
        expected.append((path, preprocess(image, file.card.input.size_px)))
    (tmp_path / "pictures").write_text("".join(lines))
    said = _node(kit, tmp_path / "pictures", "pictures")
    for path, pixels in expected:
        found = np.fromfile(f"{path}.pixels", np.uint8).reshape(pixels.shape)
        np.testing.assert_array_equal(found, pixels)
    scores = file.card.output.quantization.restore(np.arange(256, dtype=np.uint8))
    assert len(said) == 256
    for score, line in zip(scores.astype(float), said, strict=True):
        _, found, probability = line.split("\t")
        assert found == decision(float(score), file.card, ())
        assert float(probability) == pytest.approx(
            calibrated(float(score), file.card.temperature), rel=1e-12
        )


def test_page_in_chromium_passes_the_self_test_and_judges_as_python(kit, file, root):
    python = os.environ.get("LESION_EDGE_KITS_PYTHON")
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not python or not chromium:
        pytest.skip("needs the Chromium and playwright that make test-kits installs")
    photo = root / "samples/drawn_tone4_irregular_hair.png"
    done = subprocess.run(
        [python, PROGRAMS / "open_page.py", chromium, kit, photo],
        capture_output=True, text=True, timeout=400, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert found["self_test"] == "same answer as Python at every step"
    ours = LesionClassifier.load(file.path, threads=1).classify(photo)
    expected = f"{ours.decision} (probability {ours.probability:.3f},"
    assert found["verdict"].startswith(expected)
    assert "not a medical device" in found["body"]
