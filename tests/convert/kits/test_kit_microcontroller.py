"""The microcontroller kit: its C++ compiled here, its arena tried in TFLite Micro."""

import io
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from convert.errors import ConversionError
from convert.kits.description import read_description
from convert.kits.microcontroller import arena_bytes
from convert.package import main
from convert.targets.input_output_types import with_edges
from convert.tflite.operators import operators
from edge_runtime.model.file import read_model_file
from edge_runtime.model.golden import MOST_STEPS_ACROSS_FAMILIES
from edge_runtime.photos.preprocessing import preprocess

HERE = Path(__file__).parent
# No exceptions and no runtime types, as firmware is compiled; C++11 is enough.
FLAGS = ["-std=c++11", "-O1", "-ffp-contract=off", "-fno-exceptions", "-fno-rtti",
         "-Wall", "-Wextra", "-Werror"]  # fmt: skip
# Of the words of conftest.py, those that this smaller self-test can tell apart.
SABOTAGED = {
    "nothing": "",
    "exchanged colours": "colour order",
    "nearest neighbour": "resize",
    "zero point": "quantisation",
    "another output": "kernels",
    "other kernels": "",
    "threshold of one half": "threshold",
    "threshold one step higher": "threshold",
}


@pytest.fixture(scope="module")
def kit(kit_of):
    return kit_of("microcontroller", "cnn32")


@pytest.fixture(scope="module")
def program(kit):
    """The test program, compiled with the kit's sources and the array of the model."""
    if shutil.which("g++") is None:
        pytest.skip("needs g++")
    built = kit / "micro"
    subprocess.run(
        ["g++", *FLAGS, f"-I{kit}", HERE / "micro.cpp",
         *sorted(kit.glob("lesion/*.cpp")), "-o", built],
        check=True, timeout=300,
    )  # fmt: skip
    return built


@pytest.mark.slow
@pytest.mark.parametrize(("what", "step"), SABOTAGED.items())
def test_self_test_names_the_step_that_is_wrong(program, what, step):
    done = subprocess.run([program, what], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == step


@pytest.mark.slow
def test_any_picture_gives_python_s_input(program, kit, pictures):
    (path,) = kit.glob("model/*.tflite")
    card = read_model_file(path).card
    assert card.input.dtype == "int8"
    for width, height, raw, image in pictures:
        words = ["pictures", str(width), str(height), raw]
        subprocess.run([program, *words], check=True, timeout=60)
        pixels = preprocess(image, card.input.size_px)
        table = card.input.quantization.store_pixels(card.input.mean, card.input.std)
        found = np.fromfile(f"{raw}.input", np.int8).reshape(pixels.shape)
        np.testing.assert_array_equal(found, table[pixels])


@pytest.mark.slow
def test_array_is_the_model_and_stands_aligned(kit, tmp_path):
    if shutil.which("gcc") is None:
        pytest.skip("needs gcc")
    (path,) = kit.glob("model/*.tflite")
    (source,) = kit.glob("model/*.c")
    symbol = source.stem
    test = tmp_path / "array.c"
    test.write_text(
        f'#include <stdint.h>\n#include <stdio.h>\n#include "{symbol}.h"\n'
        f"int main(void) {{ fwrite({symbol}, 1, {symbol}_bytes, stdout);"
        f" return (uintptr_t){symbol} % 16 != 0; }}\n"
    )
    built = tmp_path / "array"
    subprocess.run(["gcc", f"-I{kit}/model", test, source, "-o", built], check=True)
    done = subprocess.run([built], capture_output=True, check=True)
    assert done.stdout == read_model_file(path).model


def test_only_kernels_of_the_model_are_registered(kit):
    (path,) = kit.glob("model/*.tflite")
    kinds = {each.name for each in operators(read_model_file(path).model)}
    main_program = (kit / "main.cpp").read_text()
    registered = re.findall(r"resolver\.Add(\w+)\(\);", main_program)
    assert len(registered) == len(kinds)
    assert f"MicroMutableOpResolver<{len(kinds)}>" in main_program
    assert "Conv2D" in registered


@pytest.mark.slow
def test_main_compiles_against_what_it_calls(kit, tmp_path):
    """Declarations written by hand: finds slips of typing, not wrong versions."""
    if shutil.which("g++") is None:
        pytest.skip("needs g++")
    program = kit / "main.cpp"
    headers = re.findall(r'#include "(tensorflow/.*)"', program.read_text())
    assert len(headers) >= 5
    for name in headers:
        header = tmp_path / name
        header.parent.mkdir(parents=True, exist_ok=True)
        header.write_text(f'#include "{HERE / "micro_stub.h"}"\n')
    compiler = ["g++", *FLAGS, "-fsyntax-only", f"-I{kit}", f"-I{tmp_path}"]
    subprocess.run([*compiler, program], check=True, timeout=100)
    broken = tmp_path / "broken.cpp"
    broken.write_text(program.read_text().replace("Invoke()", "Invoke(1)", 1))
    done = subprocess.run(
        [*compiler, broken], capture_output=True, check=False, timeout=100
    )
    assert done.returncode != 0


def test_model_that_takes_answers_is_refused_by_name(root, tmp_path, capsys):
    words = [str(root / "models/phone64.ptq_int8.tflite"), "--target"]
    out = tmp_path / "kit"
    assert main([*words, "microcontroller", "--out", str(out)]) == 1
    assert "also takes answers about the lesion" in capsys.readouterr().err
    assert not out.exists()


def test_float_model_is_refused_by_name(root):
    problem = read_description("microcontroller").problem("float32", asks=False)
    assert problem is not None
    assert "float32" in problem


@pytest.mark.long
@pytest.mark.parametrize("network", ["cnn32", "cnn64", "lesion64"])
def test_arena_that_the_kit_states_is_enough_and_not_twice_too_much(
    root, tmp_path, network
):
    python = os.environ.get("LESION_EDGE_PORTS_PYTHON")
    if not python:
        pytest.skip("needs the environment that make test-ports installs")
    file = with_edges(
        read_model_file(root / f"models/{network}.qat_int8.tflite"), "int8"
    )
    (tmp_path / "model.tflite").write_bytes(file.model)
    golden = np.load(io.BytesIO(file.golden))
    np.savez(tmp_path / "given.npz", stored=golden["input"])
    subprocess.run(
        [python, HERE.parent / "ports/micro_scores.py", tmp_path / "model.tflite",
         tmp_path / "given.npz", tmp_path / "written.npz"],
        check=True, timeout=500,
    )  # fmt: skip
    written = np.load(tmp_path / "written.npz")
    needed = int(written["arena_bytes"])
    away = np.abs(written["outputs"].astype(int) - golden["output"])
    assert away.max() <= MOST_STEPS_ACROSS_FAMILIES
    stated = arena_bytes(operators(file.model))
    print(
        f"{network}: arena of {stated} stated, {needed} needed; {away.max()} steps away"
    )
    assert needed <= stated <= 2 * needed


def test_kernel_that_tflite_micro_lacks_is_named(kit, monkeypatch, root, tmp_path):
    import convert.kits.microcontroller

    monkeypatch.delitem(convert.kits.microcontroller._KERNELS, "CONV_2D")
    words = [str(root / "models/cnn32.qat_int8.tflite"), "--target", "microcontroller"]
    assert main([*words, "--out", str(tmp_path / "kit")]) == 1
    with pytest.raises(ConversionError, match="CONV_2D"):
        convert.kits.microcontroller.micro_values(
            with_edges(read_model_file(Path(words[0])), "int8")
        )
