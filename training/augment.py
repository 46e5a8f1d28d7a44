"""Write augmented copies of the training photos as a data set of their own.

The published project enlarged its training photos to 10,000 before it trained, and
split them afterwards, so that copies of one photo could lie on both sides. Here the
split comes first: validation and test photos stay as they are.

Run: python training/augment.py data/fanconic.csv --out data/fanconic-augmented
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

if not __package__:
    # Started as a file: Python put training/ first on the path. Put the checkout
    # there instead, so that our packages import and no module here hides another.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
from PIL import Image
from tqdm import tqdm

from edge_runtime.errors import ManifestError
from edge_runtime.photos.decoding import read_photo
from edge_runtime.photos.manifest import (
    LabelledPhoto,
    photos_of,
    read_manifest,
    write_manifest,
)
from edge_runtime.photos.preprocessing import centre_square
from edge_runtime.terminal.command_parser import Defaults
from edge_runtime.terminal.exit_status import exit_status
from training.augmentation.pipelines import AUGMENTATIONS
from training.datasets.manifest_rows import Row, relative_path

MANIFEST = "manifest.csv"


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Turn command-line arguments into options, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Draw photos of the train split at random and store changed copies"
        " with a manifest in which they are the train split. Validation and test photos"
        " are listed unchanged. Same seed, same photos.",
        formatter_class=Defaults,
    )
    add = parser.add_argument
    add("manifest", type=Path, help="table of training/prepare.py")
    add("--augmentation", choices=AUGMENTATIONS, default="augmentor", help="changes")
    add("--samples", type=int, default=10_000, help="photos to write")
    add("--size", type=int, default=128, help="their side in pixels")
    add("--seed", type=int, default=0, help="of the draw and of the changes")
    add("--out", type=Path, required=True, help=f"new folder; {MANIFEST} inside")
    options = parser.parse_args(arguments)
    for name in ("samples", "size"):
        if getattr(options, name) < 1:
            parser.error(f"--{name} must be at least 1")
    return options


def augment(options: argparse.Namespace) -> Path:
    """Write the photos, then their manifest; returns the manifest's path.

    Raises:
        ManifestError: when the table is unusable or the folder has a manifest already.
    """
    manifest: Path = options.out / MANIFEST
    if manifest.exists():
        raise ManifestError(
            f"{manifest} is there already. Remove its folder, or choose another --out."
        )
    photos = read_manifest(options.manifest)
    train = photos_of(photos, "train")
    rows = [
        _row(photo, photo.path, manifest) for photo in photos if photo.split != "train"
    ]
    (options.out / "train").mkdir(parents=True, exist_ok=True)
    drawn = np.random.default_rng(options.seed).integers(
        len(train), size=options.samples
    )
    for number, index in enumerate(
        tqdm(drawn.tolist(), desc="photos", unit="photo", disable=None)
    ):
        path = options.out / "train" / f"{number:05d}.png"
        rng = np.random.default_rng([options.seed, number])
        square = centre_square(read_photo(train[index].path))
        change = AUGMENTATIONS[options.augmentation]
        pixels = change(np.asarray(square), options.size, rng, 1.0)
        Image.fromarray(pixels).save(path)
        rows.append(_row(train[index], path, manifest))
    write_manifest(manifest, rows)
    return manifest


def _row(photo: LabelledPhoto, path: Path, manifest: Path) -> Row:
    return {
        "path": relative_path(path.resolve(), manifest),
        "label": "malignant" if photo.malignant else "benign",
        "split": photo.split,
        "lesion": photo.lesion,
        "lesion_in_train": str(int(photo.lesion_in_train)),
    }


@exit_status(stopped="stopped; remove the folder before you start again")
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    print(augment(parse(arguments)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
