"""Generated photos of lesions beside real ones: near, copied, told apart, like them.

Everything that is said of a generator's photos is said of real training photos too:
what two real sets differ by is the best that a generator could reach.

Run: python -m benchmarks.generated.generated_bench runs/gan/photos/manifest.csv
--manifest data/all.csv --judge runs/lesion64 --out results/generated
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.errors import BenchmarkError
from benchmarks.generated.distances import frechet, kernel_distance, told_apart
from benchmarks.generated.grids import grid
from benchmarks.generated.photo_sets import PhotoSet, group, of_make_up, photo_set
from benchmarks.measure.colour_baseline import colour_features
from benchmarks.robustness.run_scores import run_scores
from benchmarks.text.tables import Table, markdown_table
from edge_runtime.evaluation.sources import mean_auc
from edge_runtime.files.atomic import write_bytes, write_text
from edge_runtime.files.strict_json import to_json
from edge_runtime.measuring.revision import revision
from edge_runtime.photos.manifest import (
    COLUMNS,
    SYNTHETIC,
    photos_of,
    read_manifest,
    write_manifest,
)
from edge_runtime.photos.neighbours import Floats, nearest, small
from edge_runtime.photos.quality import square_findings
from edge_runtime.terminal.arguments import at_least
from edge_runtime.terminal.command_parser import Defaults
from edge_runtime.terminal.exit_status import exit_status
from edge_runtime.verdict import NOTICE

TABLE, REPORT = "generated.md", "generated.json"
REAL = "real training photos"
FOREIGN = frozenset({"no_lesion", "not_skin", "unfamiliar"})
"""Findings by which the runtime says that a picture shows no lesion it knows."""


@dataclass(frozen=True)
class Row:
    """One set of photos, compared with the test photos.

    Attributes:
        name: of the set.
        frechet: squared distance in the judge's features.
        kernel: KID, likewise.
        probe_features: AUC of a regression that tells the set from the test photos by
            these features.
        probe_colour: the same by mean and deviation of each colour.
        label_auc: of the judge's score against the label, mean over sources.
        score: mean of the judge's score of malignant photos, less that of benign ones.
        foreign: share that the runtime's quality check calls no lesion it knows.
        nearest: median distance to the nearest training photo, levels of 255.
        near: share nearer to one than 1 % of the test photos.
        colour: largest difference of the three mean colours, levels of 255.
        spread: deviation of mean luma between photos, over that of the test photos.
        detail: energy of the finest detail, over that of the test photos.
    """

    name: str
    frechet: float
    kernel: float
    probe_features: float
    probe_colour: float
    label_auc: float
    score: float
    foreign: float
    nearest: float
    near: float
    colour: float
    spread: float
    detail: float


@dataclass(frozen=True)
class Report:
    """All rows, and what they were measured on.

    Attributes:
        manifest: file name of the real photos' table.
        judge: name of the run whose network has the features.
        photos: in every set.
        test_label_auc: of the judge on the test photos of that make-up.
        test_foreign: share of these that the quality check calls no lesion it knows.
        test_nearest: median distance of these to the nearest training photo.
        commit: of the checkout; None outside one.
        rows: real training photos first.
    """

    manifest: str
    judge: str
    photos: int
    test_label_auc: float
    test_foreign: float
    test_nearest: float
    commit: str | None
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class _Seen:
    """A set and what is measured of each photo; arrays of ``n`` rows."""

    photos: PhotoSet
    features: NDArray[np.float64]
    scores: NDArray[np.float64]
    colours: NDArray[np.float64]
    distance: NDArray[np.float64]

    @property
    def label_auc(self) -> float:
        return mean_auc(self.photos.malignant, self.scores, self.photos.sources)

    @property
    def foreign(self) -> float:
        pictures = map(Image.fromarray, self.photos.pixels)
        found = [
            bool(FOREIGN & {each.name for each in square_findings(picture, picture)})
            for picture in pictures
        ]
        return float(np.mean(found))

    @property
    def detail(self) -> float:
        luma = self.photos.pixels.astype(np.float64).mean(axis=-1)
        fine = luma[:, 1:, 1:] - luma[:, :-1, 1:] - luma[:, 1:, :-1] + luma[:, :-1, :-1]
        return float((fine**2).mean())


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Turn command-line words into options, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Compare generated photos with real test photos of the same"
        " sources and labels, and real training photos with these beside it."
        " Research and education; not a medical device.",
        formatter_class=Defaults,
    )
    add = parser.add_argument
    add(
        "generated",
        nargs="+",
        type=Path,
        metavar="MANIFEST",
        help="tables of training/generate.py",
    )
    add("--manifest", type=Path, required=True, help="real photos, which they learnt")
    add(
        "--judge",
        type=Path,
        required=True,
        metavar="RUN",
        help="finished run of training/train.py; its last features are compared",
    )
    add("--photos", type=at_least(50), default=600, help="in every set, at most")
    add("--seed", type=at_least(0), default=0, help="which real photos are drawn")
    add("--out", type=Path, default=Path("results"), help=f"folder for {TABLE}, grids")
    return parser.parse_args(arguments)


def compare(options: argparse.Namespace) -> Report:
    """Judge all sets; write table, JSON and a grid of each generator's photos.

    Raises:
        EdgeRuntimeError: when a table is none of generated photos, or real ones of some
            source and label are missing.
    """
    real = read_manifest(options.manifest)
    tables = {_name(path): read_manifest(path) for path in options.generated}
    for name, photos in tables.items():
        if any(each.columns.get(SYNTHETIC) != "1" for each in photos):
            raise BenchmarkError(
                f"{name} has photos that are not generated; expected tables of"
                " training/generate.py"
            )
    count = min(options.photos, *(len(photos) for photos in tables.values()))
    sets = [photo_set(name, photos[:count]) for name, photos in tables.items()]
    wanted = Counter(group(each) for each in next(iter(tables.values()))[:count])
    train = photos_of(real, "train")
    test = of_make_up(photos_of(real, "test", clean=True), wanted, options.seed)
    learnt = of_make_up(train, wanted, options.seed)
    known = {each.lesion for each in learnt}
    training = small(photo_set("", train).pixels)
    # A training photo is no neighbour of itself.
    others = training[[each.lesion not in known for each in train]]
    seen = [
        _seen(photo_set("test", test), training, options.judge),
        _seen(photo_set(REAL, learnt), others, options.judge),
        *(_seen(each, training, options.judge) for each in sets),
    ]
    report = _report(options, count, seen)
    for each in sets:
        write_bytes(options.out / f"{each.name}.jpg", grid(each))
    write_text(options.out / REPORT, to_json(report))
    write_text(options.out / TABLE, markdown(report))
    return report


def _name(path: Path) -> str:
    """Of the run, and of the photos where they are not the usual ones."""
    folder = path.resolve().parent
    like = folder.name.removeprefix("photos")
    return folder.parent.name + like


def _seen(photos: PhotoSet, training: Floats, judge: Path) -> _Seen:
    """Let the run's network judge the set, in another process, by way of files."""
    with tempfile.TemporaryDirectory() as folder:
        rows = []
        for place, pixels in enumerate(photos.pixels):
            name = f"{place}.png"
            Image.fromarray(pixels).save(Path(folder) / name, compress_level=1)
            values = (name, ("benign", "malignant")[place % 2], "train", name, "0")
            rows.append(dict(zip(COLUMNS, values, strict=True)))
        write_manifest(Path(folder) / "photos.csv", rows)
        found = run_scores(judge, Path(folder) / "photos.csv", "train")
    colours = np.stack([colour_features(each) for each in photos.pixels])
    distance = nearest(small(photos.pixels), training).distance
    return _Seen(photos, found.features, found.scores, colours, distance)


