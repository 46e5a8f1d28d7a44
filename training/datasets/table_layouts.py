"""Data sets that come with a table of diagnoses.

What counts as malignant:

==============  ============================================  =======================
data set        malignant                                     other
==============  ============================================  =======================
HAM10000        mel, bcc, akiec (actinic keratoses and        nv, bkl, df, vasc
                Bowen's disease)
SIIM-ISIC 2020  target 1 (melanoma)                           target 0
ISIC 2017       melanoma 1                                    nevus, seborrheic
                                                              keratosis
PAD-UFES-20     BCC, MEL, SCC (with Bowen's disease)          ACK, NEV, SEK
==============  ============================================  =======================

Actinic keratosis thus counts as malignant in HAM10000, which has it in one class with
Bowen's disease, and not in PAD-UFES-20, which has it apart. That is how both are mostly
used; the diagnosis stays among the manifest's columns for those who differ.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from edge_runtime.errors import ManifestError
from training.datasets.found_photos import (
    Found,
    FoundPhoto,
    Labels,
    Row,
    all_found,
    labelled,
    photos_by_name,
    read_table,
    table_columns,
)
from training.datasets.questions import pad_answers

HAM10000_CLASSES = {
    **dict.fromkeys(("mel", "bcc", "akiec"), True),
    **dict.fromkeys(("nv", "bkl", "df", "vasc"), False),
}
PAD_UFES_20_CLASSES = {
    **dict.fromkeys(("bcc", "mel", "scc"), True),
    **dict.fromkeys(("ack", "nev", "sek"), False),
}
# What the tables' codes stand for, as it is written into the column diagnosis.
DIAGNOSES = {
    "mel": "melanoma",
    "bcc": "basal cell carcinoma",
    "akiec": "actinic keratosis or Bowen's disease",
    "scc": "squamous cell carcinoma",
    "nv": "nevus",
    "nev": "nevus",
    "bkl": "benign keratosis",
    "df": "dermatofibroma",
    "vasc": "vascular lesion",
    "ack": "actinic keratosis",
    "sek": "seborrheic keratosis",
}
YES_OR_NO = {"1": True, "1.0": True, "0": False, "0.0": False}

# The Harvard Dataverse ships HAM10000's table without an ending.
HAM10000_TABLES = ("HAM10000_metadata.csv", "HAM10000_metadata")
SIIM2020_TABLES = (
    "train.csv",
    "ISIC_2020_Training_GroundTruth_v2.csv",
    "ISIC_2020_Training_GroundTruth.csv",
)
ISIC2017_TABLES = {
    "train": ("ISIC-2017_Training_Part3_GroundTruth.csv",),
    "val": ("ISIC-2017_Validation_Part3_GroundTruth.csv",),
    "test": (
        "ISIC-2017_Test_v2_Part3_GroundTruth.csv",
        "ISIC-2017_Test_Part3_GroundTruth.csv",
    ),
}
PAD_UFES_20_TABLES = ("metadata.csv",)


def is_ham10000(folder: Path) -> bool:
    """Whether HAM10000's table lies in the folder."""
    return _table(folder, HAM10000_TABLES) is not None


def read_ham10000(folder: Path, labels: Labels | None = None) -> Found:
    """HAM10000 (Tschandl 2018, doi:10.1038/sdata.2018.161), grouped by lesion."""
    return _read_rows(
        folder,
        _required(folder, HAM10000_TABLES),
        photo_column="image_id",
        label_column="dx",
        classes={**HAM10000_CLASSES, **(labels or {})},
        group_column="lesion_id",
    )


def is_siim2020(folder: Path) -> bool:
    """Whether a table with SIIM-ISIC 2020's columns lies in the folder."""
    return _has_columns(folder, SIIM2020_TABLES, {"image_name", "target"})


def read_siim2020(folder: Path, labels: Labels | None = None) -> Found:
    """SIIM-ISIC 2020 (Rotemberg 2021, doi:10.1038/s41597-021-00815-z), by patient.

    Its test photos have no published labels and are not listed.
    """
    return _read_rows(
        folder,
        _required(folder, SIIM2020_TABLES),
        photo_column="image_name",
        label_column="target",
        classes={**YES_OR_NO, **(labels or {})},
        group_column="patient_id",
    )


