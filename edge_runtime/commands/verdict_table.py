"""Verdicts and the model behind them as lines of text for a terminal."""

from edge_runtime.model.card import ModelCard
from edge_runtime.model.evidence import headline
from edge_runtime.site_calibration.file import SITE_SPLIT
from edge_runtime.site_calibration.unlabelled import is_moved
from edge_runtime.verdict import NOTICE, UNUSABLE, Verdict

# Long enough for the names that cameras give, short enough for a terminal.
WIDEST_NAME = 44


def model_lines(card: ModelCard) -> tuple[str, ...]:
    """Which model judges, how well it does, and what it is not."""
    measured = headline(card.accuracy)
    n = measured.recall.n + measured.specificity.n
    whose = "this site's own" if measured.split == SITE_SPLIT else card.data.name
    which = "the file's own threshold" if is_moved(card) else "this threshold"
    lines = (
        f"{card.name}: {NOTICE}",
        f"on {measured.split} ({whose}, {n} photos) at {which}:"
        f" recall {measured.recall.in_words},"
        f" specificity {measured.specificity.in_words}"
        " (95 % intervals)",
    )
    if is_moved(card):
        moved = "threshold moved by this site's unlabelled photos; recall not measured"
        return (*lines, moved)
    return lines


def heading(name_width: int) -> str:
    """Names of the columns that ``row`` writes."""
    return _columns(
        name_width, "photo", "decision", "probability", "threshold", "ms", "findings"
    )


def row(verdict: Verdict, name_width: int) -> str:
    """One verdict on one line."""
    return _columns(
        name_width,
        verdict.photo,
        verdict.decision,
        # Beside an unusable photo it would be read as an answer.
        "-" if verdict.decision == UNUSABLE else f"{verdict.probability:.3f}",
        f"{verdict.threshold:.3f}",
        f"{verdict.timings_ms['total']:.1f}",
        "; ".join(f"{found.name}: {found.message}" for found in verdict.findings),
    )


def _columns(
    name_width: int,
    name: str,
    decision: str,
    probability: str,
    threshold: str,
    duration: str,
    findings: str,
) -> str:
    if len(name) > name_width:
        # The end of a path tells more than its beginning.
        name = "…" + name[len(name) - name_width + 1 :]
    return (
        f"{name:<{name_width}}  {decision:<14}  {probability:>11}  {threshold:>9}"
        f"  {duration:>7}  {findings}"
    ).rstrip()
