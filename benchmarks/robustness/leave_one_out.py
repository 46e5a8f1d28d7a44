"""How a network does on a source that it never saw: the honest figure for a new place.

A network is trained without each source in turn, from the same options, and judged on
the test photos of the source left out, at the threshold that the other sources'
validation photos give.

Run: python -m benchmarks.robustness.leave_one_out --manifest data/all.csv
--network lesion64 --epochs 14 --out results/leave_one_out
"""

import argparse
import hashlib
import math
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import BenchmarkError
from benchmarks.measure.measurement import PhotoScore
from benchmarks.results.quality import quality_by_source
from benchmarks.results.result import Quality
from benchmarks.robustness.run_scores import in_fresh_process, run_scores
from benchmarks.text.formatting import (
    NOT_MEASURED,
    estimate,
    interval_in_words,
    share_in_words,
)
from benchmarks.text.tables import Table, markdown_table
from edge_runtime.evaluation.sources import (
    LEAST_MALIGNANT,
    judged_sources,
    threshold_at_recall_of_all,
)
from edge_runtime.evaluation.temperature import fitted_temperature
from edge_runtime.files.atomic import write_text
from edge_runtime.files.strict_json import build, parse, to_json
from edge_runtime.measuring.revision import revision
from edge_runtime.photos.manifest import (
    COLUMNS,
    NO_SOURCE,
    ORIGIN,
    SOURCE,
    LabelledPhoto,
    photos_of,
    read_manifest,
    sources_of,
    write_manifest,
)
from edge_runtime.terminal.arguments import at_least
from edge_runtime.terminal.exit_status import exit_status

TABLE = "leave_one_out.md"
REPORT = "leave_one_out.json"
TARGET_RECALL = 0.95
JOIN = "+"
"""Between sources that are left out together, such as those of one camera."""

Train = Callable[[Path, Path], None]
"""Trains on a manifest into a folder; in tests something quicker."""


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option.

    Attributes:
        manifest: table with a column ``source``.
        training: options of ``training/train.py``, as given.
        sources: names to leave out, each alone or several joined by ``+``; all that
            have enough photos if none is named.
        out: folder of the manifests, runs and results.
    """

    manifest: Path
    training: tuple[str, ...]
    sources: tuple[str, ...]
    out: Path


@dataclass(frozen=True)
class Fold:
    """One training without a source, and what came of it.

    Attributes:
        left_out: sources that were not learnt from.
        training: options of ``training/train.py``.
        manifest_sha256: of the table that it learnt from.
        n_train: photos learnt from.
        threshold: score, from the validation photos of the other sources.
        temperature: from the same.
        quality: on the clean test photos of each source left out.
    """

    left_out: tuple[str, ...]
    training: tuple[str, ...]
    manifest_sha256: str
    n_train: int
    threshold: float
    temperature: float
    quality: tuple[Quality, ...]


@dataclass(frozen=True)
class Report:
    """All folds, as ``leave_one_out.json`` holds them."""

    commit: str | None
    manifest: str
    folds: tuple[Fold, ...]


def parse_arguments(arguments: Sequence[str] | None) -> Settings:
    """Turn command-line arguments into settings, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Train a network without each source in turn and judge it on the"
        " test photos of the source left out. Stopped runs go on where they were when"
        " the same command is given again. Research and education; not a medical"
        " device.",
        epilog="Other options of training/train.py may be given too, such as"
        " --augmentation, --weights and --batch-size; they go to every training.",
    )
    add = parser.add_argument
    add("--manifest", type=Path, required=True, help="table with a column source")
    add("--network", help="of training/train.py")
    add("--configuration", help="of training/train.py")
    add("--epochs", type=at_least(1), help="of training/train.py")
    add(
        "--sources",
        nargs="+",
        default=[],
        metavar="NAME",
        help=f"to leave out, each in a training of its own; NAME{JOIN}NAME leaves"
        " several out together (default: each that has"
        f" {LEAST_MALIGNANT} malignant test photos)",
    )
    add(
        "--out",
        type=Path,
        default=Path("results/leave_one_out"),
        help="folder (default: results/leave_one_out)",
    )
    given, others = parser.parse_known_args(arguments)
    if not (given.network or given.configuration):
        parser.error("expected --network or --configuration")
    if {"--out", "--manifest"} & {word.partition("=")[0] for word in others}:
        parser.error("--out and --manifest are given once")
    named = {
        "--configuration": given.configuration,
        "--network": given.network,
        "--epochs": given.epochs,
    }
    words = [str(x) for name, x in named.items() if x for x in (name, x)]
    return Settings(given.manifest, (*words, *others), tuple(given.sources), given.out)


