"""Let a trained network judge changed photos, for smaller networks to learn from.

Run: python training/distil.py runs/mobileneta25_160 --manifest data/fanconic.csv
"""

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from math import ceil
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

if not __package__:
    # Started as a file: Python put training/ first on the path. Put the checkout
    # there instead, so that our packages import and no module here hides another.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from edge_runtime.measuring.machine import usable_cores
from edge_runtime.photos.manifest import LabelledPhoto, photos_of, read_manifest
from edge_runtime.terminal.command_parser import CommandParser, Defaults, from_keywords
from edge_runtime.terminal.exit_status import exit_status
from edge_runtime.terminal.native_log import without_info_lines
from training.augmentation.pipelines import AUGMENTATIONS
from training.fitting.batches import LARGEST_CACHED_PX, decoded_squares
from training.fitting.record import file_sha256
from training.fitting.soft_labels import (
    Course,
    SoftLabelError,
    SoftLabels,
    read_soft_labels,
    write_soft_labels,
)
from training.framework import start_keras

if TYPE_CHECKING:
    from training.fitting.teachers import Teacher

# Below, one process is done before a second one has started.
PHOTOS_A_WORKER = 1000


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Turn command-line arguments into options, or exit with a usage message."""
    parser = CommandParser(
        description="Write soft labels: a trained network's scores of augmented photos"
        " of the train split, for training/train.py --soft-labels. Continues where it"
        " was stopped.",
        formatter_class=Defaults,
    )
    add = parser.add_argument
    add(
        "teacher",
        type=Path,
        metavar="RUN_OR_FILE",
        help="folder of the teacher's run, or a file .tflite with its card",
    )
    add("--manifest", type=Path, required=True, help="table of training/prepare.py")
    add("--augmentation", choices=AUGMENTATIONS, default="strong", help="of the photos")
    add("--strong-views", type=int, default=24, help="of each photo, full strength")
    add("--mild-views", type=int, default=12, help="of each photo, while mild")
    add(
        "--seed",
        type=int,
        default=0,
        help="of the augmentation; the same for all teachers",
    )
    add("--out", type=Path, help="the soft labels (default: RUN/soft_labels.npz)")
    options = parser.parse_args(arguments)
    if options.out is None and options.teacher.suffix == ".tflite":
        parser.error(
            f"{options.teacher} is no folder; --out must say where soft labels go"
        )
    for name in ("strong_views", "mild_views"):
        if getattr(options, name) < 1:
            parser.error(f"--{name.replace('_', '-')} must be at least 1")
    return options


def distil(teacher: str | Path, **options: Any) -> Path:
    """Write soft labels as ``lesion-edge distil`` does; returns their path.

        distil("runs/lesion128", manifest="data/all.csv", strong_views=6)

    Args:
        teacher: folder of a run, or a ``.tflite`` file with its card.
        options: those of the command, with underscores.

    Raises:
        UsageError: when there is no such option, or a value will not do.
        EdgeRuntimeError: when the teacher or the manifest does not fit.
    """
    return teach(from_keywords(parse, options, places=[teacher]))


def teach(options: argparse.Namespace) -> Path:
    """Judge the views that are missing; returns the path of the soft labels."""
    start_keras()
    from training.fitting.teachers import read_teacher

    with without_info_lines():
        teacher = read_teacher(options.teacher)
    course = Course(
        manifest_sha256=file_sha256(options.manifest),
        augmentation=options.augmentation,
        seed=options.seed,
        strong_views=options.strong_views,
        mild_views=options.mild_views,
    )
    photos = photos_of(read_manifest(options.manifest), "train")
    path: Path = options.out or options.teacher / "soft_labels.npz"
    soft_labels = _begun(path, course, len(photos))
    missing = np.flatnonzero(np.isnan(soft_labels.logits).any(axis=1))
    if not missing.size:
        return path
    workers = min(usable_cores(), ceil(len(photos) / PHOTOS_A_WORKER))
    with ExitStack() as stack:
        judge = (
            _alone(teacher, photos, range(len(photos)), course).logits
            if workers == 1
            else _Shared(stack, options.teacher, photos, course, workers).logits
        )
        for view in tqdm(missing.tolist(), desc="views", unit="view", disable=None):
            soft_labels.logits[view] = judge(view)
            write_soft_labels(path, soft_labels)
    return path


def _begun(path: Path, course: Course, photos: int) -> SoftLabels:
    if not path.exists():
        nothing = np.full((course.views, photos), np.nan, np.float32)
        return SoftLabels(course, nothing)
    soft_labels = read_soft_labels(path)
    if soft_labels.course != course:
        raise SoftLabelError(
            f"{path} holds soft labels of other photos or views. Remove it, or give the"
            " options it was made with."
        )
    return soft_labels


@dataclass(frozen=True)
class _Alone:
    """A teacher and its photos in this process."""

    teacher: "Teacher"
    squares: Sequence[NDArray[np.uint8]]
    indices: Sequence[int]
    course: Course

    def logits(self, view: int) -> NDArray[np.float32]:
        """Of one view of every photo."""
        size_px = self.teacher.size_px
        said = [
            self.teacher.logit(self.course.pixels(square, index, view, size_px))
            for square, index in zip(self.squares, self.indices, strict=True)
        ]
        return np.array(said, np.float32)


class _Shared:
    """Photos dealt out to processes, each with a teacher of its own.

    Processes, not threads: LiteRT holds Python's lock while it runs a network.
    """

    def __init__(
        self,
        stack: ExitStack,
        teacher: Path,
        photos: Sequence[LabelledPhoto],
        course: Course,
        workers: int,
    ) -> None:
        """Start the processes; ``stack`` ends them.

        Raises:
            EdgeRuntimeError: when a photo cannot be read.
        """
        self._photos = len(photos)
        self._shares = [range(first, len(photos), workers) for first in range(workers)]
        # A pool for each share: its process alone has decoded these photos.
        self._pools = [
            stack.enter_context(ProcessPoolExecutor(1, get_context("spawn")))
            for _ in self._shares
        ]
        begun = [
            pool.submit(_begin, teacher, photos, share, course)
            for pool, share in zip(self._pools, self._shares, strict=True)
        ]
        for each in begun:
            each.result()

    def logits(self, view: int) -> NDArray[np.float32]:
        """Of one view of every photo."""
        logits = np.empty(self._photos, np.float32)
        judged = [pool.submit(_judge, view) for pool in self._pools]
        for share, part in zip(self._shares, judged, strict=True):
            logits[share] = part.result()
        return logits


def _alone(
    teacher: "Teacher",
    photos: Sequence[LabelledPhoto],
    indices: Sequence[int],
    course: Course,
) -> _Alone:
    squares = decoded_squares([photos[index] for index in indices], LARGEST_CACHED_PX)
    return _Alone(teacher, squares, indices, course)


_of_this_process: list[_Alone] = []


def _begin(
    teacher: Path,
    photos: Sequence[LabelledPhoto],
    share: Sequence[int],
    course: Course,
) -> None:
    """Make a process ready for ``_judge``."""
    with without_info_lines():
        start_keras()
        from training.fitting.teachers import read_teacher

        opened = read_teacher(teacher)
    _of_this_process.append(_alone(opened, photos, share, course))


def _judge(view: int) -> NDArray[np.float32]:
    return _of_this_process[0].logits(view)


@exit_status(stopped="stopped; give the same command again to go on")
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    print(teach(parse(arguments)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
