"""Which data set lies in a folder, and its photos."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from edge_runtime.errors import ManifestError
from edge_runtime.photos.manifest import COLUMNS, LabelledPhoto, read_manifest
from edge_runtime.site_calibration import photos as labelled_photos
from training.datasets.found_photos import Found, FoundPhoto, Labels, table_columns
from training.datasets.label_tables import own_table, read_label_table
from training.datasets.questions import PAD_MARK, pad_answers
from training.datasets.table_layouts import (
    is_ham10000,
    is_isic2017,
    is_pad_ufes_20,
    is_siim2020,
    read_ham10000,
    read_isic2017,
    read_pad_ufes_20,
    read_siim2020,
)


def is_manifest(table: Path) -> bool:
    """Whether a table has a manifest's columns."""
    return {*COLUMNS} <= {*table_columns(table)}


def has_own_manifest(folder: Path) -> bool:
    """Whether a manifest lies in the folder."""
    return is_manifest(folder / "manifest.csv")


def read_own_manifest(place: Path, _labels: Labels | None = None) -> Found:
    """The photos of a manifest, or of a folder's own, with the splits it chose.

    Answers in PAD-UFES-20's words become those of ``questions.py``.
    """
    manifest = place / "manifest.csv" if place.is_dir() else place
    return Found(
        tuple(
            FoundPhoto(
                photo.path,
                photo.malignant,
                photo.split,
                photo.lesion,
                photo.lesion_in_train,
                {**photo.columns, **_answers(photo)},
            )
            for photo in read_manifest(manifest, one_class=True)
        )
    )


def _answers(photo: LabelledPhoto) -> Mapping[str, str]:
    if PAD_MARK not in photo.columns:
        return {}
    return pad_answers(str(photo.path), photo.columns)


def has_class_folders(folder: Path) -> bool:
    """Whether a folder named after a class lies in it, or in a split's folder."""
    return labelled_photos.has_class_folders(folder)


def read_class_folders(folder: Path, labels: Labels | None = None) -> Found:
    """Photos in ``malignant/`` and ``benign/``, or in ``train/malignant/`` and so on.

    A folder named after a diagnosis tells it in the column ``diagnosis``.

    Raises:
        ManifestError: naming a folder among the classes that is none of them.
    """
    known = {**labelled_photos.LABELS, **(labels or {})}
    found = labelled_photos.read_class_folders(folder, known)
    photos = tuple(
        FoundPhoto(photo.path, photo.malignant, photo.split, columns=_told(photo.label))
        for photo in found.photos
    )
    return Found(photos, notes=found.left_alone)


def _told(label: str) -> dict[str, str]:
    name = labelled_photos.plain(label)
    return {} if name in labelled_photos.PLAIN_LABELS else {"diagnosis": name}


@dataclass(frozen=True)
class Layout:
    """A way in which a data set lies on disk.

    Attributes:
        name: what ``--layout`` calls it.
        signs: what its folder holds, for help and messages.
        recognises: whether a folder looks like it.
        read: lists the photos of such a folder, in a fixed order.
    """

    name: str
    signs: str
    recognises: Callable[[Path], bool]
    read: Callable[[Path, Labels], Found]


def _read_own_labels(folder: Path, labels: Labels) -> Found:
    table = own_table(folder)
    if table is None:
        raise ManifestError(f"there is no table labels.csv in {folder}")
    return read_label_table(table, labels=labels)


MANIFEST = Layout(
    "manifest",
    "manifest.csv of this project's form",
    has_own_manifest,
    read_own_manifest,
)
LAYOUTS = {
    layout.name: layout
    for layout in (
        MANIFEST,
        Layout("ham10000", "HAM10000_metadata.csv", is_ham10000, read_ham10000),
        Layout(
            "siim2020",
            "train.csv with image_name, patient_id, target",
            is_siim2020,
            read_siim2020,
        ),
        Layout(
            "isic2017",
            "ISIC-2017_Training_Part3_GroundTruth.csv",
            is_isic2017,
            read_isic2017,
        ),
        Layout(
            "pad-ufes-20",
            "metadata.csv with img_id, patient_id, diagnostic",
            is_pad_ufes_20,
            read_pad_ufes_20,
        ),
        Layout(
            "labels",
            "labels.csv with a photo and a label in each row",
            lambda folder: own_table(folder) is not None,
            _read_own_labels,
        ),
        Layout(
            "folders",
            "malignant/ and benign/ or melanoma/ and nevus/, also in train/ and so on",
            has_class_folders,
            read_class_folders,
        ),
    )
}
"""Recognised in this order: a manifest counts more than the folders beside it."""


def layout_of(folder: Path, name: str = "auto") -> Layout:
    """The layout of that name, or the first that recognises the folder.

    Raises:
        ManifestError: when there is no such folder, or nothing recognises it.
    """
    if not folder.is_dir():
        raise ManifestError(
            f"{folder} is not a folder; expected the one that holds the photos"
        )
    if name != "auto":
        return LAYOUTS[name]
    for layout in LAYOUTS.values():
        if layout.recognises(folder):
            return layout
    signs = "; ".join(f"{layout.name}: {layout.signs}" for layout in LAYOUTS.values())
    raise ManifestError(
        f"{folder} holds none of the known layouts ({signs}). Sort the photos into"
        " folders malignant/ and benign/, name a table of labels with --labels, or"
        " the layout with --layout."
    )


def read_photos(
    folder: Path,
    layout: Layout,
    labels: Labels | None = None,
    *,
    one_class: bool = False,
) -> Found:
    """List the photos of a data set.

    Args:
        folder: the one that holds it.
        layout: how it lies there.
        labels: what its labels mean, where that differs from the layout's own.
        one_class: whether it may have photos of one class only, as one of several.

    Raises:
        ManifestError: when it contradicts itself, lists a photo twice, has no photo,
            or has photos of one class only.
    """
    found = layout.read(folder, labels or {})
    if not found.photos:
        raise ManifestError(
            f"{folder} holds no photos in the layout {layout.name} ({layout.signs})"
        )
    check_whole(found, folder, one_class=one_class)
    return found


def check_whole(found: Found, place: Path, *, one_class: bool = False) -> None:
    """Refuse photos that are listed twice, or of one class only.

    Raises:
        ManifestError: naming the place and what is wrong.
    """
    photos = found.photos
    path, times = Counter(photo.path for photo in photos).most_common(1)[0]
    if times > 1:
        raise ManifestError(f"{place}: the photo {path} is listed {times} times")
    if not one_class and len({photo.malignant for photo in photos}) == 1:
        only, other = ("malignant", "benign")[:: 1 if photos[0].malignant else -1]
        raise ManifestError(
            f"{place}: all {len(photos)} photos are {only}; {other} ones are needed too"
        )
