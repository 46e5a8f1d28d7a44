"""Several data sets, each read in its own way, as one list of photos.

What joins them: photos of one lesion or patient, whatever data sets they are in. The
names that archives give (``HAM_0000118``, ``ISIC_0027419``) mean the same everywhere;
any other name, such as ``g0012`` or ``patient 3``, means something within its own data
set only.
"""

import os
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edge_runtime.errors import ManifestError
from training.datasets.found_photos import Found, FoundPhoto, Labels
from training.datasets.label_tables import (
    OWN_TABLES,
    Columns,
    own_table,
    read_label_table,
)
from training.datasets.layouts import (
    MANIFEST,
    check_whole,
    is_manifest,
    layout_of,
    read_own_manifest,
    read_photos,
)

# Letters and six or more digits: a number of an archive, not of somebody's list.
_ARCHIVE_NAME = re.compile(r"[A-Za-z]{2,}_?\d{6,}")
_ISIC = re.compile(r"ISIC_\d{7}")

_PATIENT_COLUMNS = ("patient", "patient_id")
_PHOTO_COLUMNS = ("isic_id", "image_id", "image_name", "image")


@dataclass(frozen=True)
class Reading:
    """How data sets are to be read.

    Attributes:
        layout: name of the layout, or ``"auto"``.
        labels: a table of labels for the one folder given.
        columns: names of the columns of such tables.
        meanings: what labels mean, see ``label_tables.label_map``.
        omitted: labels whose photos are left out.
    """

    layout: str = "auto"
    labels: Path | None = None
    columns: Columns = field(default_factory=Columns)
    meanings: Labels | None = None
    omitted: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Source:
    """One data set.

    Attributes:
        name: the last part of its path, with as much before it as tells it from others.
        layout: in which it was read.
        kept: whether its splits are those of a manifest, and not to be drawn anew.
        found: its photos.
    """

    name: str
    layout: str
    kept: bool
    found: Found


def read_sources(places: Sequence[Path], how: Reading) -> tuple[Source, ...]:
    """Read each place: a folder in any known layout, a manifest, or a table of labels.

    Raises:
        ManifestError: when one is missing, unknown or contradicts itself, or all photos
            together are of one class.
    """
    several = len(places) > 1
    names = _names(places)
    sources = tuple(
        _read(place, name, how, one_class=several)
        for place, name in zip(places, names, strict=True)
    )
    everything = Found(tuple(photo for each in sources for photo in each.found.photos))
    if len({photo.malignant for photo in everything.photos}) == 1:
        check_whole(everything, places[0])
    return sources


def source_of(photo: FoundPhoto, source: Source) -> str:
    """The photo's source: what a manifest says, or the name of its data set."""
    return (source.kept and photo.columns.get("source", "")) or source.name


def group_name(photo: FoundPhoto, source: str, *, several: bool) -> str:
    """The photo's lesion or patient, by a name that means nothing else elsewhere."""
    return _unique(photo.group, source) if several else photo.group


def links(
    photos: Sequence[FoundPhoto], sources: Sequence[str]
) -> list[tuple[int, int]]:
    """Pairs of photos that share a lesion, a patient, or are one archive photo.

    Args:
        photos: of all sources.
        sources: the source of each.
    """
    several = len(set(sources)) > 1
    first: dict[tuple[str, str], int] = {}
    found = []
    for number, (photo, source) in enumerate(zip(photos, sources, strict=True)):
        keys = {("group", group_name(photo, source, several=several))}
        if several:
            patients = (photo.columns.get(name, "") for name in _PATIENT_COLUMNS)
            keys |= {("group", _unique(name, source)) for name in patients}
            keys.add(("photo", _archive_photo(photo)))
        found += [
            (first.setdefault(key, number), number) for key in sorted(keys) if key[1]
        ]
    return found


