"""The photos that a file gets most wrong, source by source, from the user's folder."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.errors import BenchmarkError
from benchmarks.html.photo_page import Card, photo_page
from benchmarks.measure.measurement import Measurement, PhotoScore
from benchmarks.results.result import BenchmarkResult
from edge_runtime.verdict import NOTICE

FILE = "most_wrong.html"
SHOWN = 6
"""Photos of each kind and source."""


def most_wrong_page(
    results: Mapping[str, Sequence[BenchmarkResult]], folder: Path
) -> str:
    """The page; a model that several machines measured is shown once.

    Args:
        results: by machine.
        folder: of the manifest, where the photos lie.

    Raises:
        BenchmarkError: when none of the photos lies in the folder.
    """
    found = {
        result.measurement.subject.name: result.measurement
        for several in results.values()
        for result in several
        if result.measurement.scores
    }
    groups = {
        heading: cards
        for name in sorted(found)
        for heading, cards in _groups(found[name])
    }
    photos = [card.photo for cards in groups.values() for card in cards]
    if photos and not any((folder / photo).is_file() for photo in photos):
        raise BenchmarkError(
            f"expected the photos of the results in {folder}, such as"
            f" {folder / photos[0]}, and found none. Give the folder of the manifest"
        )
    text = (
        f"{NOTICE}\nThis page holds photos of {folder}. It is for this computer: do not"
        " commit it, and pass it on only where the photos may go.\nFor each file and"
        f" source, up to {SHOWN} missed malignant photos with the lowest scores and as"
        " many false alarms with the highest. The label may be wrong, too."
    )
    return photo_page("The most wrong photos", text, groups, folder)


def _groups(measurement: Measurement) -> Iterator[tuple[str, tuple[Card, ...]]]:
    """Headings with their photos."""
    name, threshold = (
        measurement.subject.name,
        measurement.subject.threshold_score,
    )
    for source in sorted({photo.source or "" for photo in measurement.scores}):
        judged = [
            photo
            for photo in measurement.scores
            if not source or (photo.source == source and not photo.lesion_in_train)
        ]
        where = f", {source}" if source else ""
        for kind, photos in (
            ("malignant, missed", missed(judged, threshold)),
            ("not malignant, called malignant", alarms(judged, threshold)),
        ):
            if photos:
                count = f"{min(SHOWN, len(photos))} of {len(photos)}"
                yield (
                    f"{name}{where}: {kind} ({count})",
                    tuple(_card(photo, threshold) for photo in photos[:SHOWN]),
                )


def missed(photos: Iterable[PhotoScore], threshold: float) -> list[PhotoScore]:
    """Malignant photos below the threshold, the lowest score first."""
    found = [x for x in photos if x.malignant and x.score < threshold]
    return sorted(found, key=lambda photo: (photo.score, photo.photo))


def alarms(photos: Iterable[PhotoScore], threshold: float) -> list[PhotoScore]:
    """Other photos at or above the threshold, the highest score first."""
    found = [x for x in photos if not x.malignant and x.score >= threshold]
    return sorted(found, key=lambda photo: (-photo.score, photo.photo))


def _card(photo: PhotoScore, threshold: float) -> Card:
    unusable = "" if photo.usable else "; the quality check finds it unusable"
    return Card(
        photo.photo, f"score {photo.score:.3f}, threshold {threshold:.3f}{unusable}"
    )
