"""The tables of the answers bench, as Markdown and as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmarks.answers.figures import Estimate, Scored, groups_of
from benchmarks.text.formatting import NOT_MEASURED, estimate
from benchmarks.text.tables import Table, markdown_table
from edge_runtime.photos.manifest import LabelledPhoto

ALL = "all"
DIAGNOSIS, FITZPATRICK, AGE, REGION = "diagnosis", "fitzpatrick", "age", "region"
AGES = ((0, 40), (40, 60), (60, 80), (80, 200))
REGIONS = {
    "head and neck": ("ear", "face", "lip", "neck", "nose", "scalp"),
    "trunk": ("abdomen", "back", "chest"),
    "limbs": ("arm", "foot", "forearm", "hand", "thigh"),
}
NOTICE = "Research and education; not a medical device."


@dataclass(frozen=True)
class Row:
    """One way to judge, and what it says.

    Attributes:
        name: of the case.
        title: in words.
        told: judged with all that the manifest tells.
        without: judged with an answer hidden, by the question's name, and ``all``.
    """

    name: str
    title: str
    told: Scored
    without: Mapping[str, Scored] = field(default_factory=dict)


@dataclass(frozen=True)
class Figures:
    """Of one way to judge.

    Attributes:
        name: of the case; behind a slash the answer that was hidden.
        title: in words.
        auc: of pairs within a fold.
        balanced_accuracy: at each fold's validation threshold, as the next two.
        recall: of the malignant photos.
        specificity: of the benign photos.
    """

    name: str
    title: str
    auc: Estimate
    balanced_accuracy: Estimate
    recall: Estimate
    specificity: Estimate


@dataclass(frozen=True)
class Group:
    """A part of the photos, judged by one of the cases."""

    case: str
    group: str
    malignant: int
    benign: int
    auc: Estimate
    recall: Estimate
    specificity: Estimate


@dataclass(frozen=True)
class Report:
    """All figures, as ``answers.json`` holds them."""

    commit: str | None
    seeds: tuple[int, ...]
    folds: int
    photos: int
    malignant: int
    patients: int
    rows: tuple[Figures, ...]
    groups: tuple[Group, ...]


def report_of(
    rows: Sequence[Row],
    photos: Sequence[LabelledPhoto],
    seeds: Sequence[int],
    folds: int,
    commit: str | None,
) -> tuple[Report, str]:
    """The report and its tables as Markdown."""
    figures = [_figures(row.name, row.title, row.told) for row in rows]
    with_answers = [row for row in rows if row.without]
    hidden = [
        _figures(f"{row.name}/{name}", _hidden(row, name), scored)
        for row in with_answers
        for name, scored in row.without.items()
    ]
    groups = [
        _group(row, name, mask)
        for row in with_answers[:1]
        for name, mask in _groups(photos).items()
    ]
    first = rows[0].told
    report = Report(
        commit,
        tuple(seeds),
        folds,
        len(photos),
        int(first.labels.sum()),
        len(set(first.patients.tolist())),
        (*figures, *hidden),
        tuple(groups),
    )
    shown = [
        _main_table("Image, answers, and both", figures, report),
        *([_hidden_table(figures, hidden)] if hidden else []),
        _diagnosis_table(rows, photos),
        *([_group_table(with_answers[0], groups)] if groups else []),
    ]
    parts = [part for table in shown for part in markdown_table(table)]
    return report, "\n\n".join(parts) + "\n"


def _figures(name: str, title: str, scored: Scored) -> Figures:
    return Figures(
        name,
        title,
        scored.auc(),
        scored.balanced_accuracy(),
        scored.recall(),
        scored.specificity(),
    )


def _hidden(row: Row, name: str) -> str:
    return f"{row.name}, {'all answers' if name == ALL else name} hidden"


def _group(row: Row, name: str, mask: NDArray[np.bool_]) -> Group:
    labels = row.told.labels[mask]
    return Group(
        row.name,
        name,
        int(labels.sum()),
        int(len(labels) - labels.sum()),
        row.told.auc(mask),
        row.told.recall(mask),
        row.told.specificity(mask),
    )


def _groups(photos: Sequence[LabelledPhoto]) -> dict[str, NDArray[np.bool_]]:
    """By skin type, age and region, where the manifest tells them."""
    found: dict[str, NDArray[np.bool_]] = {}
    types = [photo.columns.get(FITZPATRICK, "").strip() for photo in photos]
    found |= {f"Fitzpatrick {name}": mask for name, mask in groups_of(types).items()}
    ages = [photo.columns.get(AGE, "").strip() for photo in photos]
    for low, high in AGES:
        mask = np.array([bool(age) and low <= float(age) < high for age in ages])
        found[f"age {low} to {high - 1}" if high < 200 else f"age {low} or more"] = mask
    regions = [photo.columns.get(REGION, "").strip() for photo in photos]
    for name, members in REGIONS.items():
        found[f"region: {name}"] = np.array([each in members for each in regions])
    return {name: mask for name, mask in found.items() if mask.any()}


def _cell(found: Estimate) -> str:
    return estimate(found.value, found.interval)


def _main_table(title: str, figures: Sequence[Figures], report: Report) -> Table:
    return Table(
        title,
        ("judged by", "AUC", "balanced accuracy", "recall", "specificity"),
        tuple(
            (
                each.title,
                _cell(each.auc),
                _cell(each.balanced_accuracy),
                _cell(each.recall),
                _cell(each.specificity),
            )
            for each in figures
        ),
        f"{NOTICE} {report.photos} photos of {report.patients} patients,"
        f" {report.malignant} malignant. {report.folds} folds of patients; seeds"
        f" {', '.join(map(str, report.seeds))}. Each photo was judged by networks that"
        " never saw its patient. AUC of pairs within a fold; balanced accuracy, recall"
        " and specificity at the threshold that gives recall 0.95 on each fold's"
        " validation photos. In brackets: 95 % intervals over patients. A row marked"
        " SHORTCUT is no result: the answers were only recorded for biopsied patients,"
        f" so their absence says benign. Commit {report.commit}.",
    )


def _hidden_table(figures: Sequence[Figures], hidden: Sequence[Figures]) -> Table:
    told = {each.name: each for each in figures}
    rows = []
    for each in hidden:
        whole = told[each.name.partition("/")[0]]
        change = (each.auc.value or 0) - (whole.auc.value or 0)
        rows.append(
            (
                each.title,
                _cell(each.auc),
                f"{change:+.3f}",
                _cell(each.recall),
                _cell(each.specificity),
            )
        )
    return Table(
        "Answers hidden",
        ("hidden", "AUC", "change", "recall", "specificity"),
        tuple(rows),
        "The same networks and thresholds, with an answer set to unknown on all"
        " photos.",
    )


def _diagnosis_table(rows: Sequence[Row], photos: Sequence[LabelledPhoto]) -> Table:
    cells = [
        photo.columns.get(DIAGNOSIS, "").split("[")[0].split("(")[0].strip()
        for photo in photos
    ]
    labels = rows[0].told.labels
    groups = groups_of(cells)
    lines = []
    for name, mask in groups.items():
        kind = "malignant" if labels[mask].all() else "benign"
        shares = (_cell(row.told.called_of(mask)) for row in rows)
        lines.append((name, kind, str(int(mask.sum())), *shares))
    lines.sort(key=lambda line: (line[1] != "malignant", -int(line[2])))
    return Table(
        "Called malignant, by diagnosis",
        ("diagnosis", "counts as", "photos", *(row.name for row in rows)),
        tuple(lines) or ((NOT_MEASURED,) * (3 + len(rows)),),
        "Share of the photos at or above the threshold: recall for malignant diagnoses,"
        " false alarms for benign ones. Wilson's intervals of the mean over seeds.",
    )


def _group_table(row: Row, groups: Sequence[Group]) -> Table:
    return Table(
        f"Groups of patients: {row.title}",
        ("group", "malignant / benign", "AUC", "recall", "specificity"),
        tuple(
            (
                each.group,
                f"{each.malignant} / {each.benign}",
                _cell(each.auc),
                _cell(each.recall),
                _cell(each.specificity),
            )
            for each in groups
        ),
        "The skin type is stated for biopsied patients alone, so its groups are not"
        " comparable with the rest. A group of few photos says little: see the"
        " intervals.",
    )
