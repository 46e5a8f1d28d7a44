"""The web kit: compiled by tsc, its arithmetic run in Node, its page in Chromium."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from convert.package import main
from edge_runtime import LesionClassifier
from edge_runtime.model.file import read_model_file
from tests.convert.kits.conftest import TOLD

PROGRAMS = Path(__file__).parent

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def kit(kit_of):
    """Folder of the web kit of a shipped model, compiled by npm's tsc."""
    named = os.environ.get("LESION_EDGE_KITS_MODULES")
    if not named or not Path(named).is_dir():
        pytest.skip("needs the compilers that make test-kits installs")
    modules = Path(named).resolve()
    out = kit_of("web")
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


def test_self_test_names_the_step_that_is_wrong(kit, sabotage):
    what, steps = sabotage
    assert set(_node(kit, kit / "golden/golden.json", what)) == steps


@pytest.mark.parametrize(
    ("decoder", "steps"),
    [
        ("decoder", ["decode"]),
        ("decoder of no JPEG", ["decode"]),
        # Decoders of JPEG differ by a level or two.
        ("decoder a level off", []),
        ("decoder many levels off", ["decode"]),
    ],
)
def test_self_test_names_a_wrong_decoder(kit, decoder, steps):
    assert _node(kit, kit / "golden/golden.json", decoder) == steps


def test_self_test_names_a_missing_look_at_the_photo(kit):
    named = _node(kit, kit / "golden/golden.json", "no look at the photo")
    assert named == ["quality"]


def test_any_picture_gives_python_s_pixels_and_any_output_its_verdict(
    kit, file, tmp_path, pictures, assert_python_s_pixels, assert_python_s_verdicts
):
    lines = [f"{width}\t{height}\t{path}\n" for width, height, path, _ in pictures]
    (tmp_path / "pictures").write_text("".join(lines))
    said = _node(kit, tmp_path / "pictures", "pictures")
    assert_python_s_pixels(pictures, file.card.input.size_px)
    assert len(said) == 256
    assert_python_s_verdicts(said, file.card)


def test_model_with_float_edges_gives_python_s_answer_too(
    kit, float_model_file, tmp_path
):
    """Pixels from -1 to 1: normalisation is no identity, nothing is quantised."""
    out = tmp_path / "kit"
    assert main([str(float_model_file), "--target", "web", "--out", str(out)]) == 0
    modules = (kit / "node_modules").resolve()
    (out / "node_modules").symlink_to(modules)
    tsc = ["node", modules / "typescript/bin/tsc"]
    subprocess.run(tsc, cwd=out, check=True, timeout=300)
    assert _node(out, out / "golden/golden.json", "nothing") == []
    assert _node(out, out / "golden/golden.json", "another range") == []


def test_answers_forgotten_are_named(asking):
    golden = asking / "golden/golden.json"
    assert _node(asking, golden, "nothing") == []
    assert "answers" in _node(asking, golden, "answers forgotten")


@pytest.fixture(scope="module")
def asking(kit, kit_of):
    """The kit of a model that takes answers, compiled."""
    out = kit_of("web", "phone64")
    modules = (kit / "node_modules").resolve()
    (out / "node_modules").symlink_to(modules)
    tsc = ["node", modules / "typescript/bin/tsc"]
    subprocess.run(tsc, cwd=out, check=True, timeout=300)
    return out


def _opened(kit, answers, *photos):
    """What the page in Chromium says."""
    python = os.environ.get("LESION_EDGE_KITS_PYTHON")
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not python or not chromium:
        pytest.skip("needs the Chromium and playwright that make test-kits installs")
    done = subprocess.run(
        [python, PROGRAMS / "open_page.py", chromium, kit, json.dumps(answers),
         *photos],
        capture_output=True, text=True, timeout=400, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def test_page_asks_and_judges_a_photo_with_answers_as_python(
    asking, smartphone_photo, tmp_path
):
    _, image = smartphone_photo
    photo = tmp_path / "photo.png"
    Image.fromarray(image).save(photo)
    (model,) = asking.glob("model/*.tflite")
    classifier = LesionClassifier.load(model, threads=1, accepted=["framing"])
    found = _opened(asking, TOLD, photo)
    assert found["self_test"] == "same answer as Python at every step"
    assert "Does it itch?" in found["body"]
    ours = classifier.classify(image, answers=TOLD)
    assert found["verdicts"][0].startswith(
        f"{ours.decision} (probability {ours.probability:.3f},"
    )
    assert ours.probability != classifier.classify(image).probability


def test_page_in_chromium_passes_the_self_test_and_judges_as_python(
    kit, file, root, tmp_path
):
    photo = root / "samples/drawn_tone4_irregular_hair.png"
    black = tmp_path / "black.png"
    Image.new("RGB", (200, 200)).save(black)
    found = _opened(kit, {}, photo, black)
    assert found["self_test"] == "same answer as Python at every step"
    ours = LesionClassifier.load(file.path, threads=1).classify(photo)
    expected = f"{ours.decision} (probability {ours.probability:.3f},"
    said, of_black = found["verdicts"]
    assert said.startswith(expected)
    assert all(each.name in said for each in ours.findings)
    assert of_black.startswith("unusable photo dark")
    assert "probability" not in of_black
    assert "not a medical device" in found["body"]
