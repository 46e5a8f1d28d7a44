"""What the peers took, as Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.results.comparison import Change
from benchmarks.text.formatting import NOT_MEASURED, machine_line, milliseconds
from edge_runtime.measuring.machine import Machine
from edge_runtime.verdict import NOTICE


@dataclass(frozen=True)
class Row:
    """One peer on one model; None: it could not run.

    Attributes:
        model: name of the file.
        peer: runtime and form of the network.
        version: of its package.
        interpreter_ms: median of the network alone.
        photo_ms: median from a photo's path to a score.
        interpreter_by_ours: its median by ours; above 1 ours is faster.
        photo_by_ours: the same ratio, from photo to score.
        largest_difference: of its scores from ours.
        problem: why it could not run.
    """

    model: str
    peer: str
    version: str | None = None
    interpreter_ms: float | None = None
    photo_ms: float | None = None
    interpreter_by_ours: Change | None = None
    photo_by_ours: Change | None = None
    largest_difference: float | None = None
    problem: str | None = None


@dataclass(frozen=True)
class PeerReport:
    """All rows, and what they were measured on."""

    commit: str | None
    machine: Machine
    rounds: int
    rows: tuple[Row, ...]


HEAD = (
    "model",
    "runtime",
    "network alone ms",
    "by ours",
    "photo to score ms",
    "by ours",
    "scores differ by up to",
)
SAME_SCORE = 1 / 256
"""One step of a stored output: two builds of one kernel round so far apart."""
SAME = f"with our scores, to {SAME_SCORE:.4f}"
FLOAT = "in float, with the scores of the network before quantisation"
OTHER = "in 8 bits, with other scores than the file's"


def peers_markdown(report: PeerReport) -> str:
    """The page."""
    lines = [
        "# Other runtimes",
        "",
        f"**{NOTICE}**",
        "",
        f"{machine_line(report.machine)}; commit {report.commit};"
        f" {report.rounds} rounds. One thread, one process a runtime, turn by turn in"
        " shuffled order. *By ours*: its median by ours with a 95 % interval; above 1"
        " ours is faster. Photo to score: ours is the whole verdict, its checks of the"
        " photo included, which no bare interpreter makes and which cost the difference"
        " to *photo not looked at*; the others decode, resize with Pillow and run.",
        "",
        f"| {' | '.join(HEAD)} |",
        f"|{'---|' * len(HEAD)}",
        *(f"| {' | '.join(_cells(row))} |" for row in report.rows),
        "",
        *_faster(report.rows),
        "",
    ]
    return "\n".join(lines)


def _faster(rows: Sequence[Row]) -> list[str]:
    """Who is certainly faster with the network alone, and whether by other scores."""
    groups: dict[str, list[str]] = {SAME: [], FLOAT: [], OTHER: []}
    for row in rows:
        ratio, difference = row.interpreter_by_ours, row.largest_difference
        if ratio is None or difference is None or ratio.interval.high >= 1:
            continue
        groups[_by_its_scores(row.peer, difference)].append(
            f"{row.peer} on {row.model} ({ratio.value:.2f} of our time,"
            f" scores up to {difference:.4f} apart)"
        )
    found = [f"- {words}: {'; '.join(who)}." for words, who in groups.items() if who]
    if not found:
        return ["No runtime is certainly faster than ours with the network alone."]
    return ["Certainly faster than ours with the network alone:", "", *found]


def _by_its_scores(peer: str, difference: float) -> str:
    if difference <= SAME_SCORE:
        return SAME
    return FLOAT if peer.endswith("float") else OTHER


def _cells(row: Row) -> tuple[str, ...]:
    if row.problem is not None:
        problem = row.problem.replace("|", "\\|")
        return row.model, row.peer, f"could not run: {problem}", "", "", "", ""
    difference = row.largest_difference
    return (
        row.model,
        f"{row.peer} {row.version}",
        milliseconds(row.interpreter_ms),
        _ratio(row.interpreter_by_ours),
        milliseconds(row.photo_ms),
        _ratio(row.photo_by_ours),
        NOT_MEASURED if difference is None else f"{difference:.4f}",
    )


def _ratio(change: Change | None) -> str:
    if change is None:
        return NOT_MEASURED
    low, high = change.interval.low, change.interval.high
    return f"{change.value:.2f} ({low:.2f}\N{EN DASH}{high:.2f})"
