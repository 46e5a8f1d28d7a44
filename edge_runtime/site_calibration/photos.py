"""Labelled photos from folders named after the labels, by one rule for all commands.

``malignant/`` and ``benign/``, or the same in folders named after a split, in any case:
``Train/Malignant``. Folders named after a diagnosis count as well (``melanoma/``,
``nevus/``), where it says whether the lesion is malignant.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_runtime.errors import ManifestError
from edge_runtime.photos.manifest import read_manifest
from edge_runtime.photos.paths import files_below, has_photo_suffix, is_hidden

# Words of which everybody means the same. Actinic keratosis is not among them: some
# data sets count it as malignant, others do not. Figures are not: 1 is not malignant
# everywhere.
LABELS: Mapping[str, bool] = {
    **dict.fromkeys(("malignant", "melanoma", "mel", "bcc", "scc"), True),
    **dict.fromkeys(("basal cell carcinoma", "squamous cell carcinoma"), True),
    **dict.fromkeys(("benign", "other", "nevus", "naevus", "nevi", "naevi"), False),
    **dict.fromkeys(("nv", "nev", "benign keratosis", "bkl", "sek"), False),
    **dict.fromkeys(("seborrheic keratosis", "seborrhoeic keratosis"), False),
    **dict.fromkeys(("dermatofibroma", "df", "vascular lesion", "vasc"), False),
}
PLAIN_LABELS = ("malignant", "benign", "other")
"""Labels that tell no diagnosis."""

SPLITS: Mapping[str, str] = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}

# What data sets call folders of pictures that are drawn over photos, and are none.
_DRAWN_OVER = (
    *("mask", "groundtruth", "segmentation", "annotation", "superpixel"),
    *("saliency", "heatmap"),
)


@dataclass(frozen=True)
class SitePhoto:
    """One labelled photo.

    Attributes:
        path: of the file.
        malignant: whether the lesion is.
        lesion: name shared by all photos of one lesion.
        split: ``"train"``, ``"val"``, ``"test"``; ``""`` where none is given.
        label: in the words of whoever gave it.
    """

    path: Path
    malignant: bool
    lesion: str
    split: str = ""
    label: str = ""


@dataclass(frozen=True)
class LabelledFolder:
    """What lies in a folder of class folders.

    Attributes:
        photos: in the order of their paths.
        left_alone: what else lies in the class folders, as sentences that count.
    """

    photos: tuple[SitePhoto, ...]
    left_alone: tuple[str, ...]


def plain(word: str) -> str:
    """A label or folder name in the form in which it is looked up.

    >>> plain("Basal_cell-carcinoma ")
    'basal cell carcinoma'
    """
    return " ".join(word.lower().replace("_", " ").replace("-", " ").split())


def meaning(where: str, word: str, labels: Mapping[str, bool] = LABELS) -> bool:
    """Whether a label means malignant.

    Raises:
        ManifestError: naming where it stands, for a word that is not among the labels.
    """
    found = labels.get(plain(word))
    if found is None:
        raise ManifestError(
            f"{where}: unknown label {word!r}; expected one of {sorted(labels)}, or say"
            " what it means with --label-map"
        )
    return found


def is_drawn_over(name: str) -> bool:
    """Whether a folder's name says that it holds masks and the like, and no photos."""
    return any(word in plain(name).replace(" ", "") for word in _DRAWN_OVER)


def has_class_folders(folder: Path, labels: Mapping[str, bool] = LABELS) -> bool:
    """Whether a folder named after a label lies in it, or in a split's folder."""
    return any(
        plain(path.name) in labels
        for split_folder in _split_folders(folder)
        for path in _folders(split_folder)
    )


def read_class_folders(
    folder: Path, labels: Mapping[str, bool] = LABELS
) -> LabelledFolder:
    """Photos in folders named after labels, at any depth below them.

    Where there are split folders, other folders beside them are left alone: Kaggle's
    archive of ``fanconic`` holds all photos a second time in ``data/``.

    Args:
        folder: the one that holds them.
        labels: what the folders' names mean, in the form of ``plain``.

    Raises:
        ManifestError: naming a folder among the classes that is none of them.
    """
    photos: list[SitePhoto] = []
    endings: Counter[str] = Counter()
    drawn: Counter[str] = Counter()
    for split_folder, split in _split_folders(folder).items():
        for class_folder in _folders(split_folder):
            if is_drawn_over(class_folder.name):
                drawn[class_folder.name] += len(files_below(class_folder))
                continue
            name = class_folder.name
            malignant = meaning(f"folder {class_folder}", name, labels)
            for path in files_below(class_folder):
                over = [
                    part
                    for part in path.relative_to(class_folder).parts[:-1]
                    if is_drawn_over(part)
                ]
                if over:
                    drawn[over[0]] += 1
                elif has_photo_suffix(path) or path.is_dir():
                    photos.append(SitePhoto(path, malignant, str(path), split, name))
                else:
                    endings[path.suffix.lower() or "no ending"] += 1
    return LabelledFolder(tuple(photos), (*_told_drawn(drawn), *_told_files(endings)))


def site_photos(
    place: Path, split: str = "val"
) -> tuple[tuple[SitePhoto, ...], tuple[str, ...]]:
    """Labelled photos of one split, and what was left out, as sentences.

    Photos of class folders without split folders belong to every split; each counts
    as a lesion of its own.

    Args:
        place: a manifest, or a folder of class folders.
        split: ``"val"``, ``"test"``, or ``"all"`` for whatever is not train.

    Raises:
        ManifestError: when there are no labelled photos, naming what was expected.
    """
    if place.is_dir():
        found = read_class_folders(place) if has_class_folders(place) else None
        if found is None or not found.photos:
            raise ManifestError(
                f"{place} has no photos in sub-folders named after their labels;"
                f" expected {place}/malignant and {place}/benign (or {place}/other),"
                " or a manifest"
            )
        photos, left_alone = found.photos, found.left_alone
    else:
        photos = tuple(
            SitePhoto(photo.path, photo.malignant, photo.lesion, photo.split)
            for photo in read_manifest(place)
        )
        left_alone = ()
    wanted = {"val": ("val", ""), "test": ("test", ""), "all": ("val", "test", "")}
    chosen = tuple(photo for photo in photos if photo.split in wanted[split])
    if not chosen:
        splits = sorted({photo.split for photo in photos})
        raise ManifestError(
            f"{place} has no photos in the split {split}; it has {splits}. Name another"
            " with --split"
        )
    others = Counter(
        photo.split for photo in photos if photo.split not in wanted[split]
    )
    told = tuple(
        f"{count} photos of the split {name}" for name, count in sorted(others.items())
    )
    return chosen, (*told, *left_alone)


def _split_folders(folder: Path) -> dict[Path, str]:
    """Folders named after a split; without any, the folder itself and no split."""
    found = {
        path: SPLITS[plain(path.name)]
        for path in _folders(folder)
        if plain(path.name) in SPLITS
    }
    return found or {folder: ""}


def _folders(folder: Path) -> Sequence[Path]:
    return sorted(
        path for path in folder.iterdir() if path.is_dir() and not is_hidden(path.name)
    )


def _told_drawn(drawn: Mapping[str, int]) -> list[str]:
    return [
        f"{count} files in folders named {name}, which hold no photos"
        for name, count in sorted(drawn.items())
    ]


def _told_files(endings: Mapping[str, int]) -> list[str]:
    if not endings:
        return []
    each = ", ".join(f"{count} {name}" for name, count in sorted(endings.items()))
    return [f"{sum(endings.values())} files that are no photos by their ending: {each}"]
