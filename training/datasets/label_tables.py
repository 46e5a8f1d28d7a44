"""A person's own table: a photo and a label in each row, under whatever names.

    image,dx                      path,label              image,MEL,NV,BCC
    IMG_0001,mel                  a/1.jpg,malignant       ISIC_0000000,0,1,0

The names of the columns are guessed where they are usual ones, and can be told. A
diagnosis counts as malignant or benign as
``edge_runtime.site_calibration.photos.LABELS`` and the person's ``--label-map`` say; no
label is guessed.
"""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_runtime.errors import ManifestError
from edge_runtime.files.strict_csv import Table
from edge_runtime.photos.manifest import read_labelled_table
from edge_runtime.photos.paths import has_photo_suffix, photos_below
from edge_runtime.site_calibration.photos import LABELS, PLAIN_LABELS, SPLITS, plain
from training.datasets.found_photos import (
    Found,
    FoundPhoto,
    Labels,
    Row,
    photos_by_name,
    table_columns,
)

OWN_TABLES = ("labels.csv", "manifest.csv")
OMIT = "omit"

# In the order in which they are looked for; whole names, in any case.
_USUAL = {
    "image": (
        *("path", "photo", "image", "image_id", "image_name", "img_id", "isic_id"),
        *("filename", "file_name", "file", "filepath", "name", "id"),
    ),
    "label": (
        *("label", "benign_malignant", "diagnosis_1", "target", "dx", "diagnosis"),
        *("diagnostic", "class", "malignant"),
    ),
    "lesion": ("lesion", "lesion_id"),
    "patient": ("patient", "patient_id"),
    "split": ("split", "set", "subset", "partition"),
}
_YES, _NO = ("1", "1.0", "true"), ("0", "0.0", "false", "")


@dataclass(frozen=True)
class Columns:
    """Names of a table's columns; "" lets a usual one be found.

    Attributes:
        image: the photo's path or name.
        label: what it shows.
        lesion: names the lesion.
        patient: names the patient.
        split: train, val or test.
    """

    image: str = ""
    label: str = ""
    lesion: str = ""
    patient: str = ""
    split: str = ""


def label_map(words: Sequence[str]) -> tuple[Labels, frozenset[str]]:
    """Take ``mel=malignant,nv=benign,unknown=omit`` apart.

    Returns:
        What each label means, and the labels whose photos are to be left out.

    Raises:
        ValueError: for a part that is no such pair, or a label given twice.
    """
    meanings: dict[str, bool] = {}
    omitted: set[str] = set()
    for part in ",".join(words).split(","):
        if not part.strip():
            continue
        label, equals, wanted = (piece.strip() for piece in part.partition("="))
        name, meant = plain(label), plain(wanted)
        if not equals or not name or meant not in (*PLAIN_LABELS, OMIT):
            raise ValueError(
                f"expected LABEL=malignant, LABEL=benign or LABEL={OMIT}, got {part!r}"
            )
        if name in meanings or name in omitted:
            raise ValueError(f"the label {label!r} is given twice")
        if meant == OMIT:
            omitted.add(name)
        else:
            meanings[name] = meant == "malignant"
    return meanings, frozenset(omitted)


def own_table(folder: Path) -> Path | None:
    """The folder's table of labels, if it holds one."""
    for name in OWN_TABLES:
        table = folder / name
        names = {plain(column) for column in table_columns(table)}
        if names & {plain(name) for name in _USUAL["image"]} and table.is_file():
            return table
    return None


def read_label_table(
    table: Path,
    folder: Path | None = None,
    *,
    columns: Columns | None = None,
    labels: Labels | None = None,
    omitted: frozenset[str] = frozenset(),
) -> Found:
    """The photos of a table of labels.

    Args:
        table: the CSV file.
        folder: where the photos lie, at any depth; the table's own if None.
        columns: names of its columns.
        labels: what its labels mean, beside ``LABELS``.
        omitted: labels whose photos are left out.

    Raises:
        ManifestError: when the table is damaged, lacks a column, has labels that
            nobody explained, or none of its photos is there.
    """
    folder = folder or table.parent
    rows = read_labelled_table(table)
    where = _columns_of(rows, table, columns or Columns())
    known = {**LABELS, **(labels or {})}
    words = [_label(row, where.label) for _, row in rows.rows]
    _refuse_unknown(words, known, omitted, table)
    names = [row[where.image] for _, row in rows.rows]
    by_name, notes = photos_by_name(folder, [_stem(name) for name in names])
    photos, missing = [], []
    left = 0
    for (line, row), word, name in zip(rows.rows, words, names, strict=True):
        if plain(word) in omitted:
            left += 1
            continue
        path = _photo(name, folder, table.parent, by_name)
        if path is None:
            missing.append(f"{table}, line {line}: there is no photo {name}")
            continue
        photos.append(
            FoundPhoto(
                path,
                known[plain(word)],
                _split(row, where.split, f"{table}, line {line}"),
                row.get(where.patient, "") or row.get(where.lesion, ""),
                columns=_others(row, where, word),
            )
        )
    if not photos:
        raise ManifestError(
            f"none of the {len(names)} photos of {table} lies below {folder}, such as"
            f" {names[0] if names else ''!r} (column {where.image}). Name the folder of"
            " the photos before --labels, or the column with --image-column."
        )
    used = {os.path.realpath(photo.path) for photo in photos}
    spare = [
        path for path in photos_below(folder) if os.path.realpath(path) not in used
    ]
    told = list(notes)
    if left:
        told.append(f"{table}: {left} photos left out by --label-map")
    if spare:
        told.append(
            f"{len(spare)} photos below {folder} stand in no row that counts, such as"
            f" {spare[0]}"
        )
    return Found(tuple(photos), tuple(missing), tuple(told))


