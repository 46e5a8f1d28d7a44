"""Data sets whose folders name the classes, and those that bring a manifest."""

from pathlib import Path

from edge_runtime.photos.manifest import read_manifest
from training.datasets.found_photos import FoundPhoto, is_photo, labelled

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
