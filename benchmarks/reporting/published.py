"""The published project's own figures, shown beside ours and never mixed with them.

``published.json`` quotes them with the lines they stand on. They were computed in
floating point, by others, at a threshold of 0.5; nothing here was measured again.
"""

import typing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.text.tables import Table
from edge_runtime.files.strict_json import build, parse

_FILE = Path(__file__).with_name("published.json")


@dataclass(frozen=True)
class PublishedNetwork:
    """One network of the seed on its test photos.

    Attributes:
        name: as this project calls it.
        image_size_px: side of the square it was trained on.
        augmentation: of its training photos.
        parameters: as printed.
        auc: area under the ROC curve, as printed.
        false_negatives: as printed.
        false_positives: as printed.
        recall: as printed.
        precision: as printed.
        section: heading it stands under.
        lines: of the document.
        note: what to know before comparing; None where nothing.
    """

    name: str
    image_size_px: int
    augmentation: str
    parameters: int
    auc: float
    false_negatives: int
    false_positives: int
    recall: float
    precision: float
    section: str
    lines: str
    note: str | None


@dataclass(frozen=True)
class Published:
    """All quoted figures and where they come from.

    Attributes:
        source: the document.
        data: the photos.
        malignant: how many of them are.
        other: how many are not.
        threshold: of the scores.
        networks: in the document's order.
    """

    source: str
    data: str
    malignant: int
    other: int
    threshold: float
    networks: tuple[PublishedNetwork, ...]

    def specificity(self, network: PublishedNetwork) -> float | None:
        """Share of the other photos left alone; None where the counts do not tell it.

        A network with two outputs counts every mistake once as a miss and once as a
        false alarm; then the printed recall is not the share of malignant photos
        found, and the printed false alarms are not those among the other photos.
        """
        found = self.malignant - network.false_negatives
        if abs(found / self.malignant - network.recall) > 1e-6:
            return None
        return (self.other - network.false_positives) / self.other


def read_published(path: Path = _FILE) -> Published:
    """The quoted figures; ValueError or TypeError if the file was damaged."""
    values = parse(path.read_text(encoding="utf-8"))
    return typing.cast("Published", build(Published, values, path.name))


def published_table(published: Published) -> Table:
    """What the published project printed about its own networks."""
    return Table(
        "Published by the published project, not measured here",
        (
            "network",
            "input px",
            "parameters",
            "recall",
            "specificity",
            "AUC",
            "on lines",
        ),
        tuple(
            (
                network.name,
                str(network.image_size_px),
                f"{network.parameters:,}",
                *_published_pair(published, network.recall, specificity),
                f"{network.auc:.3f}",
                network.lines,
            )
            for network in published.networks
            for specificity in (published.specificity(network),)
        ),
        f"Floating point, at threshold {published.threshold},"
        f" {published.malignant} malignant and {published.other} other photos of"
        f" {published.data}; latency not published. From the {published.source}."
        " Specificity follows from the printed false positives. "
        + " ".join(f"{n.name}: {n.note}" for n in published.networks if n.note),
    )


def _published_pair(
    published: Published, recall: float, specificity: float | None
) -> tuple[str, str]:
    if specificity is None:
        return "not published", "not published"
    return f"{recall:.3f}", f"{specificity:.3f}"