def _report(options: argparse.Namespace, count: int, seen: Sequence[_Seen]) -> Report:
    test, *others = seen
    return Report(
        options.manifest.name,
        options.judge.name,
        count,
        test.label_auc,
        test.foreign,
        float(np.median(test.distance)),
        revision().commit,
        tuple(_row(each, test) for each in others),
    )


def _row(seen: _Seen, test: _Seen) -> Row:
    malignant = seen.photos.malignant == 1
    means = [255 * each.colours[:, :3] for each in (seen, test)]
    lumas = [each.mean(axis=1) for each in means]
    return Row(
        name=seen.photos.name,
        frechet=frechet(seen.features, test.features),
        kernel=kernel_distance(seen.features, test.features),
        probe_features=told_apart(test.features, seen.features),
        probe_colour=told_apart(test.colours, seen.colours),
        label_auc=seen.label_auc,
        score=float(seen.scores[malignant].mean() - seen.scores[~malignant].mean()),
        foreign=seen.foreign,
        nearest=float(np.median(seen.distance)),
        near=float((seen.distance < np.quantile(test.distance, 0.01)).mean()),
        colour=float(np.abs(means[0].mean(axis=0) - means[1].mean(axis=0)).max()),
        spread=float(lumas[0].std() / lumas[1].std()),
        detail=seen.detail / test.detail,
    )


def markdown(report: Report) -> str:
    """One table: sets of photos down, questions across."""
    rows = tuple(
        (
            row.name,
            f"{row.frechet:.2f}",
            f"{1000 * row.kernel:.1f}",
            f"{row.probe_features:.3f}",
            f"{row.probe_colour:.3f}",
            f"{row.label_auc:.3f}",
            f"{row.score:.2f}",
            f"{row.foreign:.3f}",
            f"{row.nearest:.1f}",
            f"{row.near:.3f}",
            f"{row.colour:.1f}",
            f"{row.spread:.2f}",
            f"{row.detail:.2f}",
        )
        for row in report.rows
    )
    head = (
        "photos", "FID", "KID x 1000", "probe, features", "probe, colour", "label AUC",
        "score gap", "foreign", "nearest", "near", "colour", "spread", "detail",
    )  # fmt: skip
    caption = (
        f"{NOTICE[0].upper()}{NOTICE[1:]}. {report.photos} photos a set, compared with"
        f" as many test photos of {report.manifest} of the same sources and labels,"
        f" all at 64 px; features of {report.judge}. FID, KID: distance from the test"
        " photos; the first row is what two real sets differ by. Probe: AUC by which a"
        " logistic regression tells the set from the test photos; 0.5 would be perfect."
        " Label AUC: of the judge's score against the label that was asked for, mean of"
        f" the sources; {report.test_label_auc:.3f} on the test photos. Score gap:"
        " malignant less benign, mean score. Foreign: share that the runtime's quality"
        f" check takes for no lesion it knows; {report.test_foreign:.3f} of the test"
        " photos. Nearest: median distance to the nearest training photo, levels of"
        f" 255; {report.test_nearest:.1f} for the test photos. Near: share nearer than"
        " 1 % of the test photos. Colour: largest difference of mean colours, levels."
        " Spread, detail: deviation of brightness between photos, and energy of the"
        f" finest detail, over those of the test photos. Commit {report.commit}."
    )
    table = Table("Generated photos", head, rows, caption)
    return "\n\n".join(markdown_table(table)) + "\n"


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    print(markdown(compare(parse(arguments))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
