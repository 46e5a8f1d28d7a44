"""The C++ kit, compiled and run against the LiteRT of the Python wheel."""

import importlib.util
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from convert.package import main
from edge_runtime.calibration import calibrated
from edge_runtime.interpreter import open_model_file
from edge_runtime.model_file import read_model_file
from edge_runtime.preprocessing import preprocess
from edge_runtime.verdict import decision

PROGRAMS = Path(__file__).with_name("kits")
# As in the kit's CMakeLists.txt, and stricter.
FLAGS = ["-std=c++17", "-O1", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror"]
SOURCES = ("preprocessing", "postprocessing", "self_test", "model")

SABOTAGED = {
    "nothing": set(),
    "exchanged colours": {"colour order"},
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


@pytest.fixture(scope="session")
def litert_library():
    """The shared library that the wheel of LiteRT brings along."""
    found = importlib.util.find_spec("ai_edge_litert")
    if found is None or shutil.which("g++") is None:
        pytest.skip("needs g++ and the wheel ai-edge-litert")
    return Path(found.origin).parent / "libLiteRt.so"


@pytest.fixture(scope="module")
def kit(root, tmp_path_factory):
    """Folder of the C++ kit of a shipped model."""
    out = tmp_path_factory.mktemp("cpp") / "kit"
    words = [str(root / "models/cnn64.qat_int8.tflite"), "--target", "cpp"]
    assert main([*words, "--out", str(out)]) == 0
    return out


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


@pytest.mark.slow
def test_self_test_of_the_kit_passes(run, kit, model):
    done = run(kit / "example/self_test_main.cpp", model, kit / "golden")
    assert "same answer as Python at every step" in done.stdout
    assert "research and education; not a medical device" in done.stdout
    # Without it, equality would be between other kernels.
    assert "XNNPACK" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("what", "steps"), SABOTAGED.items())
def test_self_test_names_the_step_that_is_wrong(run, kit, model, what, steps):
    done = run(PROGRAMS / "sabotage.cpp", model, kit / "golden", what)
    assert set(done.stdout.splitlines()) == steps, done.stderr[-2000:]


@pytest.mark.slow
def test_self_test_sees_another_model(run, kit, root):
    other = root / "models/cnn32.qat_int8.tflite"
    done = run(kit / "example/self_test_main.cpp", other, kit / "golden", status=1)
    assert "bytes" in done.stderr


@pytest.mark.slow
def test_any_picture_gives_python_s_pixels_and_verdict(run, kit, model, tmp_path):
    """Sizes that the golden pictures do not have: up, down, one pixel, long, odd."""
    generator = np.random.default_rng(5)
    file = read_model_file(model)
    opened = open_model_file(file)
    sizes = [(64, 64), (1, 1), (7, 300), (301, 65), (63, 64), (500, 400), (2, 3)]
    words, expected = [], []
    for number, (height, width) in enumerate(sizes):
        image = generator.integers(0, 256, (height, width, 3), dtype=np.uint8)
        path = tmp_path / f"{number}.rgb"
        path.write_bytes(image.tobytes())
        words += [str(width), str(height), str(path)]
        pixels = preprocess(image, file.card.input.size_px)
        output = opened.infer(pixels[np.newaxis])
        score = float(opened.output.restore(output)[0])
        expected.append((path, pixels, int(output[0]), score))
    done = run(PROGRAMS / "portrait.cpp", model, *words)
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert len(lines) == len(sizes)
    for (path, pixels, stored, score), line in zip(expected, lines, strict=True):
        found = np.fromfile(f"{path}.pixels", np.uint8).reshape(pixels.shape)
        np.testing.assert_array_equal(found, pixels)
        assert int(float(line[0])) == stored
        assert line[1] == decision(score, file.card, ())
        probability = calibrated(score, file.card.temperature)
        assert float(line[2]) == pytest.approx(probability, rel=1e-12)


@pytest.mark.slow
def test_example_judges_a_photo(run, kit, model, tmp_path):
    photo = tmp_path / "photo.ppm"
    photo.write_bytes(b"P6\n90 70\n255\n" + bytes(range(90)) * 210)
    done = run(kit / "example/classify_main.cpp", model, photo)
    assert done.stdout.split()[0] in {"investigate", "uncertain", "monitor"}
    assert "not a medical device" in done.stdout
    photo.write_bytes(b"P3\n1 1\n255\n0 0 0\n")
    done = run(kit / "example/classify_main.cpp", model, photo, status=1)
    assert "P6" in done.stderr
