"""Trainings with and without generated photos as rows, and the table over their seeds.

The same seed means the same real photos, steps and first weights, so the difference
that generated photos make is taken seed by seed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.text.formatting import NOT_MEASURED
from benchmarks.text.tables import Table, markdown_table
from edge_runtime.verdict import NOTICE

ALONE = "real photos alone"

# Student's t, 95 % on both sides, by the number of seeds; a normal distribution above.
_T = {2: 12.7062, 3: 4.30265, 4: 3.18245, 5: 2.77645, 6: 2.57058, 7: 2.44691}
_NORMAL = 1.96


@dataclass(frozen=True)
class Plan:
    """One training.

    Attributes:
        table: of generated photos; ``ALONE`` for none.
        share: of the real training lesions.
        dose: generated photos for each real one.
        seed: of the training.
    """

    table: str
    share: float
    dose: float
    seed: int

    @property
    def name(self) -> str:
        """Of its files."""
        added = "alone" if self.table == ALONE else f"{self.table}_{self.dose:g}x"
        return f"real{100 * self.share:g}_{added}_seed{self.seed}"


@dataclass(frozen=True)
class Row:
    """What came of it.

    Attributes:
        plan: what was trained.
        training: options of ``training/train.py``.
        manifest_sha256: of the table of real photos.
        real: photos learnt from.
        generated: photos learnt from beside them.
        val: AUC by source.
        test: AUC by source, on lesions that are not in train.
        seconds: of training and judging.
    """

    plan: Plan
    training: tuple[str, ...]
    manifest_sha256: str
    real: int
    generated: int
    val: Mapping[str, float]
    test: Mapping[str, float]
    seconds: float


@dataclass(frozen=True)
class Report:
    """All rows that are there, as ``help.json`` holds them."""

    commit: str | None
    manifest: str
    training: tuple[str, ...]
    rows: tuple[Row, ...]


def mean_of(aucs: Mapping[str, float]) -> float:
    """Over the sources, each of the same weight."""
    return float(np.mean(list(aucs.values())))


def in_words(values: Sequence[float], form: str = ".3f") -> str:
    """Mean and 95 % interval over seeds; a normal spread of seeds is assumed.

    >>> in_words([0.80, 0.82, 0.81])
    '0.810 (0.785 to 0.835)'
    """
    if not values:
        return NOT_MEASURED
    mean = float(np.mean(values))
    if len(values) < 2:
        return f"{mean:{form}}"
    wide = _T.get(len(values), _NORMAL) * np.std(values, ddof=1) / len(values) ** 0.5
    return f"{mean:{form}} ({mean - wide:{form}} to {mean + wide:{form}})"


def markdown(report: Report) -> str:
    """One table: shares and doses down; sources, mean and difference across."""
    sources = list(report.rows[0].test) if report.rows else []
    head = (
        "real photos", "generated", "seeds", *(f"test {name or 'all'}" for name in
        sources), "validation mean", "test mean", "difference",
    )  # fmt: skip
    caption = (
        f"{NOTICE[0].upper()}{NOTICE[1:]}. AUC on real photos of {report.manifest}"
        " whose lesions are not in train; mean over the sources, each of the same"
        " weight; 95 % interval over seeds. Difference: of the test mean from the same"
        " seed without generated photos. Every training takes the same number of steps:"
        f" train.py {' '.join(report.training)}. Commit {report.commit}."
    )
    table = Table("Do generated photos help", head, tuple(_lines(report)), caption)
    return "\n\n".join(markdown_table(table)) + "\n"


def _lines(report: Report) -> Iterator[tuple[str, ...]]:
    alone = {
        (row.plan.share, row.plan.seed): mean_of(row.test)
        for row in report.rows
        if row.plan.table == ALONE
    }
    kinds = {(row.plan.share, row.plan.table, row.plan.dose) for row in report.rows}
    # Real photos alone stand first.
    for share, table, dose in sorted(kinds, key=lambda x: (x[0], x[1] != ALONE, *x)):
        rows = [
            row
            for row in report.rows
            if (row.plan.share, row.plan.table, row.plan.dose) == (share, table, dose)
        ]
        differences = [
            mean_of(row.test) - alone[share, row.plan.seed]
            for row in rows
            if (share, row.plan.seed) in alone
        ]
        yield (
            f"{rows[0].real:,} ({100 * share:g} %)",
            "none" if table == ALONE else f"{rows[0].generated:,} of {table}",
            str(len(rows)),
            *(f"{np.mean([row.test[name] for row in rows]):.3f}" for name in
              rows[0].test),
            in_words([mean_of(row.val) for row in rows]),
            in_words([mean_of(row.test) for row in rows]),
            "-" if table == ALONE else in_words(differences, "+.3f"),
        )  # fmt: skip
