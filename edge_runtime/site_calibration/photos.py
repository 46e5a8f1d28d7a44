"""A site's labelled photos, from a manifest or from folders named after the labels."""

from dataclasses import dataclass
from pathlib import Path

from edge_runtime.errors import ManifestError
from edge_runtime.photos.manifest import read_manifest
from edge_runtime.photos.paths import is_photo

# The folder's name says what the photos in it show.
FOLDERS = {"malignant": True, "benign": False, "other": False}


@dataclass(frozen=True)
class SitePhoto:
    """One labelled photo.

    Attributes:
        path: of the file.
        malignant: whether the lesion is.
        lesion: name shared by all photos of one lesion.
    """

    path: Path
    malignant: bool
    lesion: str


def site_photos(place: Path) -> tuple[SitePhoto, ...]:
    """Photos of a manifest without its train split, or of a folder of folders.

    In a folder every photo counts as a lesion of its own.

    Raises:
        ManifestError: when there are no labelled photos, naming what was expected.
    """
    if not place.is_dir():
        return tuple(
            SitePhoto(photo.path, photo.malignant, photo.lesion)
            for photo in read_manifest(place)
            if photo.split != "train"
        )
    photos = tuple(
        SitePhoto(path, malignant, str(path))
        for name, malignant in FOLDERS.items()
        for path in sorted((place / name).rglob("*"))
        if is_photo(path)
    )
    if not photos:
        raise ManifestError(
            f"{place} has no photos in sub-folders named after their labels; expected"
            f" {place}/malignant and {place}/benign (or {place}/other), or a manifest"
        )
    return photos
