"""Do generated photos help a network that has few real ones?

The same network is trained from a share of the real photos, alone and with generated
photos added, several times each with another seed, and judged on the validation and
test photos of every source, which are real. All trainings take the same number of
steps. The share is the same photos for every seed, so that a generator can be made to
learn no other ones.

Run: python -m benchmarks.generated.help_bench --manifest data/all.csv --generated
runs/gan/photos/manifest.csv --network lesion64 --balance camera,label --draws 2000
--epochs 6 --out results/help
"""

import argparse
import hashlib
import itertools
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.errors import BenchmarkError
from benchmarks.generated.help_rows import (
    ALONE,
    Plan,
    Report,
    Row,
    markdown,
)
from benchmarks.generated.shares import manifest_row, share_of_train
from benchmarks.robustness.run_scores import in_fresh_process, run_scores
from edge_runtime.evaluation.metrics import roc_auc
from edge_runtime.evaluation.sources import judged_sources
from edge_runtime.files.atomic import write_text
from edge_runtime.files.strict_json import build, parse, to_json
from edge_runtime.measuring.revision import revision
from edge_runtime.photos.manifest import (
    SYNTHETIC,
    LabelledPhoto,
    photos_of,
    read_manifest,
    sources_of,
    write_manifest,
)
from edge_runtime.terminal.arguments import above_zero, at_least, share
from edge_runtime.terminal.command_parser import Defaults
from edge_runtime.terminal.exit_status import exit_status
from edge_runtime.terminal.progress import time_left

TABLE, REPORT = "help.md", "help.json"

Train = Callable[[Path, Path, int], None]
"""Trains on a manifest into a folder with a seed; in tests something quicker."""


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option.

    Attributes:
        manifest: real photos.
        generated: tables of ``training/generate.py``.
        training: options of ``training/train.py``, as given.
        shares: of the real training lesions.
        doses: generated photos for each real one.
        seeds: trainings of each kind.
        subset_seed: which lesions make up a share.
        out: folder of manifests, runs and results.
    """

    manifest: Path
    generated: tuple[Path, ...]
    training: tuple[str, ...]
    shares: tuple[float, ...]
    doses: tuple[float, ...]
    seeds: int
    subset_seed: int
    out: Path


def parse_arguments(arguments: Sequence[str] | None) -> Settings:
    """Turn command-line words into settings, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Train a network from a share of the real photos, with and without"
        " generated ones, and judge it on real photos. A stopped bench goes on when the"
        " same command is given again. Research and education; not a medical device.",
        epilog="Other options of training/train.py may be given too, such as --network,"
        " --weights, --augmentation, --balance, --mask-lesion, --draws, --epochs,"
        " --batch-size, --learning-rate and --mild-phase; they go to every training.",
        formatter_class=Defaults,
    )
    add = parser.add_argument
    add("--manifest", type=Path, required=True, help="real photos")
    add(
        "--generated",
        type=Path,
        nargs="+",
        required=True,
        metavar="MANIFEST",
        help="tables of training/generate.py, tried one after the other",
    )
    add(
        "--shares",
        type=share(),
        nargs="+",
        default=[0.05, 0.2, 1.0],
        help="of the real training lesions",
    )
    add(
        "--doses",
        type=above_zero,
        nargs="+",
        default=[1.0, 3.0],
        help="generated photos for each real one, beside none",
    )
    add("--seeds", type=at_least(2), default=5, help="trainings of each kind")
    add("--subset-seed", type=at_least(0), default=0, help="chooses a share's lesions")
    add("--out", type=Path, default=Path("results/help"), help="folder")
    given, others = parser.parse_known_args(arguments)
    if {"--seed"} & {word.partition("=")[0] for word in others}:
        parser.error("--seed is the bench's own; expected --seeds")
    return Settings(
        given.manifest,
        tuple(given.generated),
        tuple(others),
        tuple(given.shares),
        tuple(given.doses),
        given.seeds,
        given.subset_seed,
        given.out,
    )


def run(settings: Settings, train: Train | None = None) -> Report:
    """Train and judge every plan that has no row yet; write table and JSON.

    Seed by seed, so that a bench that is stopped has all kinds of the first seeds.

    Args:
        settings: what is asked for.
        train: how; ``training/train.py`` in a fresh process if None.

    Raises:
        BenchmarkError: when a table has too few generated photos, a training fails, or
            rows of other settings lie in the folder.
    """
    real = read_manifest(settings.manifest)
    tables = {_name(path): _generated(path) for path in settings.generated}
    plans = [*_plans(settings, list(tables))]
    for plan in plans:
        _check(plan, settings, real, tables)
        _read_row(settings, plan)
    train = train or _training(settings.training)
    todo = [plan for plan in plans if not _path(settings, plan).exists()]
    start_s = time.monotonic()
    for place, plan in enumerate(todo):
        left = time_left(place, len(todo), time.monotonic() - start_s)
        print(
            f"{place + 1} of {len(todo)}: {plan.name}" + (f", {left}" if left else ""),
            file=sys.stderr,
        )
        photos = (*_share(settings, plan, real), *_added(settings, plan, real, tables))
        write_text(_path(settings, plan), to_json(_row(settings, plan, photos, train)))
        _write(settings, plans)
    return _write(settings, plans)


def _plans(settings: Settings, tables: Sequence[str]) -> Iterator[Plan]:
    for seed, of_real in itertools.product(range(settings.seeds), settings.shares):
        yield Plan(ALONE, of_real, 0.0, seed)
        for table, dose in itertools.product(tables, settings.doses):
            yield Plan(table, of_real, dose, seed)