def run(settings: Settings, train: Train | None = None) -> Report:
    """Train and judge every fold that is not there yet; write table and JSON.

    Args:
        settings: what is asked for.
        train: how; ``training/train.py`` in a fresh process if None.

    Raises:
        BenchmarkError: when the manifest has no such sources, a training fails, or a
            fold of other settings lies in the folder.
    """
    photos = read_manifest(settings.manifest)
    wanted = _wanted(photos, settings.sources)
    train = train or _training(settings.training)
    todo = [left for left in wanted if not _fold_path(settings, left).exists()]
    for left in wanted:
        _read_fold(settings, left, photos)  # Contradictions before hours of training.
    started = time.monotonic()
    for place, left in enumerate(todo):
        remaining = (time.monotonic() - started) / place if place else 0.0
        _tell(place, len(todo), left, remaining * (len(todo) - place))
        _make_fold(settings, left, photos, train)
        _write(settings, wanted, photos)
    return _write(settings, wanted, photos)


def _wanted(
    photos: Sequence[LabelledPhoto], named: Sequence[str]
) -> list[tuple[str, ...]]:
    test = photos_of(photos, "test", clean=True)
    sources = sources_of(test)
    if sources is None or sources_of(photos_of(photos, "train")) is None:
        raise BenchmarkError(
            "the manifest names fewer than two sources in its train and test splits;"
            f" expected a column {SOURCE!r}, as training/prepare.py writes it"
        )
    known = sorted({str(name) for name in sources})
    if not named:
        labels = np.array([int(photo.malignant) for photo in test])
        return [(name,) for name in judged_sources(labels, sources)]
    groups = [tuple(dict.fromkeys(name.split(JOIN))) for name in named]
    unknown = sorted({name for group in groups for name in group} - {*known})
    if unknown:
        raise BenchmarkError(
            f"--sources names {', '.join(unknown)}; the test photos are of"
            f" {', '.join(known)}"
        )
    return groups


def _tell(place: int, total: int, left: Sequence[str], seconds: float) -> None:
    remaining = f", about {math.ceil(seconds / 60)} min left" if seconds else ""
    print(
        f"{place + 1} of {total}: training without {' and '.join(left)}{remaining}",
        file=sys.stderr,
    )


def _training(options: Sequence[str]) -> Train:
    def train(manifest: Path, run: Path) -> None:
        of_run = ["--manifest", str(manifest), "--out", str(run)]
        # 4: no better than chance, which is a row all the same.
        in_fresh_process("training.train", [*options, *of_run], accepted=(0, 4))

    return train


def _make_fold(
    settings: Settings,
    left: tuple[str, ...],
    photos: Sequence[LabelledPhoto],
    train: Train,
) -> None:
    manifest = _manifest(settings, left, photos)
    run = settings.out / f"without_{JOIN.join(left)}"
    if not (run / "model.keras").is_file():
        train(manifest, run)
    learnt = read_manifest(manifest)
    val = photos_of(learnt, "val")
    scores = run_scores(run, manifest, "val").scores
    labels = np.array([int(photo.malignant) for photo in val])
    threshold = threshold_at_recall_of_all(
        labels, scores, TARGET_RECALL, sources_of(val)
    )
    temperature = fitted_temperature(labels, scores)
    judged = _photo_scores(
        photos_of(learnt, "test"), run_scores(run, manifest, "test").scores
    )
    found = quality_by_source(
        [photo for photo in judged if photo.source in left],
        "test",
        threshold=threshold,
        temperature=temperature,
    )
    fold = Fold(
        left,
        settings.training,
        _sha256(manifest),
        len(photos_of(learnt, "train")),
        threshold,
        temperature,
        found.quality,
    )
    write_text(_fold_path(settings, left), to_json(fold))


def _manifest(
    settings: Settings, left: Sequence[str], photos: Sequence[LabelledPhoto]
) -> Path:
    """The table without train and val photos of some sources."""
    path = settings.out / f"without_{JOIN.join(left)}.csv"
    text = [
        _row(photo)
        for photo in photos
        if photo.split == "test" or photo.columns.get(SOURCE, "").strip() not in left
    ]
    write_manifest(path, text)
    return path


def _row(photo: LabelledPhoto) -> Mapping[str, str]:
    values = (
        str(photo.path),
        "malignant" if photo.malignant else "benign",
        photo.split,
        photo.lesion,
        str(int(photo.lesion_in_train)),
    )
    return {**dict(zip(COLUMNS, values, strict=True)), **photo.columns}