def is_isic2017(folder: Path) -> bool:
    """Whether one of ISIC 2017's classification tables lies in the folder."""
    return any(_table(folder, names) for names in ISIC2017_TABLES.values())


def read_isic2017(folder: Path, labels: Labels | None = None) -> Found:
    """ISIC 2017, part 3 (Codella 2018, arXiv:1710.05006), in its published splits.

    It tells neither lesion nor patient: only duplicates are kept together. Where the
    validation or test table is missing, its split is left open.
    """
    tables = {
        split: table
        for split, names in ISIC2017_TABLES.items()
        if (table := _table(folder, names)) is not None
    }
    if not tables:
        _required(folder, ISIC2017_TABLES["train"])
    parts = [
        _read_rows(
            folder,
            table,
            photo_column="image_id",
            label_column="melanoma",
            classes={**YES_OR_NO, **(labels or {})},
            split=split,
            diagnosis=_isic2017_diagnosis,
        )
        for split, table in tables.items()
    ]
    return Found(
        tuple(photo for part in parts for photo in part.photos),
        notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
    )


def is_pad_ufes_20(folder: Path) -> bool:
    """Whether a table with PAD-UFES-20's columns lies in the folder."""
    return _has_columns(folder, PAD_UFES_20_TABLES, {"img_id", "diagnostic"})


def read_pad_ufes_20(folder: Path, labels: Labels | None = None) -> Found:
    """PAD-UFES-20 (Pacheco 2020, doi:10.1016/j.dib.2020.106221), by patient.

    Photos by smartphone, not by dermatoscope. The clinical columns are kept, and those
    of ``questions.py`` written in its words: they are what ``--answers`` learns from.
    """
    return _read_rows(
        folder,
        _required(folder, PAD_UFES_20_TABLES),
        photo_column="img_id",
        label_column="diagnostic",
        classes={**PAD_UFES_20_CLASSES, **(labels or {})},
        group_column="patient_id",
        answers=pad_answers,
    )


def _no_answers(_where: str, _row: Row) -> Mapping[str, str]:
    return {}


def _isic2017_diagnosis(row: Row) -> str:
    if row["melanoma"] in ("1", "1.0"):
        return "melanoma"
    keratosis = row.get("seborrheic_keratosis", "") in ("1", "1.0")
    return "seborrheic keratosis" if keratosis else "nevus"


def _read_rows(
    folder: Path,
    table: Path,
    *,
    photo_column: str,
    label_column: str,
    classes: Labels,
    group_column: str = "",
    split: str = "",
    answers: Callable[[str, Row], Mapping[str, str]] = _no_answers,
    diagnosis: Callable[[Row], str] | None = None,
) -> Found:
    """The photos of a table with one row for each."""
    columns = [name for name in (photo_column, label_column, group_column) if name]
    rows = read_table(table, columns)
    # PAD-UFES-20 writes the ending into its table, the others do not.
    names = [Path(row[photo_column]).stem for _, row in rows]
    photos, notes = photos_by_name(folder, names)
    all_found(
        [(where, name) for (where, _), name in zip(rows, names, strict=True)], photos
    )

    def told(row: Row) -> dict[str, str]:
        word = row[label_column].lower()
        name = diagnosis(row) if diagnosis else DIAGNOSES.get(word, "")
        return {"diagnosis": name} if name and "diagnosis" not in row else {}

    found = tuple(
        FoundPhoto(
            photos[name],
            labelled(where, row[label_column], classes),
            split,
            row.get(group_column, ""),
            columns={**row, **told(row), **answers(where, row)},
        )
        for name, (where, row) in zip(names, rows, strict=True)
    )
    return Found(found, notes=notes)


def _table(folder: Path, names: tuple[str, ...]) -> Path | None:
    """The first of the names in the folder, or in a folder directly below it."""
    for name in names:
        for path in (folder / name, *sorted(folder.glob(f"*/{name}"))):
            if path.is_file():
                return path
    return None


def _required(folder: Path, names: tuple[str, ...]) -> Path:
    table = _table(folder, names)
    if table is None:
        raise ManifestError(
            f"there is no table {' or '.join(names)} in {folder}; it comes with the"
            " data set's photos"
        )
    return table


def _has_columns(folder: Path, names: tuple[str, ...], columns: set[str]) -> bool:
    table = _table(folder, names)
    return table is not None and columns <= set(table_columns(table))
