"""Let a trained network judge changed photos, for smaller networks to learn from.

Run: python training/teach.py runs/mobileneta25_160 --manifest data/fanconic.csv
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

if not __package__:
    # Started as a file: Python put training/ first on the path. Put the checkout
    # there instead, so that our packages import and no module here hides another.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from edge_runtime.exit_status import exit_status
from edge_runtime.manifest import photos_of, read_manifest
from training.augmentation import AUGMENTATIONS
from training.lessons import Course, LessonError, Lessons, read_lessons, write_lessons
from training.loop import scores_of
from training.record import file_sha256
from training.squares import LARGEST_CACHED_PX, decoded_squares


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Turn command-line words into options, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Show changed photos of the train split to a finished run's"
        " network and keep what it says in RUN/lessons.npz, for"
        " training/train.py --lessons. Goes on where it was stopped.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("run", type=Path, help="folder of the teacher's run")
    add("--manifest", type=Path, required=True, help="table of training/prepare.py")
    add("--augmentation", choices=AUGMENTATIONS, default="strong", help="the changes")
    add("--strong-views", type=int, default=24, help="of each photo, full strength")
    add("--mild-views", type=int, default=12, help="of each photo, while settling")
    add("--seed", type=int, default=0, help="of the changes; the same for all teachers")
    words = parser.parse_args(arguments)
    for name in ("strong_views", "mild_views"):
        if getattr(words, name) < 1:
            parser.error(f"--{name.replace('_', '-')} must be at least 1")
    return words


def teach(words: argparse.Namespace) -> Path:
    """Judge the views that are missing; returns the path of the lessons."""
    model = read_teacher(words.run / "model.keras")
    course = Course(
        manifest_sha256=file_sha256(words.manifest),
        augmentation=words.augmentation,
        seed=words.seed,
        strong_views=words.strong_views,
        mild_views=words.mild_views,
    )
    photos = photos_of(read_manifest(words.manifest), "train")
    path: Path = words.run / "lessons.npz"
    lessons = _begun(path, course, len(photos))
    missing = np.flatnonzero(np.isnan(lessons.logits).any(axis=1))
    if missing.size:
        squares = decoded_squares(photos, LARGEST_CACHED_PX)
    for view in tqdm(missing.tolist(), desc="views", unit="view"):
        lessons.logits[view] = _judged(model, squares, course, view)
        write_lessons(path, lessons)
    return path


def read_teacher(path: Path) -> keras.Model:
    """A network that gives one probability.

    Raises:
        LessonError: when there is none.
    """
    if not path.is_file():
        raise LessonError(f"{path} is missing; expected the folder of a finished run")
    model = keras.models.load_model(path, compile=False)
    if model.output_shape != (None, 1):
        raise LessonError(
            f"{path} gives {model.output_shape}; expected one probability, (None, 1)"
        )
    if isinstance(model.input_shape, list):
        raise LessonError(
            f"{path} also takes answers about the lesion; a teacher judges photos alone"
        )
    return model


def _begun(path: Path, course: Course, photos: int) -> Lessons:
    if not path.exists():
        nothing = np.full((course.views, photos), np.nan, np.float32)
        return Lessons(course, nothing)
    lessons = read_lessons(path)
    if lessons.course != course:
        raise LessonError(
            f"{path} holds lessons of other photos or views. Remove it, or give the"
            " options it was made with."
        )
    return lessons


def _judged(
    model: keras.Model,
    squares: Sequence[NDArray[np.uint8]],
    course: Course,
    view: int,
) -> NDArray[np.float32]:
    """Logits of one view of every photo."""
    size_px = int(model.input_shape[1])
    scores = []
    for start in range(0, len(squares), 256):
        part = range(start, min(start + 256, len(squares)))
        pixels = [course.pixels(squares[i], i, view, size_px) for i in part]
        shown = np.stack(pixels).astype(np.float32) / np.float32(255)
        scores.append(scores_of(model, shown))
    clipped = np.concatenate(scores).clip(1e-6, 1 - 1e-6)
    return np.asarray(np.log(clipped / (1 - clipped)), np.float32)


@exit_status(stopped="stopped; give the same command again to go on")
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    print(teach(parse(arguments)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
