"""Verdicts and the model behind them as lines of text for a terminal."""

from edge_runtime.verdict import UNUSABLE, Verdict

# Long enough for the names that cameras give, short enough for a terminal.
WIDEST_NAME = 44


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
