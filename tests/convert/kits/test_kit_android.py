"""The Android kit's Kotlin, compiled and run on a desktop JVM, LiteRT behind JNI."""

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from edge_runtime import LesionClassifier
from edge_runtime.photos.crop import Crop
from tests.convert.kits.conftest import TOLD

PROGRAMS = Path(__file__).parent
SOURCES = "app/src/main/kotlin/org/lesionedge"

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def kotlin():
    """A function: compile Kotlin files with the real compiler to a jar."""
    modules = Path(os.environ.get("LESION_EDGE_KITS_MODULES", "none")).resolve()
    compiler = modules / "kotlin-compiler/lib/kotlin-compiler.jar"
    if not compiler.is_file() or shutil.which("javac") is None:
        pytest.skip("needs the Kotlin compiler and JDK that make test-kits installs")

    def compiled(jar, *sources):
        done = subprocess.run(
            [
                "java", "-Xmx1g", "-cp", f"{compiler.parent}/*",
                "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler", "-jvm-target", "17",
                "-kotlin-home", compiler.parents[1], "-include-runtime", "-Werror",
                "-d", jar, *sources,
            ],
            capture_output=True, text=True, timeout=500, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-6000:]
        return jar

    return compiled


@pytest.fixture(scope="module")
def kit(kit_of):
    return kit_of("android")


@pytest.fixture(scope="module")
def program_of(kotlin, kit_of, tmp_path_factory):
    """A function: what runs the test program of a kit on the JVM with some words.

    LiteRT stands behind JNI, by the C++ kit of the same model.
    """

    def built(kit, network):
        folder = tmp_path_factory.mktemp("jvm")
        jar = kotlin(
            folder / "kit.jar",
            PROGRAMS / "Sabotage.kt",
            *sorted(kit.glob(f"{SOURCES}/kit/*")),
        )
        litert = Path(importlib.util.find_spec("ai_edge_litert").origin).parent
        headers = Path(shutil.which("javac")).resolve().parents[1] / "include"
        cpp = kit_of("cpp", network) / "lesion"
        subprocess.run(
            ["g++", "-std=c++17", "-O1", "-shared", "-fPIC", f"-I{headers}",
             f"-I{headers}/linux", f"-I{cpp}", PROGRAMS / "native.cpp",
             cpp / "model.cpp", litert / "libLiteRt.so", f"-Wl,-rpath,{litert}",
             "-o", folder / "native.so"],
            check=True, timeout=300,
        )  # fmt: skip

        def run(*words):
            done = subprocess.run(
                ["java", f"-Dlesion.library={folder / 'native.so'}", "-cp", jar,
                 "SabotageKt", *words],
                capture_output=True, text=True, timeout=300, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr[-3000:]
            return done.stdout.splitlines()

        return run

    return built


@pytest.fixture(scope="module")
def run(program_of, kit):
    return program_of(kit, "cnn64")


@pytest.fixture(scope="module")
def model(kit):
    (path,) = kit.rglob("*.tflite")
    return path


def test_self_test_names_the_step_that_is_wrong(run, kit, model, sabotage):
    what, steps = sabotage
    golden = kit / "app/src/main/assets/golden"
    assert set(run("self-test", model, golden, what)) == steps


def test_self_test_names_a_wrong_decoder(run, kit, model):
    golden = kit / "app/src/main/assets/golden"
    assert run("self-test", model, golden, "decoder") == ["decode"]


@pytest.mark.parametrize(
    ("decoder", "steps"),
    [
        # Java's, another than Python's: its JPEG differs by a level or two.
        ("another decoder", []),
        ("a photo on its side", ["decode"]),
        ("decoded as BGR", ["colour order"]),
    ],
)
def test_self_test_tells_another_decoder_from_a_wrong_one(
    run, kit, model, decoder, steps
):
    golden = kit / "app/src/main/assets/golden"
    assert run("self-test", model, golden, decoder) == steps


def test_any_picture_gives_python_s_pixels_and_verdict(
    run, model, pictures, assert_python_s_answers
):
    words = [str(word) for picture in pictures for word in picture[:3]]
    lines = run("pictures", model, *words)
    assert_python_s_answers(lines, pictures, model)


def test_self_test_names_a_missing_look_at_the_photo(run, kit, model):
    golden = kit / "app/src/main/assets/golden"
    assert run("self-test", model, golden, "no look at the photo") == ["quality"]


def test_photos_get_python_s_findings_and_verdict(
    run, model, spoilt_photos, assert_python_s_look
):
    words = [str(word) for photo in spoilt_photos for word in photo[:3]]
    assert_python_s_look(run("pictures", model, *words), spoilt_photos, model)


def test_a_photo_with_answers_gets_python_s_verdict(
    program_of, kit_of, smartphone_photo
):
    kit = kit_of("android", "phone64")
    run = program_of(kit, "phone64")
    (model,) = kit.rglob("*.tflite")
    golden = kit / "app/src/main/assets/golden"
    assert run("self-test", model, golden, "nothing") == []
    assert "answers" in run("self-test", model, golden, "answers forgotten")
    path, image = smartphone_photo
    classifier = LesionClassifier.load(model, threads=1, accepted=["framing"])
    for answers in ({}, TOLD):
        square = Crop(0.45, 0.5, 0.8)
        ours = classifier.classify(image, answers=answers, crop=square)
        told = ";".join(f"{name}={answer}" for name, answer in answers.items())
        (line,) = run(
            "answered", model, str(image.shape[1]), str(image.shape[0]), path,
            f"{square.x},{square.y},{square.side}", told,
        )  # fmt: skip
        decision, probability = line.split("\t")
        assert decision == ours.decision
        assert float(probability) == pytest.approx(ours.probability, rel=1e-12)


def test_the_app_compiles_against_what_it_calls(kotlin, kit, tmp_path):
    """Declarations written by hand: finds slips of typing, not wrong versions."""
    kotlin(
        tmp_path / "app.jar", *sorted(kit.glob(f"{SOURCES}/*/*.kt")),
        *sorted((PROGRAMS / "android_stubs").glob("*.kt")),
    )  # fmt: skip


def test_the_project_keeps_the_model_uncompressed_and_offline(kit):
    build = (kit / "app/build.gradle.kts").read_text()
    assert 'noCompress += "tflite"' in build
    assert "useLegacyPackaging = false" in build
    manifest = (kit / "app/src/main/AndroidManifest.xml").read_text()
    assert "android.permission.INTERNET" not in manifest
