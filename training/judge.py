"""What a finished run says of photos: scores, and the features before the last layer.

A network that takes answers gets those of the manifest, and says also what it would say
with each answer hidden, and with all of them.

For benchmarks, which know nothing of Keras. Run: python training/judge.py runs/lesion64
--manifest data/all.csv --split test --out judged.npz
"""

import argparse
import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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
from edge_runtime.model.answers import slots_of
from edge_runtime.photos.manifest import SPLITS, LabelledPhoto, photos_of, read_manifest
from edge_runtime.photos.preprocessing import load_pixels
from edge_runtime.terminal.command_parser import CommandParser, Defaults
from edge_runtime.terminal.exit_status import exit_status
from training.datasets.questions import (
    ALL,
    QUESTION_SETS,
    answer_vectors,
    questions_of,
    with_hidden,
)
from training.errors import TrainingError
from training.framework import start_keras

if TYPE_CHECKING:
    import keras

BATCH = 64
_AS_TOLD = ""
_KNOWN_SLOTS = tuple(slots_of(each) for each in QUESTION_SETS.values())


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Turn command-line arguments into options, or exit with a usage message."""
    parser = CommandParser(
        description="Let the network of a finished run judge the photos of a split, and"
        " write scores (n,) and features (n, k) with the photos' paths; of a network"
        " that takes answers also score_without_NAME, with that answer hidden, and"
        " score_without_all. Research and education; not a medical device.",
        formatter_class=Defaults,
    )
    add = parser.add_argument
    add("run", type=Path, help="folder of a finished run")
    add("--manifest", type=Path, required=True, help="table of labelled photos")
    add("--split", choices=SPLITS, default="test", help="whose photos are judged")
    add("--out", type=Path, required=True, help=".npz file to write")
    return parser.parse_args(arguments)


@dataclass(frozen=True)
class Judged:
    """What a network says of photos.

    Attributes:
        scores: of malignancy; shape ``(n,)``.
        features: the last layer's input; shape ``(n, k)``.
        without: scores with an answer hidden, by the question's name, and under ``all``
            with all hidden; empty for a network of photos alone.
    """

    scores: NDArray[np.float64]
    features: NDArray[np.float64]
    without: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)


def judge(run: Path, photos: Sequence[LabelledPhoto]) -> Judged:
    """Scores, features, and scores with answers hidden.

    Raises:
        EdgeRuntimeError: when there is no finished run, its network needs something
            else than a photo and answers, the manifest has no answers for it, or a
            photo cannot be read.
    """
    start_keras()
    return judged_by(_finished(run / "model.keras"), photos)


def judged_by(network: "keras.Model", photos: Sequence[LabelledPhoto]) -> Judged:
    """What a network of one photo, or of a photo and answers, says; see ``judge``."""
    import keras

    layers = reversed(network.layers)
    last = next(each for each in layers if isinstance(each, keras.layers.Dense))
    both = keras.Model(network.input, [network.output, last.input])
    told = _told(network, photos)
    found: dict[str, list[NDArray[np.float64]]] = {name: [] for name in told}
    features = []
    size_px = int(network.inputs[0].shape[1])
    batches = _batches(photos, size_px)
    done = 0
    for pixels in tqdm(batches, desc="judging", unit="batch", disable=None):
        for name, answers in told.items():
            part = [] if answers is None else [answers[done : done + len(pixels)]]
            given, seen = both([pixels, *part] if part else pixels, training=False)
            found[name].append(keras.ops.convert_to_numpy(given).reshape(-1))
            if name == _AS_TOLD:
                seen = keras.ops.convert_to_numpy(seen)
                features.append(seen.reshape(len(pixels), -1))
        done += len(pixels)
    scores = {
        name: np.concatenate(parts).astype(np.float64) for name, parts in found.items()
    }
    told_scores = scores.pop(_AS_TOLD)
    return Judged(told_scores, np.concatenate(features).astype(np.float64), scores)


def _told(
    network: "keras.Model", photos: Sequence[LabelledPhoto]
) -> dict[str, NDArray[np.float32] | None]:
    """Answers as the manifest gives them, and with some hidden; by what is hidden."""
    if len(network.inputs) == 1:
        return {_AS_TOLD: None}
    questions = questions_of(int(network.inputs[1].shape[1]))
    answers = answer_vectors(photos, questions)
    told: dict[str, NDArray[np.float32] | None] = {_AS_TOLD: answers}
    for place, question in enumerate(questions):
        hidden = np.zeros((len(photos), len(questions)), bool)
        hidden[:, place] = True
        told[question.name] = with_hidden(answers, hidden)
    everything = np.ones((len(photos), len(questions)), bool)
    return {**told, ALL: with_hidden(answers, everything)}


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
    fits = len(network.inputs) == 1 or (
        len(network.inputs) == 2
        and len(network.inputs[1].shape) == 2
        and int(network.inputs[1].shape[1]) in _KNOWN_SLOTS
    )
    if not fits or network.output_shape != (None, 1):
        raise TrainingError(
            f"{path} takes {network.input_shape} and gives {network.output_shape};"
            " expected one photo, or a photo and a row of"
            f" {' or '.join(map(str, _KNOWN_SLOTS))} answers, and one probability,"
            " (None, 1)"
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
    judged = judge(options.run, photos)
    paths = np.array([str(photo.path) for photo in photos])
    stored = io.BytesIO()
    without = {f"score_without_{name}": x for name, x in judged.without.items()}
    np.savez(
        stored,
        path=paths,
        score=judged.scores,
        features=judged.features,
        **without,  # type: ignore[arg-type]
    )
    write_bytes(options.out, stored.getvalue())
    print(options.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
