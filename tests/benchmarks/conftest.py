"""What tests of the benchmarks share: made results, drawn photos, and a model."""

import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.measure.energy import Energy
from benchmarks.measure.measurement import (
    MODEL,
    Interpreter,
    Measurement,
    Memory,
    PhotoScore,
    Subject,
    Timing,
)
from benchmarks.results.quality import quality_by_set
from benchmarks.results.result import RESULT_FORMAT, BenchmarkResult, Settings
from edge_runtime.measuring.latency import counted
from edge_runtime.measuring.machine import Machine
from edge_runtime.measuring.revision import Revision
from edge_runtime.photos.manifest import write_manifest

ROOT = Path(__file__).resolve().parents[2]
SKIN = (200, 150, 130)


@pytest.fixture(scope="session")
def machine():
    """A board, cool and idle."""
    return Machine(
        board="Raspberry Pi 5 Model B Rev 1.0",
        cpu=None,
        architecture="aarch64",
        cores=4,
        governor="performance",
        frequency_mhz=2400.0,
        temperature_celsius=48.5,
        throttled="0",
        throttle_events=None,
        memory_mib=8192,
        os="Debian GNU/Linux 12 (bookworm)",
        python="3.11.2",
        load_average=0.25,
    )


@pytest.fixture(scope="session")
def scores():
    """Two malignant and two other lesions, three of the four told apart."""
    rows = (
        ("m1.png", True, "a", False, 0.9),
        ("m2.png", True, "b", True, 0.3),
        ("m3.png", True, "c", False, 0.8),
        ("o1.png", False, "d", False, 0.6),
        ("o2.png", False, "e", False, 0.1),
        ("o3.png", False, "f", False, 0.2),
    )
    return tuple(PhotoScore(*row, usable=True) for row in rows)


@pytest.fixture(scope="session")
def result(machine, scores):
    """One model on one machine: medians 2 ms and 20 ms, recall 2/3, specificity 2/3."""
    threshold, temperature = 0.5, 1.0
    measurement = Measurement(
        subject=Subject("cnn32.qat_int8", MODEL, 123_456, "ab" * 32, 32, 0.5, 1.0),
        interpreter=Interpreter("ai_edge_litert", "2.3.0", "xnnpack"),
        machine_before=machine,
        machine_after=dataclasses.replace(machine, temperature_celsius=55.0),
        timing=Timing(
            cold_start_ms=80.0,
            load_ms=5.0,
            first_inference_ms=3.0,
            interpreter_ms=(1.0, 2.0, 3.0),
            photo_to_verdict_ms=(10.0, 20.0, 30.0),
            stages_ms={"decode": (7.0, 8.0, 9.0)},
            interpreter_runs=3,
            photo_runs=3,
            late_photos=0,
        ),
        memory=Memory(40.0, 60.0),
        energy=Energy("power meter (a.csv)", joules=0.2, seconds=0.1),
        energy_photos=4,
        sustained=(),
        scores=scores,
        failed_photos=(),
    )
    return BenchmarkResult(
        format=RESULT_FORMAT,
        measured_at="2025-01-31T12:00:00+00:00",
        revision=Revision("0123456789abcdef", dirty=False),
        settings=Settings(
            "python benchmarks/run.py",
            "m.csv",
            "cd" * 32,
            "test",
            counted(warmup=1, runs=3),
            threads=1,
            cpus=None,
            order_seed=7,
            place=0,
        ),
        measurement=measurement,
        quality=quality_by_set(
            scores,
            "test",
            threshold=threshold,
            temperature=temperature,
            resamples=200,
        ),
    )


@pytest.fixture(scope="session")
def model_path():
    """The smallest model file at hand: $LESION_EDGE_TEST_MODEL, else of models/."""
    pytest.importorskip("ai_edge_litert", reason="no interpreter is installed here")
    named = os.environ.get("LESION_EDGE_TEST_MODEL")
    if named:
        return Path(named)
    found = sorted(
        (ROOT / "models").glob("*.tflite"), key=lambda path: path.stat().st_size
    )
    if not found:
        pytest.skip("models/ holds no model yet; set LESION_EDGE_TEST_MODEL to one")
    return found[0]


@pytest.fixture
def drawn_manifest(tmp_path):
    """A manifest of drawn photos: malignant ones are darker, so colour tells them.

    Eight photos for train, four for val, six for test; one test lesion is in train.
    """
    counts = {"train": 8, "val": 4, "test": 6}
    rows = []
    for split, count in counts.items():
        for number in range(count):
            malignant = number % 2 == 0
            name = f"{split}{number}.png"
            _draw(tmp_path / name, malignant, seed=len(rows))
            seen = split == "test" and number == 0
            rows.append(
                {
                    "path": name,
                    "label": "malignant" if malignant else "benign",
                    "split": split,
                    "lesion": "train0" if seen else f"{split}{number}",
                    "lesion_in_train": str(int(seen)),
                }
            )
    path = tmp_path / "drawn.csv"
    write_manifest(path, rows)
    return path


def _draw(path, malignant, seed):
    """A spot on skin; the noise differs with the seed."""
    rows, columns = np.mgrid[:64, :64]
    spot = np.hypot(rows - 32, columns - 32) < 20
    noise = np.random.default_rng(seed).normal(0, 8, (64, 64, 3))
    darkness = np.where(spot, 0.4 if malignant else 0.7, 1.0)[..., np.newaxis]
    pixels = (np.array(SKIN) * darkness + noise).clip(0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(path)


@pytest.fixture(scope="session")
def table_rows():
    """Reads the cells of a page's one table, below its head."""

    def read(page):
        lines = page.read_text(encoding="utf-8").splitlines()
        rows = [line for line in lines if line.startswith("|")]
        return [row.strip("| ").split(" | ") for row in rows[2:]]

    return read
