"""Train a network that draws lesions, and let it draw.

Run: python training/generate.py --manifest data/all.csv --method flow --epochs 12 \
    --photos 600 --out runs/flow
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

if not __package__:
    # Started as a file: Python put training/ first on the path. Put the checkout
    # there instead, so that our packages import and no module here hides another.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from edge_runtime.files.atomic import write_text
from edge_runtime.photos.manifest import photos_of, read_manifest
from edge_runtime.terminal.arguments import at_least
from edge_runtime.terminal.command_parser import CommandParser, Defaults, from_keywords
from edge_runtime.terminal.exit_status import exit_status
from training.errors import TrainingError
from training.fitting.record import file_sha256
from training.framework import start_keras

METHODS = {
    "vae": "variational autoencoder; fast, blurred",
    "gan": "adversarial network with differentiable augmentation",
    "flow": "rectified flow, a small U-Net; slow to draw",
}


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Turn command-line arguments into options, or exit with a usage message."""
    parser = CommandParser(
        description="Train a network that draws lesions of 64 px, told label and"
        " source, on the train split of a manifest, and write photos that it draws,"
        " marked as generated in name, EXIF and table. Photos nearer to a training"
        " photo than real photos of other lesions are dropped as copies. Stopped runs"
        " go on where they were when the same command is given again; more --epochs go"
        " on from a finished one. Research and education; not a medical device.",
        formatter_class=Defaults,
    )
    add = parser.add_argument
    add("--manifest", type=Path, required=True, help="table of training/prepare.py")
    add(
        "--method",
        choices=METHODS,
        default="flow",
        help="; ".join(f"{name}: {text}" for name, text in METHODS.items()),
    )
    add("--epochs", type=at_least(1), default=12, help="passes over the train split")
    add("--seed", type=at_least(0), default=0, help="same seed, same photos")
    add(
        "--photos",
        type=at_least(0),
        default=1000,
        help="to draw; labels and sources come as in the train split; 0: train only",
    )
    add(
        "--like-source",
        metavar="NAME",
        help="draw all photos with the look of this source, labels as in all sources",
    )
    add("--out", type=Path, required=True, help="folder of the run")
    return parser.parse_args(arguments)


def generate(**options: Any) -> Path:
    """Train and draw as ``lesion-edge generate`` does; the path of the manifest.

        generate(manifest="data/all.csv", method="gan", photos=2000, out="runs/gan")

    Args:
        options: those of the command, with underscores.

    Returns:
        The manifest of the generated photos; the run's record with ``photos=0``.

    Raises:
        UsageError: when there is no such option, or a value will not do.
        EdgeRuntimeError: when the manifest or the folder does not fit, or training
            fails.
    """
    return generated(from_keywords(parse, options))


def generated(options: argparse.Namespace) -> Path:
    """Train what is missing, draw, and return the path of what was written.

    Raises:
        TrainingError: when the folder holds another run or these photos already.
        EdgeRuntimeError: when the manifest does not fit, or training fails.
    """
    photos = read_manifest(options.manifest)
    for split in ("train", "val"):
        if not photos_of(photos, split):
            raise TrainingError(
                f"{options.manifest} has no photo in its {split} split; expected train"
                " photos to learn, and val photos that say how near real ones come"
            )
    start_keras()
    from training.generating.run import Run, manifest_of, photos_generated

    run = Run(
        options.method,
        options.epochs,
        options.seed,
        options.out,
        options.photos,
        options.like_source,
    )
    if options.photos and manifest_of(run).exists():
        raise TrainingError(
            f"{manifest_of(run)} is there already. Remove its folder, or choose another"
            " --out."
        )
    _claim_folder(options)
    return photos_generated(run, photos)


def _claim_folder(options: argparse.Namespace) -> None:
    """Note what a checkpoint here is of, or check that it is what is noted there."""
    path: Path = options.out / "settings.json"
    asked = {
        "method": options.method,
        "seed": options.seed,
        "manifest_sha256": file_sha256(options.manifest),
    }
    if path.exists():
        try:
            noted = dict(json.loads(path.read_text(encoding="utf-8")))
        except ValueError:
            noted = {}
        other = [name for name, value in asked.items() if noted.get(name) != value]
        if other:
            told = "; ".join(
                f"{name} was {noted.get(name, 'not given')}, now {asked[name]}"
                for name in other
            )
            raise TrainingError(
                f"{options.out} holds a run with other settings: {told}. Give those"
                " again to go on, or choose another --out."
            )
    write_text(path, json.dumps(asked, indent=2) + "\n")


@exit_status(
    stopped="stopped; the run's folder keeps the finished epochs: give the same"
    " command again to go on"
)
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    print(generated(parse(arguments)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
