"""Train a network on each of several splits of the same photos, and judge the rest.

The photos are decoded once, and changed versions of them made once, for all splits. No
network is kept: what comes out are scores, of a split's val and test photos.

Run: python training/cross_validate.py fold0.csv fold1.csv --network lesion64 \
    --start runs/lesion64 --out results/folds
"""

import argparse
import io
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

if not __package__:
    # Started as a file: Python put training/ first on the path. Put the checkout
    # there instead, so that our packages import and no module here hides another.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
from numpy.typing import NDArray

from edge_runtime.files.atomic import write_bytes
from edge_runtime.photos.manifest import LabelledPhoto, photos_of, read_manifest
from edge_runtime.terminal.arguments import at_least
from edge_runtime.terminal.exit_status import exit_status
from training.augmentation.kept import KeptVersions
from training.augmentation.pipelines import AUGMENTATIONS
from training.errors import TrainingError
from training.fitting.settings import Settings, parse
from training.framework import start_keras

SETTINGS = "settings"
"""In a file of scores: the options that it comes of."""


@dataclass(frozen=True)
class Folds:
    """What the command line asks for.

    Attributes:
        manifests: one for each split of the photos.
        versions: changed versions of each photo.
        training: options of ``training/train.py``, the same for all.
        out: folder of the scores, ``NAME.npz`` for ``NAME.csv``.
    """

    manifests: tuple[Path, ...]
    versions: int
    training: Settings
    out: Path


def parse_arguments(arguments: Sequence[str] | None) -> Folds:
    """Turn command-line arguments into settings, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Train a network on each of several splits of the same photos, and"
        " write scores of each split's val and test photos. Stopped runs go on where"
        " they were when the same command is given again. Research and education; not"
        " a medical device.",
        epilog="Other options of training/train.py may be given too; they go to every"
        " training.",
    )
    add = parser.add_argument
    add("manifests", type=Path, nargs="+", help="one table for each split")
    add("--out", type=Path, required=True, help="folder of the scores")
    add(
        "--versions",
        type=at_least(1),
        default=10,
        help="changed versions of each photo that are made and shown (default: 10)",
    )
    given, others = parser.parse_known_args(arguments)
    one = ["--manifest", str(given.manifests[0]), "--out", str(given.out)]
    training = parse([*others, *one])
    if training.soft_labels:
        parser.error("--soft-labels: they belong to one manifest; expected none")
    return Folds(tuple(given.manifests), given.versions, training, given.out)


def run(folds: Folds) -> list[Path]:
    """Train and judge each split that has no scores yet; returns the files of scores.

    Raises:
        EdgeRuntimeError: when a manifest does not fit, or scores of other options lie
            in the folder.
    """
    paths = [folds.out / f"{path.stem}.npz" for path in folds.manifests]
    asked = json.dumps(
        {**replace(folds.training, out=Path()).as_json(), "versions": folds.versions}
        | {"manifest": ""}
    )
    todo = []
    for path, manifest in zip(paths, folds.manifests, strict=True):
        if not path.exists():
            todo.append((path, manifest))
        elif (noted := _noted(path)) != asked:
            raise TrainingError(
                f"{path} comes of other options: {noted}, now {asked}. Give those"
                " again, or choose another --out."
            )
    if todo:
        start_keras()
        _train(folds, todo, asked)
    return paths


def _noted(path: Path) -> str:
    with np.load(path) as found:
        return str(found[SETTINGS])


def _train(folds: Folds, todo: Sequence[tuple[Path, Path]], asked: str) -> None:
    import keras

    from training.fitting.batches import decoded_squares
    from training.fitting.cycles import fit_branches
    from training.judge import judged_by

    decoded: dict[Path, NDArray[np.uint8]] = {}

    def squares(
        photos: Sequence[LabelledPhoto], size_px: int
    ) -> list[NDArray[np.uint8]]:
        missing = [photo for photo in photos if photo.path not in decoded]
        made = decoded_squares(missing, size_px)
        decoded.update(zip((photo.path for photo in missing), made, strict=True))
        return [decoded[photo.path] for photo in photos]

    settings = folds.training
    changed = KeptVersions(AUGMENTATIONS[settings.augmentation], folds.versions)
    for number, (path, manifest) in enumerate(todo):
        print(f"{number + 1} of {len(todo)}: {manifest}", file=sys.stderr)
        photos = read_manifest(manifest)
        keras.utils.clear_session()
        with tempfile.TemporaryDirectory() as folder:
            of_fold = replace(settings, manifest=manifest, out=Path(folder))
            _, network = fit_branches(
                of_fold, photos, squares=squares, augmentation=changed
            )
        found: dict[str, NDArray[np.generic]] = {SETTINGS: np.array(asked)}
        for split in ("val", "test"):
            judged = judged_by(network, photos_of(photos, split))
            found[f"{split}_score"] = judged.scores
            for name, scores in judged.without.items():
                found[f"{split}_score_without_{name}"] = scores
        stored = io.BytesIO()
        np.savez(stored, **found)  # type: ignore[arg-type]
        write_bytes(path, stored.getvalue())


@exit_status(stopped="stopped; give the same command again to go on")
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    for path in run(parse_arguments(arguments)):
        print(path)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
