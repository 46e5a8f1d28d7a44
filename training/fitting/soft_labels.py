"""Soft labels: a teacher's scores of augmented photos, from which a student learns.

Distillation (Hinton et al. 2015, arXiv 1503.02531) on shared views: the student sees an
augmented photo, and the teacher saw the same augmented photo at its own input size
("function matching": Beyer et al. 2021, arXiv 2106.05237). ``distil.py`` writes a
teacher's scores once, for a fixed number of views of each photo.
"""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_runtime.errors import EdgeRuntimeError
from edge_runtime.files.atomic import write_bytes
from training.augmentation.pipelines import AUGMENTATIONS, MILD, Pixels

# Share of the soft label in a target; the rest is the hard label's. Chosen once.
TEACHERS_SHARE = 0.8


class SoftLabelError(EdgeRuntimeError):
    """Soft labels are missing, broken, or of other photos."""


@dataclass(frozen=True)
class Course:
    """The views that student and teacher share; pure functions of these fields.

    Attributes:
        manifest_sha256: of the table whose train split is shown.
        augmentation: a key of ``AUGMENTATIONS``.
        seed: of the changes.
        strong_views: views of each photo at full strength; they come first.
        mild_views: views at strength ``MILD``.
    """

    manifest_sha256: str
    augmentation: str
    seed: int
    strong_views: int
    mild_views: int

    @property
    def views(self) -> int:
        """How often each photo was judged."""
        return self.strong_views + self.mild_views

    def view_of_epoch(self, number: int, mild_from: int, repeat: int = 0) -> int:
        """Which view epoch ``number``, from 1 on, shows: over and over in order.

        A photo that was shown ``repeat`` times before in this epoch shows one further
        on.
        """
        if number >= mild_from:
            return self.strong_views + (number - mild_from + repeat) % self.mild_views
        return (number - 1 + repeat) % self.strong_views

    def pixels(
        self, square: Pixels, index: int, view: int, size_px: int
    ) -> NDArray[np.uint8]:
        """Photo ``index`` of the train split as a network of ``size_px`` sees it."""
        rng = np.random.default_rng([self.seed, view, index])
        strength = 1.0 if view < self.strong_views else MILD
        return AUGMENTATIONS[self.augmentation](square, size_px, rng, strength)


@dataclass(frozen=True)
class SoftLabels:
    """A teacher's logits, or the mean of several teachers'.

    Attributes:
        course: what was shown.
        logits: of malignancy; shape ``(views, photos)``; float32.
    """

    course: Course
    logits: NDArray[np.float32]

    def targets(
        self,
        labels: NDArray[np.int64],
        view: int | Sequence[int],
        part: NDArray[np.int64],
    ) -> NDArray[np.float32]:
        """The student's targets: probabilities, same shape as ``part``.

        Args:
            labels: 1 for malignant; shape ``(photos,)``.
            view: which one is shown; of all photos, or of each.
            part: indices of the photos of a batch.
        """
        taught = 1 / (1 + np.exp(-self.logits[view, part]))
        mixed = TEACHERS_SHARE * taught + (1 - TEACHERS_SHARE) * labels[part]
        return np.asarray(mixed, np.float32)


def write_soft_labels(path: Path, soft_labels: SoftLabels) -> None:
    """Write a teacher's logits so far; views yet to come are NaN."""
    stored = io.BytesIO()
    np.savez(stored, logits=soft_labels.logits, **vars(soft_labels.course))
    write_bytes(path, stored.getvalue())


def read_soft_labels(path: Path) -> SoftLabels:
    """A teacher's logits so far.

    Raises:
        SoftLabelError: when the file is missing or was not written by
        ``write_soft_labels``.
    """
    try:
        # From memory: NumPy leaves a file open that is no zip.
        content = io.BytesIO(path.read_bytes())
        with np.load(content, allow_pickle=False) as stored:
            return SoftLabels(
                Course(
                    manifest_sha256=str(stored["manifest_sha256"]),
                    augmentation=str(stored["augmentation"]),
                    seed=int(stored["seed"]),
                    strong_views=int(stored["strong_views"]),
                    mild_views=int(stored["mild_views"]),
                ),
                stored["logits"].astype(np.float32),
            )
    except FileNotFoundError:
        raise SoftLabelError(
            f"{path} is missing; training/distil.py writes it from a finished run"
        ) from None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise SoftLabelError(
            f"{path} holds no soft labels ({error}); remove it and run"
            " training/distil.py"
        ) from error


def mean_soft_labels(
    paths: Sequence[Path], *, manifest_sha256: str, photos: int, augmentation: str
) -> SoftLabels:
    """The mean logit of several teachers on the same views.

    Args:
        paths: files of ``training/distil.py``, at least one.
        manifest_sha256: of the student's table.
        photos: of its train split.
        augmentation: the student's.

    Raises:
        SoftLabelError: when a file does not fit the student or the first one, or is
        not finished.
    """
    read = [read_soft_labels(path) for path in paths]
    for path, soft_labels in zip(paths, read, strict=True):
        course = soft_labels.course
        if (course.manifest_sha256, course.augmentation) != (
            manifest_sha256,
            augmentation,
        ) or soft_labels.logits.shape != (course.views, photos):
            raise SoftLabelError(
                f"{path} judges other photos or another augmentation"
                f" ({course.augmentation}); run training/distil.py with this manifest"
                f" and --augmentation {augmentation}"
            )
        if course != read[0].course:
            raise SoftLabelError(
                f"{path} and {paths[0]} judge other views; give both the same --seed,"
                " --strong-views and --mild-views"
            )
        if not np.isfinite(soft_labels.logits).all():
            raise SoftLabelError(
                f"{path} is not finished; give the command of training/distil.py again"
            )
    mean = np.mean([soft_labels.logits for soft_labels in read], axis=0)
    return SoftLabels(read[0].course, mean.astype(np.float32))
