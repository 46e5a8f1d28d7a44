"""What a published data set says about its photos, before any split of ours."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edge_runtime.errors import ManifestError
from edge_runtime.files.strict_csv import columns_of
from edge_runtime.photos.manifest import read_labelled_table
from edge_runtime.photos.paths import photos_below
from edge_runtime.site_calibration.photos import is_drawn_over, meaning

Row = dict[str, str]
Labels = Mapping[str, bool]
"""What a label means, by its form in ``edge_runtime.site_calibration.photos.plain``."""


@dataclass(frozen=True)
class FoundPhoto:
    """One photo with what its data set tells.

    Attributes:
        path: the photo's file.
        malignant: whether the lesion is.
        split: the published split, ``"train"``, ``"val"`` or ``"test"``; ``""`` where
            the data set leaves the choice open.
        group: name shared by all photos of one lesion or patient; ``""`` if unknown.
        lesion_in_train: a test photo that the data set's own manifest marks.
        columns: whatever else the data set tells, such as age or diagnosis.
    """

    path: Path
    malignant: bool
    split: str = ""
    group: str = ""
    lesion_in_train: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """The photos of one data set, and what is not among them.

    Attributes:
        photos: in a fixed order.
        left_out: rows and photos that were meant and are missing, as sentences.
        notes: what else the person may want to know, as sentences.
    """

    photos: tuple[FoundPhoto, ...]
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def table_columns(path: Path) -> tuple[str, ...]:
    """Names of a CSV file's columns; empty if it is not there or not readable."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return columns_of(file.readline(100_000))
    except (OSError, UnicodeDecodeError):
        return ()


def read_table(path: Path, columns: Sequence[str]) -> list[tuple[str, Row]]:
    """Read a CSV file that must have the given columns.

    Returns:
        For each row where it stands (file and line, for messages) and its values.

    Raises:
        ManifestError: if the file cannot be read, is damaged, or lacks a column.
    """
    table = read_labelled_table(path, columns)
    return [(f"{path}, line {line}", row) for line, row in table.rows]


def photos_by_name(
    folder: Path, wanted: Sequence[str]
) -> tuple[dict[str, Path], tuple[str, ...]]:
    """The photos below a folder by file name without ending, one for each name.

    Of several files of one name the data set's own counts: not one in a folder of
    masks, and otherwise the one in the folder that holds most of the wanted photos.
    Kaggle's archives hold some photos twice, in folders that differ in their name only:
    of files that agree byte for byte the first in alphabetical order counts.

    Args:
        folder: the data set's.
        wanted: names that its table lists.

    Returns:
        The photos, and sentences on names that have several files.

    Raises:
        ManifestError: when nothing tells which of two files is meant.
    """
    candidates: dict[str, list[Path]] = defaultdict(list)
    for path in photos_below(folder):
        candidates[path.stem].append(path)
    asked = {name for name in wanted if name in candidates}
    homes = Counter(path.parent for name in asked for path in candidates[name])
    found: dict[str, Path] = {}
    seconds: list[Path] = []
    for name, paths in candidates.items():
        own = [path for path in paths if not _in_drawn_over(path, folder)] or paths
        most = max(homes[path.parent] for path in own)
        found[name], *others = [path for path in own if homes[path.parent] == most]
        if name in asked:
            _refuse_different(found[name], others)
            seconds += [path for path in paths if path != found[name]][:1]
    if not seconds:
        return found, ()
    second = seconds[0]
    return found, (
        f"{len(seconds)} photos have another file of the same name, such as {second};"
        f" {found[second.stem]} counts",
    )


def _in_drawn_over(path: Path, folder: Path) -> bool:
    return any(is_drawn_over(part) for part in path.relative_to(folder).parts[:-1])


def _refuse_different(first: Path, others: Sequence[Path]) -> None:
    digest = hashlib.sha256(first.read_bytes()).digest()
    for other in others:
        if hashlib.sha256(other.read_bytes()).digest() != digest:
            raise ManifestError(
                f"two different photos have one name: {first} and {other}. Remove or"
                " move the one that is not meant."
            )


def all_found(names: Sequence[tuple[str, str]], photos: Mapping[str, Path]) -> None:
    """Refuse a table that names photos which are not there.

    Args:
        names: where each row stands, and the name of its photo.
        photos: the photos that exist, from :func:`photos_by_name`.

    Raises:
        ManifestError: telling how many are missing, and which comes first.
    """
    missing = [(where, name) for where, name in names if name not in photos]
    if missing:
        where, name = missing[0]
        raise ManifestError(
            f"{where}: there is no photo {name}.jpg or .png below the folder"
            f" ({len(missing)} of {len(names)} photos are missing)."
            " Unpack all of the data set's archives there."
        )


def labelled(where: str, label: str, classes: Labels) -> bool:
    """Whether a label means malignant.

    Raises:
        ManifestError: naming the row, for a label that the data set does not have.
    """
    return meaning(where, label, classes)
