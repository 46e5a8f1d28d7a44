"""Let a trained network judge changed photos, for smaller networks to learn from.

Run: python training/distil.py runs/mobileneta25_160 --manifest data/fanconic.csv
"""

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

if not __package__:
    # Started as a file: Python put training/ first on the path. Put the checkout
    # there instead, so that our packages import and no module here hides another.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from edge_runtime.measuring.machine import usable_cores
from edge_runtime.photos.manifest import photos_of, read_manifest
from edge_runtime.terminal.command_parser import CommandParser
from edge_runtime.terminal.exit_status import exit_status
from edge_runtime.terminal.native_log import without_info_lines
from training.augmentation.pipelines import AUGMENTATIONS
from training.fitting.batches import LARGEST_CACHED_PX, decoded_squares
from training.fitting.lessons import (
    Course,
    LessonError,
    Lessons,
    read_lessons,
    write_lessons,
)
from training.fitting.record import file_sha256
from training.framework import start_keras

if TYPE_CHECKING:
    from training.fitting.teachers import Teacher


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Turn command-line words into options, or exit with a usage message."""
    parser = CommandParser(
        description="Show changed photos of the train split to a trained network and"
        " keep what it says, for training/train.py --lessons. Goes on where it was"
        " stopped.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add(
        "teacher",
        type=Path,
        metavar="RUN_OR_FILE",
        help="folder of the teacher's run, or a file .tflite with its card",
    )
    add("--manifest", type=Path, required=True, help="table of training/prepare.py")
    add("--augmentation", choices=AUGMENTATIONS, default="strong", help="the changes")
    add("--strong-views", type=int, default=24, help="of each photo, full strength")
    add("--mild-views", type=int, default=12, help="of each photo, while settling")
    add("--seed", type=int, default=0, help="of the changes; the same for all teachers")
    add("--out", type=Path, help="the lessons (default: RUN/lessons.npz)")
    words = parser.parse_args(arguments)
    if words.out is None and words.teacher.suffix == ".tflite":
        parser.error(f"{words.teacher} is no folder; --out must say where lessons go")
    for name in ("strong_views", "mild_views"):
        if getattr(words, name) < 1:
            parser.error(f"--{name.replace('_', '-')} must be at least 1")
    return words


def teach(words: argparse.Namespace) -> Path:
    """Judge the views that are missing; returns the path of the lessons."""
    start_keras()
    from training.fitting.teachers import read_teachers

    with without_info_lines():
        teachers = read_teachers(words.teacher, usable_cores())
    course = Course(
        manifest_sha256=file_sha256(words.manifest),
        augmentation=words.augmentation,
        seed=words.seed,
        strong_views=words.strong_views,
        mild_views=words.mild_views,
    )
    photos = photos_of(read_manifest(words.manifest), "train")
    path: Path = words.out or words.teacher / "lessons.npz"
    lessons = _begun(path, course, len(photos))
    missing = np.flatnonzero(np.isnan(lessons.logits).any(axis=1))
    if missing.size:
        squares = decoded_squares(photos, LARGEST_CACHED_PX)
    for view in tqdm(missing.tolist(), desc="views", unit="view", disable=None):
        lessons.logits[view] = _judged(teachers, squares, course, view)
        write_lessons(path, lessons)
    return path


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
    teachers: Sequence["Teacher"],
    squares: Sequence[NDArray[np.uint8]],
    course: Course,
    view: int,
) -> NDArray[np.float32]:
    """Logits of one view of every photo; each teacher takes its share."""
    logits = np.empty(len(squares), np.float32)

    def judge(first: int, teacher: "Teacher") -> None:
        for index in range(first, len(squares), len(teachers)):
            shown = course.pixels(squares[index], index, view, teacher.size_px)
            logits[index] = teacher.logit(shown)

    with ThreadPoolExecutor(len(teachers)) as workers:
        list(workers.map(judge, range(len(teachers)), teachers))
    return logits


@exit_status(stopped="stopped; give the same command again to go on")
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    print(teach(parse(arguments)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
