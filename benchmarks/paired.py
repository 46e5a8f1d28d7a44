"""Two models on the same photos: do they differ, and on which photos.

Run: python benchmarks/paired.py results/MACHINE cnn64.float32 cnn64.qat_int8
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

if not __package__:
    # Started as a file: Python put benchmarks/ first on the path. Put the checkout
    # there instead, so that our packages import and no module here hides another.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.errors import BenchmarkError
from benchmarks.html.photo_page import Card, photo_page
from benchmarks.measure.measurement import Measurement
from benchmarks.results.comparison import Change, quality_changes, shared
from benchmarks.results.result import BenchmarkResult
from edge_runtime.evaluation.intervals import delong_test, mcnemar_exact
from edge_runtime.files.atomic import write_text
from edge_runtime.files.strict_json import to_json
from edge_runtime.terminal.exit_status import exit_status
from edge_runtime.verdict import NOTICE


@dataclass(frozen=True)
class Flip:
    """A photo that the two models decide differently.

    Attributes:
        photo: path relative to the manifest's folder.
        malignant: what the manifest says.
        first_score: raw score of the first model.
        second_score: of the second.
        first_right: whether the first was right; then the second was not.
    """

    photo: str
    malignant: bool
    first_score: float
    second_score: float
    first_right: bool


def flips_page(text: str, flips: Sequence[Flip], folder: Path | None) -> str:
    """The whole page; without a folder it names the photos and shows none."""
    cards = [Card(flip.photo, _words(flip)) for flip in flips]
    return photo_page("Photos decided differently", text, {"": cards}, folder)


def _words(flip: Flip) -> str:
    label = "malignant" if flip.malignant else "not malignant"
    right = "first" if flip.first_right else "second"
    return (
        f"{label}; {flip.first_score:.3f} \N{RIGHTWARDS ARROW} {flip.second_score:.3f};"
        f" {right} model right"
    )


@dataclass(frozen=True)
class Paired:
    """All that the photos in common tell about two models.

    Attributes:
        first: name of the first model.
        second: name of the second.
        photos: how many both judged.
        malignant: how many of these are.
        recall: second minus first, interval by lesion.
        specificity: second minus first, interval by lesion.
        auc: second minus first, interval by lesion.
        auc_delong_p: probability of such a difference in AUC if there were none.
        recall_mcnemar_p: the same for recall, from the flips among malignant photos.
        specificity_mcnemar_p: and for specificity, from those among the others.
        flips: photos decided differently, the largest change of score first.
    """

    first: str
    second: str
    photos: int
    malignant: int
    recall: Change
    specificity: Change
    auc: Change
    auc_delong_p: float
    recall_mcnemar_p: float
    specificity_mcnemar_p: float
    flips: tuple[Flip, ...]


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option."""

    results: Path
    first: str
    second: str
    photos: Path | None
    out: Path | None


def parse(arguments: Sequence[str] | None) -> Settings:
    """Turn command-line arguments into settings, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Compare two models on the photos both judged, such as a network in"
        " float and in int8: differences with intervals, DeLong's and McNemar's tests,"
        " and every photo that they decide differently."
    )
    option = parser.add_argument
    option("results", type=Path, help="folder of one machine, of benchmarks/run.py")
    option("first", help="a result there, without .json")
    option("second", help="another")
    option("--out", type=Path, help="folder for paired.json and paired.html")
    option(
        "--photos",
        type=Path,
        help="the manifest's folder: paired.html then shows the photos themselves, for"
        " your eyes only",
    )
    return Settings(**vars(parser.parse_args(arguments)))


def paired(first: Measurement, second: Measurement) -> Paired:
    """Compare two measurements.

    Raises:
        BenchmarkError: when they have too few photos in common.
    """
    names = [found.subject.name for found in (first, second)]
    try:
        changes = quality_changes(first, second)
        one, other = shared(first, second)
        delong_p = delong_test(one.labels, one.scores, other.scores)
    except ValueError as error:
        raise BenchmarkError(f"{names[0]} and {names[1]}: {error}") from error
    flips = _flips(first, second)
    return Paired(
        first=names[0],
        second=names[1],
        photos=one.labels.size,
        malignant=int(one.labels.sum()),
        recall=changes["recall"],
        specificity=changes["specificity"],
        auc=changes["auc"],
        auc_delong_p=delong_p,
        recall_mcnemar_p=_mcnemar([flip for flip in flips if flip.malignant]),
        specificity_mcnemar_p=_mcnemar([flip for flip in flips if not flip.malignant]),
        flips=flips,
    )


def _flips(first: Measurement, second: Measurement) -> tuple[Flip, ...]:
    known = {photo.photo: photo for photo in first.scores}
    flips = []
    for photo in second.scores:
        before = known.get(photo.photo)
        if before is None:
            continue
        called = before.score >= first.subject.threshold_score
        if called != (photo.score >= second.subject.threshold_score):
            flips.append(
                Flip(
                    photo.photo,
                    photo.malignant,
                    before.score,
                    photo.score,
                    called == photo.malignant,
                )
            )
    flips.sort(key=lambda flip: -abs(flip.second_score - flip.first_score))
    return tuple(flips)


def _mcnemar(flips: Sequence[Flip]) -> float:
    first = sum(flip.first_right for flip in flips)
    return mcnemar_exact(first, len(flips) - first)


def in_words(found: Paired) -> str:
    """The answer in a few lines."""
    only_first = sum(flip.first_right for flip in found.flips)
    lines = [
        f"{found.second} against {found.first}, {found.photos} photos in common,"
        f" {found.malignant} malignant; differences with 95 % intervals by lesion",
        *(
            f"{name:<12} {change.value:+.4f} ({change.interval.low:+.4f} to"
            f" {change.interval.high:+.4f})  {test} p = {p:.3g}"
            for name, change, test, p in (
                ("recall", found.recall, "McNemar", found.recall_mcnemar_p),
                (
                    "specificity",
                    found.specificity,
                    "McNemar",
                    found.specificity_mcnemar_p,
                ),
                ("AUC", found.auc, "DeLong", found.auc_delong_p),
            )
        ),
        f"decided differently: {len(found.flips)} photos; only {found.first} right:"
        f" {only_first}; only {found.second} right: {len(found.flips) - only_first}",
        NOTICE,
    ]
    return "\n".join(lines)


def compare(settings: Settings) -> None:
    """Read both results, compare, print, and write what is asked for."""
    first, second = (
        BenchmarkResult.read(settings.results / f"{name}.json").measurement
        for name in (settings.first, settings.second)
    )
    found = paired(first, second)
    print(in_words(found))
    if settings.out is not None:
        write_text(settings.out / "paired.json", to_json(found))
        page = settings.out / "paired.html"
        write_text(page, flips_page(in_words(found), found.flips, settings.photos))
        print(page)


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    compare(parse(arguments))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
