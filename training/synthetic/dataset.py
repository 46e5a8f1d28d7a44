"""A small drawn data set with its manifest, so that a pipeline can be seen to learn.

Run: python -m training.synthetic.dataset --out data/drawn
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from edge_runtime.photos.manifest import write_manifest
from edge_runtime.terminal.command_parser import Defaults
from edge_runtime.terminal.exit_status import exit_status
from training.synthetic.lesions import SKIN_TONES, draw_lesion


def draw_table(
    folder: Path,
    n_malignant: int,
    n_benign: int,
    *,
    size_px: int = 64,
    seed: int = 0,
    val_share: float = 0.2,
    test_share: float = 0.2,
) -> Path:
    """Draw photos of both classes and write the manifest that lists them.

    The classes differ as :func:`training.synthetic.lesions.draw_lesion` draws them, on
    every skin tone alike, so that the skin's colour tells nothing and the lesion all.

    Args:
        folder: receives ``photos/*.png`` and ``manifest.csv``; created if missing.
        n_malignant: irregular lesions to draw; at least 3, one for each split.
        n_benign: even lesions to draw; at least 3.
        size_px: side of the photos, in pixels.
        seed: chooses all photos.
        val_share: share of each class that becomes the validation split.
        test_share: share of each class that becomes the test split.

    Returns:
        The path of ``manifest.csv``.

    Raises:
        ValueError: if a class has fewer photos than there are splits.
    """
    if min(n_malignant, n_benign) < 3:
        raise ValueError(
            "each class needs 3 photos, one for each split; got"
            f" {n_malignant} malignant and {n_benign} benign"
        )
    (folder / "photos").mkdir(parents=True, exist_ok=True)
    rows = []
    for label, count in (("malignant", n_malignant), ("benign", n_benign)):
        splits = _splits(count, val_share=val_share, test_share=test_share)
        for number, split in enumerate(splits):
            name = f"photos/{label}_{number:04d}.png"
            image = draw_lesion(
                # Even seeds for one class, odd ones for the other: none is shared.
                2 * (seed * 100_000 + number) + (label == "malignant"),
                size_px=size_px,
                skin_tone=1 + number % len(SKIN_TONES),
                malignant_like=label == "malignant",
                hair=number % 4 == 3,
            )
            Image.fromarray(image).save(folder / name)
            rows.append(
                {
                    "path": name,
                    "label": label,
                    "split": split,
                    "lesion": f"{label}_{number:04d}",
                    "lesion_in_train": "0",
                }
            )
    manifest = folder / "manifest.csv"
    write_manifest(manifest, rows)
    return manifest


def _splits(count: int, *, val_share: float, test_share: float) -> list[str]:
    """The split of each of ``count`` photos; none of the three splits is empty."""
    n_val = max(1, round(count * val_share))
    n_test = max(1, round(count * test_share))
    n_train = max(1, count - n_val - n_test)
    names = np.repeat(["train", "val", "test"], [n_train, n_val, n_test])
    return [str(name) for name in names[:count]]


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Turn command-line arguments into options, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Draw photos of both classes with their manifest, to try the road"
        " from photos to a kit without a data set. A network that separates them knows"
        " nothing about real lesions.",
        formatter_class=Defaults,
    )
    add = parser.add_argument
    add("--out", type=Path, required=True, help="folder for photos and manifest.csv")
    add("--malignant", type=int, default=200, help="irregular lesions to draw")
    add("--benign", type=int, default=200, help="even lesions to draw")
    add("--size", type=int, default=64, help="side of the photos in pixels")
    add("--seed", type=int, default=0, help="another number draws other lesions")
    options = parser.parse_args(arguments)
    for name, least in (("malignant", 3), ("benign", 3), ("size", 16), ("seed", 0)):
        value = getattr(options, name)
        if value < least:
            parser.error(f"--{name} must be {least} or more; got {value}")
    return options


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    options = parse(arguments)
    manifest = draw_table(
        options.out,
        options.malignant,
        options.benign,
        size_px=options.size,
        seed=options.seed,
    )
    print(manifest)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
