"""What answers add to a smartphone photo: a table by cross-validation over patients.

Every photo is judged by networks that never saw its patient: image alone, answers
alone, and both joined, from different starts and with the classes balanced in different
ways; each answer hidden in turn; and what the mere absence of answers would give.

Run: python -m benchmarks.answers.answers_bench --manifest data/pad.csv
--start runs/lesion64 --weights weights/mobilenet_2_5_224_tf_no_top.h5
--out results/answers
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.answers.cases import (
    FROM_RUN,
    FROM_WEIGHTS,
    PROBES,
    REGRESSIONS,
    TRAINED,
    Regression,
    Trained,
)
from benchmarks.answers.figures import Scored
from benchmarks.answers.folds import fold_rows, patient_of
from benchmarks.answers.frozen import features_of, probed
from benchmarks.answers.logistic import regressed, table_of
from benchmarks.answers.tables import ALL, Row, report_of
from benchmarks.robustness.run_scores import in_fresh_process
from edge_runtime.evaluation.metrics import threshold_at_recall
from edge_runtime.files.atomic import write_text
from edge_runtime.files.strict_json import to_json
from edge_runtime.measuring.revision import revision
from edge_runtime.photos.manifest import (
    LabelledPhoto,
    read_manifest,
    write_manifest,
)
from edge_runtime.terminal.arguments import at_least
from edge_runtime.terminal.exit_status import exit_status

TABLE = "answers.md"
REPORT = "answers.json"
TARGET_RECALL = 0.95
_WITHOUT = "test_score_without_"

Train = Callable[[Sequence[str], Sequence[Path], Path], None]
"""Trains with options on each manifest and leaves scores in a folder, as
``training/cross_validate.py`` does; in tests something quicker."""


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option.

    Attributes:
        manifest: photos with answers, as ``training/prepare.py`` writes it.
        training: options that every training gets.
        start: a finished run of photos alone; None where no case starts from one.
        weights: ImageNet files; none where no case starts from them.
        cases: names of the networks that are trained.
        folds: parts of the patients, each judged once.
        seeds: repeats, with other folds.
        out: folder of runs and results.
    """

    manifest: Path
    training: tuple[str, ...]
    start: Path | None
    weights: tuple[str, ...]
    cases: tuple[str, ...]
    folds: int
    seeds: tuple[int, ...]
    out: Path


@dataclass(frozen=True)
class Fold:
    """What a network says of the photos of one fold.

    Attributes:
        places: of the photos in the manifest.
        scores: of malignancy.
        threshold: of the validation photos, at ``TARGET_RECALL``.
        without: scores with an answer hidden, by the question's name and ``all``.
    """

    places: NDArray[np.int64]
    scores: NDArray[np.float64]
    threshold: float
    without: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)


