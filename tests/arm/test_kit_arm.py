"""Kits on an emulated Arm: C++ cross-compiled, Python as a Raspberry Pi gets it."""

import shutil
import subprocess
import sys
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


@pytest.fixture(scope="module")
def pi_kit(tmp_path_factory):
    """Folder of a Raspberry Pi kit with what its requirements.txt pins for a Pi.

    pip holds each wheel against its hash, as ``install.sh`` has it do.
    """
    from convert.package import main

    out = tmp_path_factory.mktemp("pi") / "kit"
    model = ROOT / "models/cnn64.qat_int8.tflite"
    assert main([str(model), "--target", "pi", "--out", str(out)]) == 0
    platforms = ("2_28", "2_27", "2_17", "2014")
    subprocess.run(
        [
            sys.executable, "-m", "pip", "install", "--quiet",
            "--disable-pip-version-check", "--target", out / "site", "--no-deps",
            "--require-hashes", "--only-binary", ":all:", "--python-version", "3.11",
            "--implementation", "cp", *(
                word for each in platforms
                for word in ("--platform", f"manylinux{_mark(each)}_aarch64")
            ),
            "--requirement", out / "requirements.txt",
        ],
        check=True, timeout=600,
    )  # fmt: skip
    return out


def _mark(version):
    return version if version == "2014" else f"_{version}"


def test_the_pi_kit_alone_runs_on_arm(on_arm, pi_kit):
    """Nothing but the kit and pinned wheels: no checkout, no other runtime."""
    done = on_arm(
        "cortex-a72", pi_kit / "self_test.py",
        path=f"{pi_kit}/site:{pi_kit}/runtime",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert "same answer as where it was made, xnnpack kernels" in done.stdout
    assert "Created TensorFlow Lite XNNPACK delegate" in done.stderr