def _columns_of(table: Table, path: Path, asked: Columns) -> Columns:
    """The columns by name; the label may be several, joined by commas."""
    image = _named(table, path, "image", asked.image)
    label = _named(table, path, "label", asked.label, needed=False)
    if not label:
        label = ",".join(_one_hot(table, image))
    if not label:
        raise ManifestError(
            f"{path}: none of the columns {[*table.columns]} is known to hold the"
            " label; name it with --label-column"
        )
    return Columns(
        image,
        label,
        *(
            _named(table, path, what, getattr(asked, what), needed=False)
            for what in ("lesion", "patient", "split")
        ),
    )


def _named(
    table: Table, path: Path, what: str, asked: str, *, needed: bool = True
) -> str:
    names = {plain(column): column for column in table.columns}
    if asked:
        missing = [name for name in asked.split(",") if name not in table.columns]
        if missing:
            raise ManifestError(
                f"{path} has no column {', '.join(missing)}; it has {[*table.columns]}"
            )
        return asked
    for usual in _USUAL[what]:
        if plain(usual) in names:
            return names[plain(usual)]
    if needed:
        raise ManifestError(
            f"{path}: none of the columns {[*table.columns]} is known to name the"
            f" photo; name it with --{what}-column"
        )
    return ""


def _one_hot(table: Table, image: str) -> list[str]:
    """Columns of which one has a 1 in each row: a table of classes, as ISIC's are."""
    names = [
        column
        for column in table.columns
        if column != image
        and all(row[column].lower() in (*_YES, *_NO) for _, row in table.rows)
    ]
    whole = all(
        sum(row[name].lower() in _YES for name in names) == 1 for _, row in table.rows
    )
    return names if len(names) > 1 and whole else []


def _label(row: Row, label: str) -> str:
    """A row's label; of a table of classes the name of the column that has the 1."""
    names = label.split(",")
    if len(names) == 1:
        return row[label]
    return "+".join(name for name in names if row[name].lower() in _YES)


def _refuse_unknown(
    words: Sequence[str], known: Labels, omitted: frozenset[str], table: Path
) -> None:
    unknown = Counter(
        word
        for word in words
        if plain(word) not in known and plain(word) not in omitted
    )
    if unknown:
        counted = ", ".join(f"{word!r} ({n})" for word, n in unknown.most_common(10))
        named = next(iter(unknown)) or "LABEL"
        raise ManifestError(
            f"{table}: unknown labels {counted}. Say what each means, such as"
            f" --label-map '{named}=malignant' (or =benign, or ={OMIT} to leave its"
            " photos out)"
        )


def _stem(name: str) -> str:
    path = Path(name)
    return path.stem if has_photo_suffix(path) else path.name


def _photo(
    name: str, folder: Path, table_folder: Path, by_name: Mapping[str, Path]
) -> Path | None:
    """The file that a cell means: a path, or a name without folder or ending."""
    for base in (folder, table_folder):
        path = Path(os.path.normpath(base / name.replace("\\", "/")))
        if name and path.is_file():
            return path
    return by_name.get(_stem(name.replace("\\", "/")))


def _split(row: Row, column: str, where: str) -> str:
    word = row.get(column, "")
    if not word:
        return ""
    if plain(word) not in SPLITS:
        raise ManifestError(
            f"{where}: unknown split {word!r}; expected train, val or test"
        )
    return SPLITS[plain(word)]


def _others(row: Row, where: Columns, word: str) -> Row:
    """All cells but those that become columns of ours, with the diagnosis if told."""
    ours = {where.image, where.split, *where.label.split(",")}
    cells = {name: cell for name, cell in row.items() if name not in ours and name}
    if plain(word) not in PLAIN_LABELS:
        cells.setdefault("diagnosis", plain(word))
    return cells