def parse_arguments(arguments: Sequence[str] | None) -> Settings:
    """Turn command-line arguments into settings, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Judge image, answers and both by cross-validation over patients."
        " Stopped runs go on where they were when the same command is given again."
        " Research and education; not a medical device.",
        epilog="Other options of training/train.py may be given too, such as"
        " --learning-rate; they go to every training.",
    )
    add = parser.add_argument
    names = [case.name for case in TRAINED]
    usual = [case.name for case in TRAINED if not case.extra]
    add("--manifest", type=Path, required=True, help="photos with answers")
    add("--network", default="lesion64", help="of training/train.py")
    add("--epochs", type=at_least(1), default=20, help="of training/train.py")
    add("--start", type=Path, metavar="RUN", help="a finished run of photos alone")
    add("--weights", nargs="+", default=[], metavar="FILE", help="ImageNet weights")
    add(
        "--cases",
        nargs="*",
        choices=names,
        default=usual,
        metavar="NAME",
        help=f"networks to train: {', '.join(names)} (default: {', '.join(usual)});"
        " no name: none, which leaves regressions on answers and, with --start, on what"
        " that network sees",
    )
    add("--folds", type=at_least(2), default=5, help="parts of the patients")
    add("--seeds", type=int, nargs="+", default=[0], help="one repeat for each")
    add("--out", type=Path, default=Path("results/answers"), help="folder")
    given, others = parser.parse_known_args(arguments)
    starts = {case.start for case in TRAINED if case.name in given.cases}
    if FROM_RUN in starts and given.start is None:
        parser.error("--start: expected the folder of a finished run")
    if FROM_WEIGHTS in starts and not given.weights:
        parser.error("--weights: expected files of ImageNet weights")
    training = ("--network", given.network, "--epochs", str(given.epochs), *others)
    return Settings(
        given.manifest,
        training,
        given.start,
        tuple(given.weights),
        tuple(given.cases),
        given.folds,
        tuple(given.seeds),
        given.out,
    )


def run(settings: Settings, train: Train | None = None) -> str:
    """Train and judge every fold that is not there yet; returns the table.

    Raises:
        BenchmarkError: when there are too few patients, or a training fails, as it does
            where scores of other options lie in the folder.
    """
    photos = read_manifest(settings.manifest)
    manifests = _manifests(settings, photos)
    trained = [case for case in TRAINED if case.name in settings.cases]
    rounds = [(seed, case) for seed in settings.seeds for case in trained]
    for number, (seed, case) in enumerate(rounds):
        print(f"{number + 1} of {len(rounds)}: {case.title}", file=sys.stderr)
        of_seed = [manifests[seed, fold] for fold in range(settings.folds)]
        options = (
            *settings.training,
            *case.words(settings.start, settings.weights),
            *("--seed", str(seed)),
        )
        (train or _train)(options, of_seed, settings.out / case.name)
    return _write(settings, photos, trained, manifests)


def _manifests(
    settings: Settings, photos: Sequence[LabelledPhoto]
) -> dict[tuple[int, int], Path]:
    """One for each seed and fold."""
    paths = {}
    for seed in settings.seeds:
        for fold in range(settings.folds):
            path = settings.out / f"seed{seed}_fold{fold}.csv"
            write_manifest(path, fold_rows(photos, fold, settings.folds, seed))
            paths[seed, fold] = path
    return paths


def _train(options: Sequence[str], manifests: Sequence[Path], folder: Path) -> None:
    names = [str(path) for path in manifests]
    in_fresh_process(
        "training.cross_validate", [*names, "--out", str(folder), *options]
    )


def _read_fold(path: Path, splits: NDArray[np.str_], labels: NDArray[np.int64]) -> Fold:
    """What lies in a file of scores, and the threshold that it gives."""
    with np.load(path) as found:
        threshold = threshold_at_recall(
            labels[splits == "val"], found["val_score"], TARGET_RECALL
        )
        without = {
            name.removeprefix(_WITHOUT): found[name]
            for name in found
            if name.startswith(_WITHOUT)
        }
        return Fold(
            np.flatnonzero(splits == "test"), found["test_score"], threshold, without
        )


def _write(
    settings: Settings,
    photos: Sequence[LabelledPhoto],
    trained: Sequence[Trained],
    manifests: Mapping[tuple[int, int], Path],
) -> str:
    """Table and JSON of all that is there."""
    rows = [
        *(_trained_row(settings, case, photos, manifests) for case in trained),
        *_probe_rows(settings, photos, manifests),
        *(_regression_row(settings, each, photos, manifests) for each in REGRESSIONS),
    ]
    commit = revision().commit
    report, text = report_of(rows, photos, settings.seeds, settings.folds, commit)
    write_text(settings.out / REPORT, to_json(report))
    write_text(settings.out / TABLE, text)
    return text


def _trained_row(
    settings: Settings,
    case: Trained,
    photos: Sequence[LabelledPhoto],
    manifests: Mapping[tuple[int, int], Path],
) -> Row:
    labels = _labels(photos)
    found = {
        key: _read_fold(
            settings.out / case.name / f"{manifests[key].stem}.npz", splits, labels
        )
        for key, splits in _splits(manifests)
    }
    told = _scored(settings, photos, {key: (x, x.scores) for key, x in found.items()})
    names = list(next(iter(found.values())).without)
    without = {
        name: _scored(
            settings, photos, {key: (x, x.without[name]) for key, x in found.items()}
        )
        for name in sorted(names, key=lambda name: name == ALL)
    }
    return Row(case.name, case.title, told, without)


def _scored(
    settings: Settings,
    photos: Sequence[LabelledPhoto],
    found: Mapping[tuple[int, int], tuple[Fold, NDArray[np.float64]]],
) -> Scored:
    shape = len(settings.seeds), len(photos)
    folds, scores = np.zeros(shape, np.int64), np.zeros(shape)
    called = np.zeros(shape, bool)
    for (seed, number), (fold, of_fold) in found.items():
        row, places = settings.seeds.index(seed), fold.places
        folds[row, places] = number
        scores[row, places] = of_fold
        called[row, places] = of_fold >= fold.threshold
    return Scored(_labels(photos), _patients(photos), folds, scores, called)


def _probe_rows(
    settings: Settings,
    photos: Sequence[LabelledPhoto],
    manifests: Mapping[tuple[int, int], Path],
) -> Iterator[Row]:
    if settings.start is None:
        return
    first = next(iter(manifests.values()))
    features = features_of(settings.start, first, read_manifest(first))
    labels = _labels(photos)
    for probe in PROBES:
        table = features
        if probe.columns:
            told = table_of(photos, probe.columns, absence_only=False)
            table = np.concatenate([features, told], axis=1)
        found = {}
        for (seed, number), splits in _splits(manifests):
            scores = probed(table, labels, splits, probe.balance, seed)
            fold = _judged(scores, splits, labels)
            found[seed, number] = (fold, fold.scores)
        yield Row(probe.name, probe.title, _scored(settings, photos, found))


def _judged(
    scores: NDArray[np.float64], splits: NDArray[np.str_], labels: NDArray[np.int64]
) -> Fold:
    """A regression's scores of one fold, and its threshold."""
    val, test = splits == "val", np.flatnonzero(splits == "test")
    threshold = threshold_at_recall(labels[val], scores[val], TARGET_RECALL)
    return Fold(test, scores[test], threshold)


def _regression_row(
    settings: Settings,
    each: Regression,
    photos: Sequence[LabelledPhoto],
    manifests: Mapping[tuple[int, int], Path],
) -> Row:
    table = table_of(photos, each.columns, absence_only=each.absence_only)
    labels = _labels(photos)
    found = {}
    for key, splits in _splits(manifests):
        scores = regressed(table, labels, splits == "train")
        fold = _judged(scores, splits, labels)
        found[key] = (fold, fold.scores)
    return Row(each.name, each.title, _scored(settings, photos, found))


def _splits(
    manifests: Mapping[tuple[int, int], Path],
) -> Iterator[tuple[tuple[int, int], NDArray[np.str_]]]:
    for key, path in manifests.items():
        rows = read_manifest(path, check_files=False)
        yield key, np.array([photo.split for photo in rows])


def _labels(photos: Sequence[LabelledPhoto]) -> NDArray[np.int64]:
    return np.array([photo.malignant for photo in photos], np.int64)


def _patients(photos: Sequence[LabelledPhoto]) -> NDArray[np.str_]:
    return np.array([patient_of(photo) for photo in photos])


@exit_status(stopped="stopped; give the same command again to go on")
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    print(run(parse_arguments(arguments)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
