"""The C++ kit, compiled and run against the LiteRT of the Python wheel."""

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convert.package import main
from edge_runtime import LesionClassifier
from edge_runtime.photos.crop import Crop
from edge_runtime.photos.decoding import read_photo
from tests.convert.kits.conftest import TOLD
from training.synthetic.lesions import draw_lesion

PROGRAMS = Path(__file__).parent
# As in the kit's CMakeLists.txt, and stricter.
FLAGS = ["-std=c++17", "-O1", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror"]
SOURCES = (
    "preprocessing", "postprocessing", "answers", "quality", "self_test", "model"
)  # fmt: skip

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def litert_library():
    """The shared library that the wheel of LiteRT brings along."""
    found = importlib.util.find_spec("ai_edge_litert")
    if found is None or shutil.which("g++") is None:
        pytest.skip("needs g++ and the wheel ai-edge-litert")
    return Path(found.origin).parent / "libLiteRt.so"


@pytest.fixture(scope="module")
def kit(kit_of):
    return kit_of("cpp")


@pytest.fixture(scope="module")
def run(kit, litert_library):
    """A function: compile a program against the kit, once, and run it with words."""
    includes = f"-I{kit}/lesion"
    built = {}

    def compiler(*words):
        subprocess.run(["g++", *FLAGS, includes, *words], check=True, timeout=300)

    objects = [kit / f"{name}.o" for name in SOURCES]
    for made, name in zip(objects, SOURCES, strict=True):
        compiler("-c", kit / f"lesion/{name}.cpp", "-o", made)

    def run(source, *words, status=0):
        if source not in built:
            built[source] = kit / source.stem
            where = f"-Wl,-rpath,{litert_library.parent}"
            compiler(source, *objects, litert_library, where, "-o", built[source])
        done = subprocess.run(
            [built[source], *words],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == status, done.stderr[-3000:]
        return done

    return run


@pytest.fixture(scope="module")
def model(kit):
    (path,) = kit.glob("model/*.tflite")
    return path


def test_self_test_of_the_kit_passes(run, kit, model):
    done = run(kit / "example/self_test_main.cpp", model, kit / "golden")
    assert "same answer as Python at every step" in done.stdout
    assert "research and education; not a medical device" in done.stdout
    # Without it, equality would be between other kernels. Nothing else is said.
    (line,) = done.stderr.splitlines()
    assert "XNNPACK" in line


def test_self_test_names_the_step_that_is_wrong(run, kit, model, sabotage):
    what, steps = sabotage
    done = run(PROGRAMS / "sabotage.cpp", model, kit / "golden", what)
    assert set(done.stdout.splitlines()) == steps, done.stderr[-2000:]


def test_self_test_sees_another_model(run, kit, root):
    other = root / "models/cnn32.qat_int8.tflite"
    done = run(kit / "example/self_test_main.cpp", other, kit / "golden", status=1)
    assert "bytes" in done.stderr


def test_any_picture_gives_python_s_pixels_and_verdict(
    run, model, pictures, assert_python_s_answers
):
    words = [str(word) for picture in pictures for word in picture[:3]]
    lines = run(PROGRAMS / "portrait.cpp", model, *words).stdout.splitlines()
    assert_python_s_answers(lines, pictures, model)


def test_self_test_names_a_missing_look_at_the_photo(run, kit, model):
    words = [model, kit / "golden", "no look at the photo"]
    assert run(PROGRAMS / "sabotage.cpp", *words).stdout.split() == ["quality"]


def test_photos_get_python_s_findings_and_verdict(
    run, model, spoilt_photos, assert_python_s_look
):
    words = [str(word) for photo in spoilt_photos for word in photo[:3]]
    lines = run(PROGRAMS / "portrait.cpp", model, *words).stdout.splitlines()
    assert_python_s_look(lines, spoilt_photos, model)


def test_model_with_float_edges_gives_python_s_answer_too(
    float_model_file, litert_library, tmp_path
):
    """Pixels from -1 to 1: normalisation is no identity, nothing is quantised."""
    kit = tmp_path / "kit"
    assert main([str(float_model_file), "--target", "cpp", "--out", str(kit)]) == 0
    built = kit / "self_test"
    subprocess.run(
        ["g++", *FLAGS, f"-I{kit}/lesion", kit / "example/self_test_main.cpp",
         *kit.glob("lesion/*.cpp"), litert_library,
         f"-Wl,-rpath,{litert_library.parent}", "-o", built],
        check=True, timeout=300,
    )  # fmt: skip
    (model,) = kit.glob("model/*.tflite")
    done = subprocess.run(
        [built, model, kit / "golden"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert "same answer as Python at every step" in done.stdout


def test_example_judges_a_photo(run, kit, model, tmp_path):
    photo = tmp_path / "photo.ppm"
    photo.write_bytes(b"P6\n90 70\n255\n" + bytes(range(90)) * 210)
    done = run(kit / "example/classify_main.cpp", model, photo)
    # Grey stripes are no skin.
    assert done.stdout.startswith("unusable photo  not_skin  unfamiliar")
    assert "probability" not in done.stdout
    assert "not a medical device" in done.stdout
    photo.write_bytes(b"P3\n1 1\n255\n0 0 0\n")
    done = run(kit / "example/classify_main.cpp", model, photo, status=1)
    assert "P6" in done.stderr
    missing = tmp_path / "missing.ppm"
    done = run(kit / "example/classify_main.cpp", model, missing, status=1)
    assert f"the photo {missing} cannot be read" in done.stderr


@pytest.fixture(scope="module")
def asking(kit_of, litert_library):
    """Folder of the kit of a model that takes answers, and its compiled programs."""
    kit = kit_of("cpp", "phone64")
    for name, source in {
        "self_test": kit / "example/self_test_main.cpp",
        "classify": kit / "example/classify_main.cpp",
        "sabotage": PROGRAMS / "sabotage.cpp",
    }.items():
        subprocess.run(
            ["g++", *FLAGS, f"-I{kit}/lesion", source, *kit.glob("lesion/*.cpp"),
             litert_library, f"-Wl,-rpath,{litert_library.parent}", "-o", kit / name],
            check=True, timeout=300,
        )  # fmt: skip
    return kit


def _said(kit, name, *words, status=0):
    (model,) = kit.glob("model/*.tflite")
    done = subprocess.run(
        [kit / name, model, *words],
        capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    assert done.returncode == status, done.stderr[-2000:]
    return done


def test_answers_are_part_of_the_self_test(asking):
    done = _said(asking, "self_test", asking / "golden")
    assert "same answer as Python at every step" in done.stdout
    done = _said(asking, "sabotage", asking / "golden", "answers forgotten")
    assert "answers" in done.stdout.split()


def test_a_photo_with_answers_and_a_square_gets_python_s_verdict(
    asking, smartphone_photo, tmp_path
):
    (model,) = asking.glob("model/*.tflite")
    _, image = smartphone_photo
    photo = tmp_path / "photo.ppm"
    Image.fromarray(image).save(photo)
    classifier = LesionClassifier.load(model, threads=1, accepted=["framing"])
    probabilities = set()
    for answers in ({}, TOLD):
        for square in (Crop(), Crop(0.4, 0.55, 0.6)):
            ours = classifier.classify(image, answers=answers, crop=square)
            words = [f"{name}={answer}" for name, answer in answers.items()]
            done = _said(
                asking, "classify", photo, *words,
                f"crop={square.x},{square.y},{square.side}",
            )  # fmt: skip
            line = done.stdout.splitlines()[0]
            assert line.startswith(ours.decision)
            if ours.decision != "unusable photo":
                theirs = float(re.search(r"probability (\S+)", line)[1])
                assert theirs == pytest.approx(ours.probability, rel=1e-5)
                probabilities.add(theirs)
    # The answers and the square both count.
    assert len(probabilities) >= 2


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("smoke=yes", "does not ask about smoke"),
        ("itch=perhaps", "expected one of yes, no, unknown"),
        ("age=121", "a number from 0"),
        ("age=old", "a number from 0"),
        ("crop=0.5,0.5,2", "lies outside the photo"),
        ("crop=middle", "expected x,y,side"),
    ],
)
def test_an_answer_that_does_not_exist_is_refused(asking, word, said, tmp_path):
    photo = tmp_path / "photo.ppm"
    Image.fromarray(draw_lesion(3, size_px=96)).save(photo)
    assert said in _said(asking, "classify", photo, word, status=1).stderr


def _is_image_magick(program):
    """Windows has a convert of its own, and others stand in for it."""
    if shutil.which(program) is None:
        return False
    said = subprocess.run(
        [program, "-version"], capture_output=True, text=True, check=False, timeout=100
    )
    return said.returncode == 0 and "ImageMagick" in said.stdout


@pytest.mark.parametrize("program", ["convert", "magick"])
def test_page_s_command_for_photos_gives_an_upright_picture(
    run, kit, model, tmp_path, program
):
    """As on the page, with the real ImageMagick, on a photo that lies on its side."""
    if not _is_image_magick(program):
        pytest.skip(f"needs ImageMagick's {program}")
    (line,) = re.findall(rf"`({program} photo\.jpg .*photo\.ppm)`",
                         (kit / "README.md").read_text())  # fmt: skip
    exif = Image.Exif()
    exif[274] = 6
    drawn = Image.fromarray(draw_lesion(3, size_px=160)).crop((0, 0, 160, 120))
    drawn.save(tmp_path / "photo.jpg", quality=95, exif=exif)
    subprocess.run(line.split(), cwd=tmp_path, check=True, timeout=100)
    converted = np.asarray(Image.open(tmp_path / "photo.ppm"))
    ours = read_photo(tmp_path / "photo.jpg")
    assert converted.shape == ours.shape == (160, 120, 3)
    # JPEG decoders differ by a level or two.
    assert np.abs(converted.astype(int) - ours).max() <= 3
    done = run(kit / "example/classify_main.cpp", model, tmp_path / "photo.ppm")
    said = LesionClassifier.load(model, threads=1).classify(converted)
    assert done.stdout.startswith(f"{said.decision}  probability")