def _generated(path: Path) -> tuple[LabelledPhoto, ...]:
    photos = read_manifest(path)
    if any(each.columns.get(SYNTHETIC) != "1" for each in photos):
        raise BenchmarkError(
            f"{path} has photos that are not generated; expected a table of"
            " training/generate.py"
        )
    return photos


def _name(path: Path) -> str:
    folder = path.resolve().parent
    return folder.parent.name + folder.name.removeprefix("photos")


def _share(
    settings: Settings, plan: Plan, real: Sequence[LabelledPhoto]
) -> tuple[LabelledPhoto, ...]:
    return share_of_train(real, plan.share, settings.subset_seed)


def _added(
    settings: Settings,
    plan: Plan,
    real: Sequence[LabelledPhoto],
    tables: Mapping[str, Sequence[LabelledPhoto]],
) -> tuple[LabelledPhoto, ...]:
    """The first generated photos of the table, as many as the dose says."""
    if plan.table == ALONE:
        return ()
    count = len(photos_of(_share(settings, plan, real), "train"))
    return tuple(tables[plan.table][: round(plan.dose * count)])


def _check(
    plan: Plan,
    settings: Settings,
    real: Sequence[LabelledPhoto],
    tables: Mapping[str, Sequence[LabelledPhoto]],
) -> None:
    learnt = photos_of(_share(settings, plan, real), "train")
    if len({photo.malignant for photo in learnt}) < 2:
        raise BenchmarkError(
            f"--shares {plan.share:g} leaves {len(learnt)} training photos of one label"
        )
    wanted = round(plan.dose * len(learnt))
    if plan.table != ALONE and wanted > len(tables[plan.table]):
        raise BenchmarkError(
            f"{plan.table} has {len(tables[plan.table])} photos; {plan.dose:g} for each"
            f" of {len(learnt)} real ones are {wanted}. Draw more with"
            " training/generate.py --photos, or give smaller --doses or --shares"
        )


def _training(options: Sequence[str]) -> Train:
    def train(manifest: Path, folder: Path, seed: int) -> None:
        own = ["--manifest", str(manifest), "--out", str(folder), "--seed", str(seed)]
        # 4: no better than chance, which is a row all the same.
        in_fresh_process("training.train", [*options, *own], accepted=(0, 4))

    return train


def _row(
    settings: Settings, plan: Plan, photos: Sequence[LabelledPhoto], train: Train
) -> Row:
    manifest = settings.out / f"{plan.name}.csv"
    columns = {key: "" for photo in photos for key in photo.columns}
    write_manifest(manifest, [{**columns, **manifest_row(photo)} for photo in photos])
    folder = settings.out / plan.name
    start_s = time.monotonic()
    if not (folder / "model.keras").is_file():
        train(manifest, folder, plan.seed)
    learnt = photos_of(photos, "train")
    generated = sum(photo.columns.get(SYNTHETIC) == "1" for photo in learnt)
    return Row(
        plan,
        settings.training,
        _sha256(settings.manifest),
        len(learnt) - generated,
        generated,
        _aucs(folder, manifest, photos, "val"),
        _aucs(folder, manifest, photos, "test"),
        round(time.monotonic() - start_s, 1),
    )


def _aucs(
    folder: Path, manifest: Path, photos: Sequence[LabelledPhoto], split: str
) -> dict[str, float]:
    """Within each source that has enough photos; of lesions that were not learnt."""
    judged = photos_of(photos, split)
    scores = run_scores(folder, manifest, split).scores
    kept = np.array([not photo.lesion_in_train for photo in judged])
    labels = np.array([int(photo.malignant) for photo in judged])[kept]
    sources = sources_of(judged)
    if sources is not None:
        sources = sources[kept]
    return {
        name: roc_auc(labels[mask], scores[kept][mask])
        for name, mask in judged_sources(labels, sources).items()
    }


def _path(settings: Settings, plan: Plan) -> Path:
    return settings.out / f"{plan.name}.json"


def _read_row(settings: Settings, plan: Plan) -> Row | None:
    """A row that is there; None if it is not.

    Raises:
        BenchmarkError: when it is damaged, or comes of other settings or photos.
    """
    path = _path(settings, plan)
    if not path.exists():
        return None
    try:
        row: Row = build(Row, parse(path.read_text(encoding="utf-8")), path.name)
    except (OSError, ValueError, TypeError) as error:
        raise BenchmarkError(
            f"{path} cannot be read: {error}. Remove it to train again."
        ) from error
    known = (settings.training, _sha256(settings.manifest), plan)
    if (row.training, row.manifest_sha256, row.plan) != known:
        raise BenchmarkError(
            f"{path} comes of other photos or options ({' '.join(row.training)}). Give"
            " those, or choose another --out."
        )
    return row


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write(settings: Settings, plans: Sequence[Plan]) -> Report:
    """Table and JSON of the rows that are there."""
    rows = [_read_row(settings, plan) for plan in plans]
    report = Report(
        revision().commit,
        settings.manifest.name,
        settings.training,
        tuple(row for row in rows if row is not None),
    )
    write_text(settings.out / REPORT, to_json(report))
    write_text(settings.out / TABLE, markdown(report))
    return report


@exit_status(stopped="stopped; give the same command again to go on")
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    print(markdown(run(parse_arguments(arguments))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