def contradictions(
    photos: Sequence[FoundPhoto], sources: Sequence[str]
) -> tuple[str, ...]:
    """Archive photos to which the data sets give different labels."""
    first: dict[str, int] = {}
    torn = []
    for number, photo in enumerate(photos):
        name = _archive_photo(photo)
        earlier = first.setdefault(name, number) if name else number
        if photos[earlier].malignant != photo.malignant:
            torn.append((name, sources[earlier], sources[number]))
    if not torn:
        return ()
    name, one, other = torn[0]
    return (
        f"{len(torn)} photos are malignant in one data set and benign in another, such"
        f" as {name} in {one} and {other}; both are kept",
    )


def without_repeats(
    photos: Sequence[FoundPhoto], sources: Sequence[str]
) -> tuple[list[int], tuple[str, ...]]:
    """Numbers of the photos whose file is not listed before, and what was dropped."""
    first: dict[str, int] = {}
    kept, again = [], Counter[tuple[str, str]]()
    for number, photo in enumerate(photos):
        earlier = first.setdefault(os.path.realpath(photo.path), number)
        if earlier == number:
            kept.append(number)
        else:
            again[sources[earlier], sources[number]] += 1
    return kept, tuple(
        f"{count} photos of {other} are the very files of {one}, and count there"
        for (one, other), count in again.items()
    )


def _unique(name: str, source: str) -> str:
    if not name or _ARCHIVE_NAME.fullmatch(name):
        return name
    return f"{source}:{name}"


def _archive_photo(photo: FoundPhoto) -> str:
    """The ISIC Archive's number of the photo, where a column or its name tells it."""
    told = (photo.columns.get(name, "") for name in _PHOTO_COLUMNS)
    for word in (*told, photo.path.stem):
        if found := _ISIC.fullmatch(word.removesuffix("_downsampled")):
            return found.group()
    return ""


def _read(place: Path, name: str, how: Reading, *, one_class: bool) -> Source:
    if how.labels is not None:
        if not place.is_dir():
            raise ManifestError(f"{place} is not a folder; expected that of the photos")
        found = _table(how.labels, place, how, one_class=one_class)
        return Source(name, "labels", kept=False, found=found)
    if place.is_file():
        if is_manifest(place):
            found = read_own_manifest(place)
            check_whole(found, place, one_class=one_class)
            return Source(name, MANIFEST.name, kept=True, found=found)
        found = _table(place, None, how, one_class=one_class)
        return Source(name, "labels", kept=False, found=found)
    layout = layout_of(place, how.layout)
    if layout.name == "labels":
        # The options that name its columns hold for a folder's own table too.
        table = own_table(place) or place / OWN_TABLES[0]
        found = _table(table, place, how, one_class=one_class)
        return Source(name, layout.name, kept=False, found=found)
    found = read_photos(place, layout, how.meanings, one_class=one_class)
    return Source(name, layout.name, kept=layout is MANIFEST, found=found)


def _table(table: Path, folder: Path | None, how: Reading, *, one_class: bool) -> Found:
    found = read_label_table(
        table,
        folder,
        columns=how.columns,
        labels=how.meanings,
        omitted=how.omitted,
    )
    check_whole(found, table, one_class=one_class)
    return found


def _names(places: Sequence[Path]) -> list[str]:
    """A name for each place, longer where two would be the same."""
    resolved = [place.resolve() for place in places]
    whole = [
        path.parent if path.stem in ("manifest", "labels", "metadata") else path
        for path in resolved
    ]
    names = [path.stem if path.is_file() else path.name for path in whole]
    same = defaultdict(list)
    for number, name in enumerate(names):
        same[name].append(number)
    for numbers in same.values():
        if len(numbers) > 1:
            for number in numbers:
                names[number] = f"{whole[number].parent.name}_{names[number]}"
    if len(set(names)) < len(names) or len(set(resolved)) < len(resolved):
        raise ManifestError(
            f"two of the data sets have the same name: {names}. Rename a folder: its"
            " name becomes the source of its photos"
        )
    return names
