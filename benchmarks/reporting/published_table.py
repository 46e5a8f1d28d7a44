"""The seed's published figures as a table, apart from everything measured."""

from benchmarks.reporting.published import Published
from benchmarks.text.tables import Table


def published_table(published: Published) -> Table:
    """What the seed project printed about its own networks."""
    return Table(
        "Published by the seed project, not measured here",
        ("network", "input px", "parameters", "recall", "specificity", "AUC", "lines"),
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
