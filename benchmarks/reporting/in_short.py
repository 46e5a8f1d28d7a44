"""What a report says, in one sentence a machine: recall, specificity, time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.reporting.summary import Headline, Row
from benchmarks.reporting.tables.overview import main_photos
from benchmarks.reporting.tables.quality import first_quality
from benchmarks.text.formatting import NOT_MEASURED, milliseconds


@dataclass(frozen=True)
class Sentence:
    """One sentence in parts, so that a page can give each model a line.

    Attributes:
        lead: which photos it is about.
        models: what each model reaches, in the order of the tables.
    """

    lead: str
    models: tuple[str, ...]

    @property
    def whole(self) -> str:
        """The sentence in one piece."""
        return f"{self.lead} {'; '.join(self.models)}."


def in_short(rows: Sequence[Row]) -> Sentence | None:
    """One sentence on all models of a machine; None where nothing has both figures.

    Of several sources, it names the mean and the source where the file does worst, so
    that no good mean hides it.
    """
    alike = len({row.headline.photos for row in rows if row.headline}) < 2
    told = tuple(words for row in rows for words in _of_row(row, named=not alike))
    lead = f"On {main_photos(rows)}:" if alike else "Each on photos of its own:"
    return Sentence(lead, told) if told else None


def _of_row(row: Row, *, named: bool) -> Iterable[str]:
    """What a row reaches; ``named``: with the photos, which not all rows share."""
    found, latency = row.headline, row.photo_to_verdict
    if found is None or latency is None or found.recall is None:
        return
    yield (
        f"{row.name}: {_pair(found)} in {milliseconds(latency.median_ms)} ms"
        f"{_worst(row)}{f' on {found.photos}' if named else ''}"
    )


def _worst(row: Row) -> str:
    if row.over_sources is None:
        return ""
    worst = first_quality(row, row.over_sources.worst)
    if worst is None or worst.recall is None or worst.specificity is None:
        return ""
    return (
        f" (worst source, {worst.source}: {worst.recall.value:.2f} at"
        f" {worst.specificity.value:.2f})"
    )


def _pair(found: Headline) -> str:
    if found.recall is None or found.specificity is None:
        return NOT_MEASURED
    return (
        f"{found.recall.value:.2f} recall at {found.specificity.value:.2f} specificity"
    )
