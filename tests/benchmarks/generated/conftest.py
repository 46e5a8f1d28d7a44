"""Drawn photos as real ones of two sources, and tables that say they are generated."""

import numpy as np
import pytest
from PIL import Image

from benchmarks.generated import generated_bench, help_bench
from benchmarks.robustness.run_scores import RunScores
from edge_runtime.photos.manifest import photos_of, read_manifest, write_manifest
from edge_runtime.photos.preprocessing import load_pixels
from training.synthetic.lesions import draw_lesion

SOURCES = ("vienna", "barcelona")
COUNTS = {"train": 240, "val": 120, "test": 120}


def write_table(folder, images, *, split, synthetic):
    """Half of each label, half of each source; returns rows."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for number, image in enumerate(images):
        name = f"{'synthetic_' if synthetic else ''}{split}_{number:04d}.png"
        Image.fromarray(image).save(folder / name)
        rows.append(
            {
                "path": str(folder / name),
                "label": ("benign", "malignant")[number % 2],
                "split": split,
                "lesion": f"{folder.name}_{split}_{number}",
                "lesion_in_train": "0",
                "source": SOURCES[number // 2 % 2],
                "synthetic": str(int(synthetic)),
            }
        )
    return rows


def drawn(count, first):
    return [
        draw_lesion(first + number, size_px=64, malignant_like=bool(number % 2))
        for number in range(count)
    ]


@pytest.fixture(scope="session")
def real(tmp_path_factory):
    folder = tmp_path_factory.mktemp("real")
    rows = []
    for place, (split, count) in enumerate(COUNTS.items()):
        images = drawn(count, 10_000 * place)
        rows += write_table(folder / "photos", images, split=split, synthetic=False)
    write_manifest(folder / "real.csv", rows)
    return folder / "real.csv"


@pytest.fixture(scope="session")
def generated(tmp_path_factory, real):
    """Tables by name: new drawings, copies of training photos, noise."""
    folder = tmp_path_factory.mktemp("generated")
    rng = np.random.default_rng(0)
    train = photos_of(read_manifest(real), "train")[:120]
    kinds = {
        "good": drawn(120, 50_000),
        "copies": [np.rot90(load_pixels(photo.path, 64)) for photo in train],
        "noise": list(rng.integers(0, 256, (120, 64, 64, 3), dtype=np.uint8)),
    }
    found = {}
    for name, images in kinds.items():
        rows = write_table(
            folder / name / "photos", images, split="train", synthetic=True
        )
        found[name] = folder / name / "photos" / "manifest.csv"
        write_manifest(found[name], rows)
    return found


@pytest.fixture(autouse=True)
def judged(monkeypatch):
    """Means of 16 fields as features, redness of the middle as score: no network."""

    def run_scores(_run, manifest, split):
        photos = photos_of(read_manifest(manifest), split)
        pixels = np.stack([load_pixels(photo.path, 64) for photo in photos]) / 255
        features = pixels.reshape(-1, 4, 16, 4, 16, 3).mean(axis=(2, 4))
        middle = 1 - pixels[:, 24:40, 24:40].mean(axis=(1, 2, 3))
        return RunScores(middle, features.reshape(len(photos), -1))

    monkeypatch.setattr(generated_bench, "run_scores", run_scores)
    monkeypatch.setattr(help_bench, "run_scores", run_scores)
