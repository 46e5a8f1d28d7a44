"""What a published data set says about its photos, before any split of ours."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edge_runtime.errors import ManifestError

PHOTO_ENDINGS = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
Row = dict[str, str]


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


def is_photo(path: Path) -> bool:
    """Whether the name looks like a photo's; hidden files never do."""
    return path.suffix.lower() in PHOTO_ENDINGS and not path.name.startswith(".")


def table_columns(path: Path) -> list[str]:
    """Names of a CSV file's columns; empty if it is not there or not readable."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return next(csv.reader(file), [])
    except (OSError, UnicodeDecodeError, csv.Error):
        return []


def read_table(path: Path, columns: Sequence[str]) -> list[tuple[str, Row]]:
    """Read a CSV file that must have the given columns.

    Returns:
        For each row where it stands (file and line, for messages) and its values.

    Raises:
        ManifestError: if the file cannot be read or lacks one of the columns.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestError(f"the table {path} cannot be read: {error}") from error
    reader = csv.DictReader(io.StringIO(text, newline=""))
    names = reader.fieldnames or []
    missing = [name for name in columns if name not in names]
    if missing:
        raise ManifestError(
            f"{path} lacks the columns {missing}; it has {list(names)}."
            " Is it the table of another data set?"
        )
    return [
        (
            f"{path}, line {line}",
            {name: (row[name] or "").strip() for name in names},
        )
        for line, row in enumerate(reader, start=2)
    ]


def photos_by_name(folder: Path) -> dict[str, Path]:
    """All photos below a folder by file name without ending.

    Kaggle's archives hold some photos twice, in folders that differ in their name
    only: the first in alphabetical order counts.
    """
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        if is_photo(path):
            found.setdefault(path.stem, path)
    return found


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


def labelled(where: str, label: str, classes: Mapping[str, bool]) -> bool:
    """Whether a label means malignant.

    Raises:
        ManifestError: naming the row, for a label that the data set does not have.
    """
    if label not in classes:
        raise ManifestError(
            f"{where}: unknown label {label!r}; expected one of {sorted(classes)}"
        )
    return classes[label]
