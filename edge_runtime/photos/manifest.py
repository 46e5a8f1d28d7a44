"""The table of labelled photos that training, conversion and benchmarks share.

A CSV file with the columns ``path`` (relative to the table's folder), ``label``
(``malignant`` or ``benign``), ``split`` (``train``, ``val`` or ``test``), ``lesion``
(any name; photos of one lesion share it) and ``lesion_in_train`` (1 when a test photo
shows a lesion that is also in the training split). Other columns are kept as they are.
Photos that ``lesion-edge generate`` made belong to the train split alone.
"""

import csv
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_runtime.errors import ManifestError
from edge_runtime.files.atomic import write_bytes
from edge_runtime.files.strict_csv import Table, TableError, read_table

COLUMNS = ("path", "label", "split", "lesion", "lesion_in_train")
SPLITS = ("train", "val", "test")
SOURCE = "source"
"""Another column that is understood: the hospital, camera or collection of a photo."""
ORIGIN = "origin"
"""A further one: which camera or copy a photo came through, within a source."""
NO_SOURCE = "not stated"
SYNTHETIC = "synthetic"
"""A further one: 1 for a photo that a network generated; no patient has that lesion."""
SYNTHETIC_PREFIX = "synthetic_"
"""How the file names of such photos begin; it counts where the column was lost."""
_MALIGNANT = {"malignant": True, "benign": False}


@dataclass(frozen=True)
class LabelledPhoto:
    """One row of a manifest.

    Attributes:
        path: the photo's file; absolute.
        malignant: whether the lesion is.
        split: ``"train"``, ``"val"`` or ``"test"``.
        lesion: name shared by all photos of one lesion.
        lesion_in_train: a test photo whose lesion is also in the training split.
        columns: all other columns of the row.
    """

    path: Path
    malignant: bool
    split: str
    lesion: str
    lesion_in_train: bool
    columns: Mapping[str, str]


def read_manifest(
    path: Path, *, check_files: bool = True, one_class: bool = False
) -> tuple[LabelledPhoto, ...]:
    """Read a manifest and refuse one that contradicts itself.

    Args:
        path: the CSV file.
        check_files: whether every photo has to exist.
        one_class: whether it may hold photos of one class only, as one of several.

    Raises:
        ManifestError: naming the row and what is wrong with it: a missing column or
            file, an unknown label or split, a photo listed twice, one class only, a
            lesion in both train and val, a test photo whose lesion is in train
            without the mark, or a generated photo outside the train split.
    """
    table = read_labelled_table(path, COLUMNS)
    folder = path.resolve().parent
    photos = tuple(
        _photo(row, f"{path}, line {line}", folder, check_files)
        for line, row in table.rows
    )
    _check_whole(photos, path, one_class=one_class)
    return photos


def read_labelled_table(path: Path, columns: Sequence[str] = ()) -> Table:
    """Read a table of photos, whoever made it, and refuse one that is damaged.

    Args:
        path: the CSV file.
        columns: those that it must have.

    Raises:
        ManifestError: naming the file, and the line where it is one.
    """
    try:
        # File names may hold any bytes; the table holds them as they are.
        text = path.read_bytes().decode("utf-8-sig", "surrogateescape")
        if "\0" in text:
            raise TableError("it is no text; save it as CSV in UTF-8")
        table = read_table(text)
    except OSError as error:
        raise ManifestError(
            f"the table {path} cannot be read: {error.strerror}"
        ) from error
    except TableError as error:
        raise ManifestError(f"the table {path} cannot be read: {error}") from error
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise ManifestError(
            f"{path} lacks the columns {missing}; it has {[*table.columns]}. Is it"
            " the table of another data set? python training/prepare.py makes a"
            " manifest of any table with a photo and a label in each row (--labels)"
        )
    return table


