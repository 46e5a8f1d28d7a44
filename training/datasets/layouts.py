"""Which data set lies in a folder, and its photos."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge_runtime.errors import ManifestError
from edge_runtime.photos.manifest import read_manifest
from training.datasets.found_photos import FoundPhoto, is_photo, labelled
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

CLASS_FOLDERS = {"malignant": True, "benign": False}
SPLIT_FOLDERS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}


def has_own_manifest(folder: Path) -> bool:
    """Whether a manifest lies in the folder."""
    return (folder / "manifest.csv").is_file()


def read_own_manifest(folder: Path) -> tuple[FoundPhoto, ...]:
    """The photos of the folder's own manifest, with the splits it chose."""
    return tuple(
        FoundPhoto(
            photo.path,
            photo.malignant,
            photo.split,
            photo.lesion,
            photo.lesion_in_train,
            photo.columns,
        )
        for photo in read_manifest(folder / "manifest.csv")
    )


def has_class_folders(folder: Path) -> bool:
    """Whether a folder named after a class lies in it, or in a split's folder."""
    return any(
        path.name.lower() in CLASS_FOLDERS
        for split_folder in _split_folders(folder)
        for path in _folders(split_folder)
    )


def read_class_folders(folder: Path) -> tuple[FoundPhoto, ...]:
    """Photos in ``malignant/`` and ``benign/``, or in ``train/malignant/`` and so on.

    Where there are split folders, other folders beside them are left alone: Kaggle's
    archive of ``fanconic`` holds all photos a second time in ``data/``.

    Raises:
        ManifestError: naming a folder among the classes that is none of them.
    """
    return tuple(
        FoundPhoto(path, malignant, split)
        for split_folder, split in _split_folders(folder).items()
        for class_folder in _folders(split_folder)
        for malignant in [
            labelled(f"folder {class_folder}", class_folder.name.lower(), CLASS_FOLDERS)
        ]
        for path in sorted(class_folder.rglob("*"))
        if is_photo(path)
    )


def _split_folders(folder: Path) -> dict[Path, str]:
    """Folders named after a split; without any, the folder itself and no split."""
    found = {
        path: SPLIT_FOLDERS[path.name.lower()]
        for path in _folders(folder)
        if path.name.lower() in SPLIT_FOLDERS
    }
    return found or {folder: ""}


def _folders(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        # macOS adds __MACOSX to archives.
        if path.is_dir() and not path.name.startswith((".", "__"))
    )


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
    read: Callable[[Path], tuple[FoundPhoto, ...]]


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
            "folders",
            "malignant/ and benign/, or train/malignant/ and so on",
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
        " folders malignant/ and benign/, or name the layout with --layout."
    )


def read_photos(folder: Path, layout: Layout) -> tuple[FoundPhoto, ...]:
    """List the photos of a data set.

    Raises:
        ManifestError: when it contradicts itself, lists a photo twice, has no photo,
            or has photos of one class only.
    """
    photos = layout.read(folder)
    if not photos:
        raise ManifestError(
            f"{folder} holds no photos in the layout {layout.name} ({layout.signs})"
        )
    path, times = Counter(photo.path for photo in photos).most_common(1)[0]
    if times > 1:
        raise ManifestError(f"{folder}: the photo {path} is listed {times} times")
    if len({photo.malignant for photo in photos}) == 1:
        only, other = ("malignant", "benign")[:: 1 if photos[0].malignant else -1]
        raise ManifestError(
            f"{folder}: all {len(photos)} photos are {only}; {other} ones are needed"
            " too"
        )
    return photos