def _photo_scores(
    photos: Sequence[LabelledPhoto], scores: NDArray[np.float64]
) -> tuple[PhotoScore, ...]:
    return tuple(
        PhotoScore(
            photo=str(photo.path),
            malignant=photo.malignant,
            lesion=photo.lesion,
            lesion_in_train=photo.lesion_in_train,
            score=float(score),
            usable=True,
            source=photo.columns.get(SOURCE, "").strip() or NO_SOURCE,
            origin=photo.columns.get(ORIGIN) or None,
        )
        for photo, score in zip(photos, scores, strict=True)
    )


def _fold_path(settings: Settings, left: Sequence[str]) -> Path:
    return settings.out / f"without_{JOIN.join(left)}.json"


def _read_fold(
    settings: Settings, left: tuple[str, ...], photos: Sequence[LabelledPhoto]
) -> Fold | None:
    """A fold that is there; None if it is not.

    Raises:
        BenchmarkError: when it is damaged, or comes of other settings or photos.
    """
    path = _fold_path(settings, left)
    manifest = _manifest(settings, left, photos)
    if not path.exists():
        return None
    try:
        fold: Fold = build(Fold, parse(path.read_text(encoding="utf-8")), path.name)
    except (OSError, ValueError, TypeError) as error:
        raise BenchmarkError(
            f"{path} cannot be read: {error}. Remove it to train again."
        ) from error
    if fold.training != settings.training or fold.manifest_sha256 != _sha256(manifest):
        raise BenchmarkError(
            f"{path} comes of other photos or options ({' '.join(fold.training)}). Give"
            " those, or choose another --out."
        )
    return fold


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write(
    settings: Settings,
    wanted: Sequence[tuple[str, ...]],
    photos: Sequence[LabelledPhoto],
) -> Report:
    """Table and JSON of the folds that are there."""
    found = [_read_fold(settings, left, photos) for left in wanted]
    folds = tuple(fold for fold in found if fold is not None)
    report = Report(revision().commit, settings.manifest.name, folds)
    write_text(settings.out / REPORT, to_json(report))
    write_text(settings.out / TABLE, markdown(report, settings.training))
    return report


def markdown(report: Report, training: Sequence[str]) -> str:
    """The table, one row for each source left out, as Markdown."""
    return "\n\n".join(markdown_table(_table(report, training))) + "\n"


def _table(report: Report, training: Sequence[str]) -> Table:
    rows: list[tuple[str, ...]] = [
        (
            JOIN.join(fold.left_out),
            quality.photos,
            f"{fold.n_train:,}",
            f"{quality.malignant} / {quality.other}",
            estimate(quality.auc, quality.auc_delong),
            interval_in_words(quality.auc_bootstrap),
            share_in_words(quality.recall),
            share_in_words(quality.specificity),
        )
        for fold in report.folds
        for quality in fold.quality
    ]
    if len(report.folds) > 1 and (mean := _mean_row(report.folds)):
        rows.append(mean)
    return Table(
        "Leave one source out",
        (
            "left out",
            "judged on",
            "photos learnt from",
            "malignant / other",
            "AUC (DeLong)",
            "AUC interval, lesion bootstrap",
            "recall",
            "specificity",
        ),
        tuple(rows),
        "Research and education; not a medical device. Each row is another training,"
        f" without the photos of that source: train.py {' '.join(training)}. Threshold:"
        f" recall {TARGET_RECALL:g} in every other source's validation photos; so the"
        " recall here is what a new place would get before it calibrates. A source that"
        " shares a camera with another one is not wholly new. 95 % intervals. Commit"
        f" {report.commit}.",
    )


def _mean_row(folds: Sequence[Fold]) -> tuple[str, ...] | None:
    """Over the sources that tell an AUC, each of the same weight."""
    judged = [
        next(quality for quality in fold.quality if quality.source == name)
        for fold in folds
        for name in fold.left_out
    ]
    judged = [quality for quality in judged if quality.auc is not None]
    if len(judged) < 2:
        return None

    def mean(values: Sequence[float | None]) -> str:
        known = [value for value in values if value is not None]
        return f"{np.mean(known):.3f}" if len(known) == len(judged) else NOT_MEASURED

    return (
        f"mean of {len(judged)}",
        "-",
        "-",
        "-",
        mean([quality.auc for quality in judged]),
        "-",
        mean([x.recall.value if x.recall else None for x in judged]),
        mean([x.specificity.value if x.specificity else None for x in judged]),
    )


@exit_status(stopped="stopped; give the same command again to go on")
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    settings = parse_arguments(arguments)
    print(markdown(run(settings), settings.training))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
