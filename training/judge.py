"""What a finished run says of photos: scores, and the features before the last layer.

For benchmarks, which know nothing of Keras. Run: python training/judge.py runs/lesion64
--manifest data/all.csv --split test --out judged.npz
"""

import argparse
import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if not __package__:
    # Started as a file: Python put training/ first on the path. Put the checkout
    # there instead, so that our packages import and no module here hides another.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from edge_runtime.files.atomic import write_bytes
from edge_runtime.photos.manifest import SPLITS, LabelledPhoto, photos_of, read_manifest
from edge_runtime.photos.preprocessing import load_pixels
from edge_runtime.terminal.command_parser import CommandParser
from edge_runtime.terminal.exit_status import exit_status
from training.errors import TrainingError
from training.framework import start_keras

if TYPE_CHECKING:
    import keras

BATCH = 64


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Turn command-line words into options, or exit with a usage message."""
    parser = CommandParser(
        description="Let the network of a finished run judge the photos of a split, and"
        " write scores (n,) and features (n, k) with the photos' paths. Research and"
        " education; not a medical device.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("run", type=Path, help="folder of a finished run")
    add("--manifest", type=Path, required=True, help="table of labelled photos")
    add("--split", choices=SPLITS, default="test", help="whose photos are judged")
    add("--out", type=Path, required=True, help=".npz file to write")
    return parser.parse_args(arguments)


def judge(
    run: Path, photos: Sequence[LabelledPhoto]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scores of malignancy, shape ``(n,)``, and the last layer's input, ``(n, k)``.

    Raises:
        EdgeRuntimeError: when there is no finished run, its network needs more than a
            photo, or a photo cannot be read.
    """
    start_keras()
    import keras

    network = _finished(run / "model.keras")
    layers = reversed(network.layers)
    last = next(each for each in layers if isinstance(each, keras.layers.Dense))
    both = keras.Model(network.input, [network.output, last.input])
    scores, features = [], []
    size_px = int(network.input_shape[1])
    batches = _batches(photos, size_px)
    for pixels in tqdm(batches, desc="judging", unit="batch", disable=None):
        given, seen = both(pixels, training=False)
        scores.append(keras.ops.convert_to_numpy(given).reshape(-1))
        features.append(keras.ops.convert_to_numpy(seen).reshape(len(pixels), -1))
    return (
        np.concatenate(scores).astype(np.float64),
        np.concatenate(features).astype(np.float64),
    )


def _batches(
    photos: Sequence[LabelledPhoto], size_px: int
) -> Iterator[NDArray[np.float32]]:
    for start in range(0, len(photos), BATCH):
        part = [load_pixels(x.path, size_px) for x in photos[start : start + BATCH]]
        yield np.stack(part).astype(np.float32) / np.float32(255)


def _finished(path: Path) -> "keras.Model":
    if not path.is_file():
        raise TrainingError(f"{path} is missing; expected the folder of a finished run")
    import keras

    network = keras.models.load_model(path, compile=False)
    if isinstance(network.input_shape, list) or network.output_shape != (None, 1):
        raise TrainingError(
            f"{path} takes {network.input_shape} and gives {network.output_shape};"
            " expected one photo and one probability, (None, 1)"
        )
    return network


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    options = parse(arguments)
    photos = photos_of(read_manifest(options.manifest), options.split)
    if not photos:
        raise TrainingError(
            f"{options.manifest} has no photo in the {options.split} split"
        )
    scores, features = judge(options.run, photos)
    paths = np.array([str(photo.path) for photo in photos])
    stored = io.BytesIO()
    np.savez(stored, path=paths, score=scores, features=features)
    write_bytes(options.out, stored.getvalue())
    print(options.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
