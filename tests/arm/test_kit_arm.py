"""The C++ kit, cross-compiled and run on an emulated Arm: Python's answer there too."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ["-std=c++17", "-O2", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror"]

pytestmark = pytest.mark.arm


@pytest.fixture(scope="module")
def kit(system, tmp_path_factory):
    """Folder of the kit with its self-test compiled, and LiteRT's library beside it."""
    from convert.package import main

    compiler = shutil.which("aarch64-linux-gnu-g++")
    if compiler is None:
        pytest.skip("aarch64-linux-gnu-g++ is missing; make test-arm installs it")
    out = tmp_path_factory.mktemp("arm") / "kit"
    words = [str(ROOT / "models/cnn64.qat_int8.tflite"), "--target", "cpp"]
    assert main([*words, "--out", str(out)]) == 0
    (out / "lib").mkdir()
    # Alone: the WebGPU accelerator beside it in the wheel ends a process on an A72.
    shutil.copy(system / "root/site/ai_edge_litert/libLiteRt.so", out / "lib")
    subprocess.run(
        [
            compiler, *FLAGS, "-static-libstdc++", "-static-libgcc",
            "-Wl,--allow-shlib-undefined", f"-I{out}/lesion", "-o", out / "self_test",
            out / "example/self_test_main.cpp", *out.glob("lesion/*.cpp"),
            out / "lib/libLiteRt.so",
        ],
        check=True, timeout=600,
    )  # fmt: skip
    return out


@pytest.mark.parametrize("processor", ["cortex-a72", "cortex-a76"])
def test_self_test_of_the_cpp_kit_passes(system, kit, import_cpuinfo, processor):
    root = system / "root"
    (root / "proc").mkdir(exist_ok=True)
    (root / "proc/cpuinfo").write_text(import_cpuinfo(processor))
    (model,) = kit.glob("model/*.tflite")
    done = subprocess.run(
        ["qemu-aarch64", "-cpu", processor, "-L", root,
         "-E", f"LD_LIBRARY_PATH={kit}/lib", kit / "self_test", model, kit / "golden"],
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert "same answer as Python at every step" in done.stdout
    assert "Created TensorFlow Lite XNNPACK delegate" in done.stderr
