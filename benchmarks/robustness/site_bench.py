"""What a site's own photos buy: recall and specificity after calibrating on so many.

For each change of the shift bench that a new camera could make, thresholds are learnt
from 50, 100 and 200 changed photos of the validation split, drawn again and again, and
tried on the changed test photos. Compare with the threshold of the card. Where a
manifest names several sources, each is such a site, with its own photos as taken.

Run: python -m benchmarks.robustness.site_bench models/a.tflite --manifest
data/fanconic.csv
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import BenchmarkError
from benchmarks.robustness.changes import SHIFTS, shifted
from benchmarks.robustness.shift_bench import split_squares
from benchmarks.text.tables import Table, markdown_table
from edge_runtime.classifier import LesionClassifier
from edge_runtime.evaluation.metrics import threshold_at_recall
from edge_runtime.evaluation.sources import LEAST_MALIGNANT, is_judged
from edge_runtime.files.atomic import write_text
from edge_runtime.measuring.revision import revision
from edge_runtime.model.card import ModelCard
from edge_runtime.model.operating_point import recall_and_specificity
from edge_runtime.photos.manifest import (
    LabelledPhoto,
    of_source,
    photos_of,
    read_manifest,
    sources_of,
)
from edge_runtime.photos.preprocessing import resize
from edge_runtime.site_calibration.labelled import LEAST_OTHER, needed_malignant
from edge_runtime.site_calibration.unlabelled import expected_share, score_that_calls
from edge_runtime.terminal.command_parser import Defaults
from edge_runtime.terminal.exit_status import exit_status
from edge_runtime.terminal.progress import ProgressLine

TABLE = "sites.md"
COUNTS = (50, 100, 200)
UNLABELLED_COUNTS = (100, 200)
# What a site states of its share of malignant photos, over the true one.
WRONG = 0.5
DRAWS = 200
STRENGTH = 2
AS_TAKEN = "as taken"
CHANGED = ("cooler", "darker", "brighter", "blurred", "dermoscope ring", "hairy")
"""What another camera or hand does, where there is no photo of one."""
TARGET_RECALL = 0.95


@dataclass(frozen=True)
class Scored:
    """Labels, 1 for malignant, and scores of photos; shape ``(n,)``."""

    labels: NDArray[np.int64]
    scores: NDArray[np.float64]


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Turn command-line arguments into options, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Calibrate a file's threshold on changed validation photos, as a"
        " site with another camera would on its own, and try it on changed test"
        " photos.",
        formatter_class=Defaults,
    )
    add = parser.add_argument
    add("model", type=Path, help="a .tflite file")
    add("--manifest", type=Path, required=True, help="table of labelled photos")
    add(
        "--shifts",
        nargs="+",
        choices=SHIFTS,
        metavar="NAME",
        help="changes of the shift bench, at strength 2 (default: of one source"
        f" {', '.join(CHANGED)}; of several sources none)",
    )
    add("--out", type=Path, default=Path("results"), help=f"folder for {TABLE}")
    return parser.parse_args(arguments)


def bench(options: argparse.Namespace) -> str:
    """Calibrate and try, write the table and return it."""
    classifier = LesionClassifier.load(options.model, site=False)
    photos = read_manifest(options.manifest)
    sites = sites_of(photos)
    shifts = options.shifts or (CHANGED if len(sites) == 1 else (AS_TAKEN,))
    cases = [(site, shift) for site in sites for shift in shifts]
    rows = []
    with ProgressLine() as line:
        for place, (of, shift) in enumerate(cases):
            name = ", ".join(filter(None, (of.source, _in_words(shift))))
            line.show("cases judged", place, len(cases), name)
            site = _scored(classifier, of.own, shift)
            tried = _scored(classifier, of.tried, shift)
            before = _rates(tried, classifier.card.threshold.score)
            after = [calibrated_rates(site, tried, count) for count in COUNTS]
            after += _without_labels(site, tried, classifier.card)
            counted = f"{int(tried.labels.sum())} / {int((tried.labels == 0).sum())}"
            rows.append((name, counted, _pair(*before), *map(_spread, after)))
    table = Table(
        title=f"Calibrating {options.model.stem} on a site's own photos",
        head=(
            "site",
            "tried on, malignant / other",
            "threshold of the card",
            *(f"{n} photos" for n in COUNTS),
            *(f"{n} without labels" for n in UNLABELLED_COUNTS),
            f"{UNLABELLED_COUNTS[-1]} without labels, {WRONG:g} of the share stated",
        ),
        rows=tuple(rows),
        caption="Research and education; not a medical device. Recall / specificity on"
        " the site's test photos, of several sources without lesions of the training"
        f" photos. Calibrated: threshold for {TARGET_RECALL:.0%} recall on photos drawn"
        " from the site's own validation photos"
        f" ({', '.join(_own_in_words(site) for site in sites)}),"
        f" {DRAWS} draws; the median, and in brackets from the 5th"
        f" to the 95th percentile. `calibrate` itself refuses fewer than"
        f" {needed_malignant(TARGET_RECALL)} malignant and {LEAST_OTHER} other lesions."
        " Without labels: the threshold calls the share of photos that the card lets"
        " expect at the share of malignant ones that the site states, here the true"
        f" one or {WRONG:g} of it."
        f" Commit {revision().commit}.",
    )
    text = "\n\n".join(markdown_table(table)) + "\n"
    write_text(options.out / TABLE, text)
    return text


@dataclass(frozen=True)
class Site:
    """A place that calibrates on photos of its own.

    Attributes:
        source: its name; None where all photos are of one.
        own: photos to calibrate on.
        tried: others to judge.
    """

    source: str | None
    own: tuple[LabelledPhoto, ...]
    tried: tuple[LabelledPhoto, ...]


def sites_of(photos: Sequence[LabelledPhoto]) -> tuple[Site, ...]:
    """Every source that counts in val and in test, or all photos as one site.

    Raises:
        BenchmarkError: when there are several sources, and none has enough photos.
    """
    val, test = photos_of(photos, "val"), photos_of(photos, "test")
    names = sources_of((*val, *test))
    if names is None:
        return (Site(None, val, test),)
    sites = []
    for name in map(str, np.unique(names)):
        own = of_source(val, name)
        tried = photos_of(of_source(test, name), "test", clean=True)
        if is_judged(_labels(own)) and is_judged(_labels(tried)):
            sites.append(Site(name, own, tried))
    if not sites:
        raise BenchmarkError(
            f"no source has {LEAST_MALIGNANT} malignant photos in val and in test"
        )
    return tuple(sites)


def _labels(photos: Sequence[LabelledPhoto]) -> NDArray[np.int64]:
    return np.array([int(photo.malignant) for photo in photos], np.int64)


def _in_words(shift: str) -> str:
    return shift if shift == AS_TAKEN else f"{shift} {STRENGTH}"


def _own_in_words(site: Site) -> str:
    malignant = int(_labels(site.own).sum())
    of = f"{site.source}: " if site.source else ""
    return f"{of}{malignant} malignant of {len(site.own)}"


def moved_rates(
    site: Scored, tried: Scored, card: ModelCard, count: int, stated: float
) -> NDArray[np.float64]:
    """Recall and specificity after moving the threshold; shape ``(DRAWS, 2)``.

    Args:
        site: photos of which ``count`` are drawn without return, labels unseen.
        tried: photos to judge at the threshold.
        card: of the model.
        count: photos in a draw.
        stated: share of malignant photos that the site states.
    """
    generator, share = np.random.default_rng(0), expected_share(card, stated)
    draws = (generator.permutation(site.scores.size)[:count] for _ in range(DRAWS))
    return np.array(
        [_rates(tried, score_that_calls(site.scores[x], share)) for x in draws]
    )


def _without_labels(
    site: Scored, tried: Scored, card: ModelCard
) -> list[NDArray[np.float64]]:
    true = float(site.labels.mean())
    cases = [(count, true) for count in UNLABELLED_COUNTS]
    cases.append((UNLABELLED_COUNTS[-1], WRONG * true))
    return [moved_rates(site, tried, card, count, stated) for count, stated in cases]


def calibrated_rates(site: Scored, tried: Scored, count: int) -> NDArray[np.float64]:
    """Recall and specificity over ``DRAWS`` draws; shape ``(DRAWS, 2)``.

    Args:
        site: photos to calibrate on, of which ``count`` are drawn without return.
        tried: photos to judge at the threshold.
        count: at most as many as ``site`` has are drawn; draws of one class only are
            drawn again.
    """
    generator = np.random.default_rng(0)
    rates: list[tuple[float, float]] = []
    while len(rates) < DRAWS:
        drawn = generator.permutation(site.labels.size)[:count]
        labels = site.labels[drawn]
        if np.unique(labels).size == 2:
            at = threshold_at_recall(labels, site.scores[drawn], TARGET_RECALL)
            rates.append(_rates(tried, at))
    return np.array(rates)


def _scored(
    classifier: LesionClassifier, photos: Sequence[LabelledPhoto], shift: str
) -> Scored:
    size_px = classifier.card.input.size_px

    def changed(square: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
        if shift == AS_TAKEN:
            return square
        return shifted(square, SHIFTS[shift], STRENGTH, seed)

    scores = [
        classifier.score(resize(changed(square, seed), size_px))
        for seed, square in enumerate(split_squares(photos))
    ]
    return Scored(_labels(photos), np.array(scores))


def _rates(tried: Scored, threshold: float) -> tuple[float, float]:
    recall, specificity = recall_and_specificity(tried.labels, tried.scores, threshold)
    return recall.value, specificity.value


def _pair(recall: float, specificity: float) -> str:
    return f"{recall:.2f} / {specificity:.2f}"


def _spread(rates: NDArray[np.float64]) -> str:
    low, middle, high = np.percentile(rates, (5, 50, 95), axis=0)
    return (
        f"{_pair(*middle)} ({low[0]:.2f} to {high[0]:.2f}"
        f" / {low[1]:.2f} to {high[1]:.2f})"
    )


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    print(bench(parse(arguments)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