def write_manifest(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """Write rows with at least ``COLUMNS``; all rows have the same columns.

    A line break inside a cell becomes a space: each row stands on one line.

    Raises:
        ManifestError: for a photo whose name has a line break.
        OSError: when it cannot be written.
    """
    names = [*COLUMNS, *(name for name in rows[0] if name not in COLUMNS)]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        if len(row["path"].splitlines()) > 1:
            raise ManifestError(
                f"the photo {row['path']!r} has a line break; rename it"
            )
        writer.writerow([" ".join(row.get(name, "").splitlines()) for name in names])
    write_bytes(path, text.getvalue().encode("utf-8", "surrogateescape"))


def photos_of(
    photos: Iterable[LabelledPhoto], split: str, *, clean: bool = False
) -> tuple[LabelledPhoto, ...]:
    """The photos of one split; ``clean`` drops those whose lesion is in train."""
    return tuple(
        photo
        for photo in photos
        if photo.split == split and not (clean and photo.lesion_in_train)
    )


def sources_of(photos: Sequence[LabelledPhoto]) -> NDArray[Any] | None:
    """The source of each photo, ``NO_SOURCE`` where its row names none.

    Returns:
        Shape ``(n,)``; None when all photos are of one source, or nothing is said.
    """
    names = [_source(photo) for photo in photos]
    return np.array(names) if len(set(names)) > 1 else None


def of_source(
    photos: Iterable[LabelledPhoto], source: str
) -> tuple[LabelledPhoto, ...]:
    """The photos of one source."""
    return tuple(photo for photo in photos if _source(photo) == source)


def _source(photo: LabelledPhoto) -> str:
    return photo.columns.get(SOURCE, "").strip() or NO_SOURCE


def _photo(
    row: Mapping[str, str], where: str, folder: Path, check_files: bool
) -> LabelledPhoto:
    values = {name: row[name] for name in COLUMNS}
    if values["label"] not in _MALIGNANT:
        raise ManifestError(
            f"{where}: unknown label {values['label']!r}; expected malignant or benign"
        )
    if values["split"] not in SPLITS:
        raise ManifestError(
            f"{where}: unknown split {values['split']!r}; expected one of {SPLITS}"
        )
    if values["lesion_in_train"] not in ("", "0", "1"):
        raise ManifestError(
            f"{where}: lesion_in_train is {values['lesion_in_train']!r};"
            " expected 0 or 1"
        )
    if not values["path"] or not values["lesion"]:
        raise ManifestError(f"{where}: path and lesion may not be empty")
    # Normalised, so that a/../b.jpg and b.jpg are seen to be one photo.
    file = Path(os.path.normpath(folder / values["path"]))
    if check_files and not file.is_file():
        raise ManifestError(f"{where}: there is no photo {file}")
    others = {name: value for name, value in row.items() if name not in COLUMNS}
    if values["split"] != "train":
        _check_taken(file, others, values["split"], where)
    return LabelledPhoto(
        path=file,
        malignant=_MALIGNANT[values["label"]],
        split=values["split"],
        lesion=values["lesion"],
        lesion_in_train=values["lesion_in_train"] == "1",
        columns=others,
    )


def _check_taken(file: Path, others: Mapping[str, str], split: str, where: str) -> None:
    """Refuse a generated photo: a network must be judged on photos of patients."""
    marked = others.get(SYNTHETIC, "").strip() not in ("", "0")
    if marked or file.name.startswith(SYNTHETIC_PREFIX):
        raise ManifestError(
            f"{where}: {file.name} is a generated photo in the {split} split; expected"
            " such photos in train only. Remove the row"
            + ("" if marked else f", or rename a photo that was taken: {file.name}")
        )


def _check_whole(
    photos: Sequence[LabelledPhoto], manifest: Path, *, one_class: bool
) -> None:
    seen: set[Path] = set()
    for photo in photos:
        if photo.path in seen:
            raise ManifestError(f"{manifest} lists the photo {photo.path} twice")
        seen.add(photo.path)
    classes = {photo.malignant for photo in photos}
    if len(classes) < (1 if one_class else 2):
        only = ", ".join("malignant" if found else "benign" for found in classes)
        raise ManifestError(
            f"{manifest} needs malignant and benign photos; it has"
            f" {only or 'none'} only"
        )
    train = {photo.lesion for photo in photos if photo.split == "train"}
    for photo in photos:
        if photo.split == "val" and photo.lesion in train:
            raise ManifestError(
                f"{manifest}: lesion {photo.lesion} is in both train and val"
                f" ({photo.path}); keep a lesion within one split"
            )
        marked = photo.lesion_in_train
        if photo.split == "test" and photo.lesion in train and not marked:
            raise ManifestError(
                f"{manifest}: the test photo {photo.path} shows lesion {photo.lesion},"
                " which is also in train; mark it with lesion_in_train=1"
            )
