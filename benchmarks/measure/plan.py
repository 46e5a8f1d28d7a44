"""What there is to measure: model files, photos, and the baseline fitted to them."""

import dataclasses
import random
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.errors import BenchmarkError
from benchmarks.measure import colour_baseline
from benchmarks.measure.cases import Case, CasePhoto
from benchmarks.measure.colour_baseline import ColourBaseline, fit_colour_baseline
from benchmarks.measure.options import RunSettings
from benchmarks.text.formatting import file_name
from edge_runtime.errors import ModelFileError
from edge_runtime.model.domain import DOMAINS, SMARTPHONE
from edge_runtime.model.file import read_model_file
from edge_runtime.photos.manifest import (
    ORIGIN,
    LabelledPhoto,
    photos_of,
    sources_of,
)


def chosen_models(folder: Path, only: Sequence[str]) -> dict[str, Path]:
    """Model files by name, those named in ``only`` or all for one kind of photo.

    One set of photos is of one kind. Where a folder has models for dermoscopic photos,
    those for smartphone photos are left out unless ``only`` names them.

    Raises:
        BenchmarkError: when there are none, or ``only`` names something else.
    """
    files = {path.stem: path for path in sorted(folder.glob("*.tflite"))}
    if not files:
        raise BenchmarkError(
            f"there is no .tflite file in {folder}; name a folder with --models, or"
            " make a file: python convert/to_tflite.py --help"
        )
    unknown = [name for name in only if name not in (*files, colour_baseline.NAME)]
    if unknown:
        raise BenchmarkError(
            f"--only names {', '.join(unknown)}; {folder} has {', '.join(files)}, and"
            f" {colour_baseline.NAME} is the baseline"
        )
    if only:
        return {name: path for name, path in files.items() if name in only}
    return _of_one_kind(files)


def _of_one_kind(files: Mapping[str, Path]) -> dict[str, Path]:
    others = [name for name, path in files.items() if _is_for_phones(path)]
    if not others or len(others) == len(files):
        return dict(files)
    print(
        f"left out: {', '.join(others)}, made for {DOMAINS[SMARTPHONE]}; --only names"
        " models where a command has it",
        file=sys.stderr,
    )
    return {name: path for name, path in files.items() if name not in others}


def _is_for_phones(path: Path) -> bool:
    try:
        return read_model_file(path).card.photo_kind == SMARTPHONE
    except ModelFileError:
        return False  # Whoever opens it says what is wrong with it.


def split_photos(
    photos: Sequence[LabelledPhoto], split: str, folder: Path
) -> tuple[CasePhoto, ...]:
    """The photos of a split, their paths relative to ``folder`` if they lie in it.

    Raises:
        BenchmarkError: when the split has none.
    """
    chosen = photos_of(photos, split)
    if not chosen:
        raise BenchmarkError(
            f"the manifest has no photo in the {split} split; choose another --split"
        )
    sources = sources_of(chosen)
    return tuple(
        CasePhoto(
            photo=_path_in(folder, photo.path),
            malignant=photo.malignant,
            lesion=photo.lesion,
            lesion_in_train=photo.lesion_in_train,
            columns=dict(photo.columns),
            source=None if sources is None else str(sources[place]),
            origin=photo.columns.get(ORIGIN) or None,
        )
        for place, photo in enumerate(chosen)
    )


def groups_of(
    photos: Sequence[LabelledPhoto], column: str, split: str, folder: Path
) -> dict[str, str]:
    """Which group each photo of a split belongs to, by path as in ``CasePhoto``.

    Raises:
        BenchmarkError: when the manifest has no such column.
    """
    chosen = photos_of(photos, split)
    if missing := [photo for photo in chosen if column not in photo.columns]:
        raise BenchmarkError(
            f"the manifest has no column {column!r} to group photos by; it has"
            f" {', '.join(missing[0].columns) or 'no other columns'}"
        )
    return {
        _path_in(folder, photo.path): f"{column} {photo.columns[column] or 'not given'}"
        for photo in chosen
    }


def one_compression(
    photos: Sequence[LabelledPhoto], split: str, folder: Path
) -> frozenset[str]:
    """Photos of the split that were compressed like most of them.

    How hard a photo was compressed may tell where it came from, and so its label; among
    photos compressed alike it cannot. The manifest's column ``source_jpeg_qsum`` is the
    sum of a photo's quantisation table.

    Returns:
        Paths as in ``CasePhoto``; empty where the column is missing or says the same of
        all.
    """
    chosen = photos_of(photos, split)
    sums = Counter(photo.columns.get("source_jpeg_qsum", "") for photo in chosen)
    sums.pop("", None)
    if len(sums) < 2:
        return frozenset()
    ((most, _),) = sums.most_common(1)
    return frozenset(
        _path_in(folder, photo.path)
        for photo in chosen
        if photo.columns.get("source_jpeg_qsum") == most
    )


def fitted_baseline(
    photos: Sequence[LabelledPhoto], tell: Callable[[str, int, int], None]
) -> ColourBaseline:
    """The baseline, fitted on the manifest's train split.

    Args:
        photos: the whole manifest.
        tell: called with what is read, how much of it, and how much there is.

    Raises:
        BenchmarkError: when train or val lacks a class.
    """
    train, val = photos_of(photos, "train"), photos_of(photos, "val")
    places = {photo.path: place for place, photo in enumerate((*train, *val))}

    def watch(photo: LabelledPhoto) -> None:
        if places[photo.path] % 50 == 0:
            tell("photos to fit", places[photo.path], len(places))

    try:
        return fit_colour_baseline(train, val, watch=watch)
    except ValueError as error:
        raise BenchmarkError(
            "the baseline is fitted on the train split and takes its threshold from"
            f" val: {error}. Leave it out with --only, or complete the manifest."
        ) from error


def _path_in(folder: Path, photo: Path) -> str:
    inside = photo.is_relative_to(folder)
    return (photo.relative_to(folder) if inside else photo.resolve()).as_posix()


def planned(
    settings: RunSettings, models: Mapping[str, Path], photos: Sequence[LabelledPhoto]
) -> dict[str, Case]:
    """Cases by the name of their result file, in an order that the seed shuffled.

    A machine that grows warm or busy during a run would else always slow down the same
    files. The baseline has one case, which is not fitted yet.
    """
    folder = settings.manifest.parent
    bare = Case(
        model=None,
        baseline=None,
        folder=str(folder.resolve()),
        photos=split_photos(photos, settings.split, folder),
        protocol=settings.protocol,
        threads=settings.threads[0],
        cpus=settings.cpus,
        sustained_secs=float(settings.sustained),
        power_csv=str(settings.power_csv) if settings.power_csv else None,
    )
    cases = {
        file_name(name, threads): dataclasses.replace(
            bare, model=str(path.resolve()), threads=threads
        )
        for name, path in models.items()
        for threads in settings.threads
    }
    if not settings.only or colour_baseline.NAME in settings.only:
        cases[colour_baseline.NAME] = bare
    names = sorted(cases)
    random.Random(settings.order_seed).shuffle(names)
    return {name: cases[name] for name in names}
