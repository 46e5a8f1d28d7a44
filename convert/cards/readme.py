"""The page of a model file, for people: ``models/README.md`` and every kit's."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from convert.cards.text import (
    FEW_MALIGNANT,
    NOT_COMPARED,
    mean_name,
    set_name,
    split_in_words,
    threshold_words,
)
from edge_runtime.model.card import ModelCard
from edge_runtime.model.domain import DOMAINS
from edge_runtime.model.evidence import Accuracy, Share, means_over_sources
from edge_runtime.model.file import ModelFile

HEAD = """\
# Model files

*Research and education; not a medical device.*

Written by `python convert/model_cards.py models` from the card inside each file.

**Intended use.** Teaching, research and engineering around small lesion classifiers on
devices. Input: one photo with the lesion in its centre, of the kind that each file
names: through a dermatoscope, or by a smartphone alone. Output: a
calibrated probability, and one of *investigate*, *uncertain*, *monitor* or *unusable
photo*. Not for diagnosis, not for screening, not as a reason to leave a lesion
unexamined.

**Limits.** Trained and measured on the data sets that each card names. In them the
malignant and the other photos partly come from different cameras: part of a score is
the camera (the colour-only baseline of `benchmarks/run.py` shows how far colour alone
gets). On photos from another hospital and camera expect a lower AUC and a far lower
specificity at the shipped threshold ([figures](../docs/limits.md)).
"""


BY_SOURCE = (
    "Photos of several sources are never pooled: each source has its row, and a mean"
    " gives every source the same weight.",
)


def model_readme(files: Sequence[ModelFile]) -> str:
    """The whole page; same files, same text."""
    notes = sorted({note for file in files for note in file.card.data.not_evaluated})
    lines = [HEAD.rstrip(), f"Not evaluated: {'; '.join(notes)}.", ""]
    lines += ["## Measured", "", *_summary(files), ""]
    for file in files:
        lines += _one(file.card, file.path)
    return "\n".join(lines).rstrip() + "\n"


def _summary(files: Sequence[ModelFile]) -> list[str]:
    rows = [
        (
            f"[{file.card.name}](#{file.card.name.replace('.', '')})",
            f"{file.path.stat().st_size / 1000:.1f}",
            *row,
        )
        for file in files
        for row in _rows_of(file.card)
    ]
    heads = ("file", "kB", "photos", "AUC", "recall", "specificity")
    return [
        *_markdown(heads, rows),
        "",
        "Recall and specificity at the file's own threshold, which was chosen on the"
        " validation photos;",
        "in brackets 95 % intervals (AUC: DeLong; shares: Wilson).",
        *(BY_SOURCE if any(means_over_sources(x.card.accuracy) for x in files) else ()),
    ]


def _rows_of(card: ModelCard) -> Iterable[tuple[str, ...]]:
    """Photos, AUC, recall and specificity; means over sources first."""
    for mean in means_over_sources(card.accuracy):
        yield (
            mean_name(mean),
            f"{mean.auc:.3f}",
            f"{mean.recall:.3f}",
            f"{mean.specificity:.3f}",
        )
    for measured in card.accuracy:
        yield (
            set_name(measured.split, measured.source),
            _interval(measured.auc, measured.auc_low, measured.auc_high),
            _share(measured.recall),
            _share(measured.specificity),
        )
    for source in card.few_malignant or ():
        yield (
            set_name(source.split, source.source),
            "-",
            f"{FEW_MALIGNANT} ({source.malignant})",
            _share(source.specificity) if source.specificity else "no other photos",
        )


def _one(card: ModelCard, path: Path) -> list[str]:
    changed, training = card.comparison, card.provenance.training
    settings = training.get("settings", {})
    facts = {
        "made for": DOMAINS[card.photo_kind],
        **_asked(card),
        "network": f"{card.network}, {card.provenance.parameters:,} weights,"
        f" {card.input.size_px} x {card.input.size_px} px RGB,"
        f" block order {card.provenance.block_order}",
        "conversion": f"{card.recipe}; " + _pairs(card.provenance.quantisation),
        "threshold": f"probability {card.threshold.probability:.3f},"
        f" {threshold_words(card.threshold)}",
        "uncertain": f"from probability {card.uncertainty.low_probability:.3f} up to"
        f" the threshold: {card.uncertainty.rule}",
        "lost on the way to int8": NOT_COMPARED
        if not changed.n
        else f"AUC {changed.auc_keras:.4f} to"
        f" {changed.auc_file:.4f} on {changed.n} {split_in_words(changed.split)}"
        " photos;"
        f" malignant lesions lost {changed.malignant_lost}, gained"
        f" {changed.malignant_gained}; false alarms new {changed.benign_lost}, gone"
        f" {changed.benign_gained}",
        "calibration": _calibration(card.accuracy),
        "trained": _pairs(settings)
        + f"; best epochs {training.get('best_epochs', 'not stated')}; finished"
        f" {card.created}, {training.get('machine', 'machine not stated')}, commit"
        f" {training.get('commit', 'not stated')}",
        "photos": f"{card.data.name}: {card.data.n_train:,} to learn from,"
        f" {card.data.n_val:,} to choose epoch and threshold, {card.data.n_test:,} to"
        " test",
        "terms": card.licence,
        "SHA-256 of the model": f"`{card.model_sha256}`",
    }
    title = f"## {path.stem}"
    return [title, "", card.description, "", *_markdown(("", ""), facts.items()), ""]


def _asked(card: ModelCard) -> dict[str, str]:
    """What it wants to be told beside the photo; nothing of a model of photos alone."""
    if card.answers is None:
        return {}
    asked = (
        f"{question.name} ({question.allowed})" for question in card.answers.questions
    )
    return {"asks": "; ".join(asked)}


def _calibration(accuracy: Sequence[Accuracy]) -> str:
    return "; ".join(
        f"{set_name(measured.split, measured.source)}: expected calibration error"
        f" {measured.expected_calibration_error:.3f}"
        for measured in accuracy
    )


def _pairs(values: object) -> str:
    items = dict(values) if isinstance(values, dict) else {}
    return ", ".join(f"{name} {value}" for name, value in items.items())


def _share(share: Share) -> str:
    inside = _interval(share.value, share.low, share.high)
    return f"{inside}, {share.successes} of {share.n}"


def _interval(value: float, low: float, high: float) -> str:
    return f"{value:.3f} ({low:.3f} to {high:.3f})"


def _markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [heads, ["---"] * len(heads), *rows]
    return ["| " + " | ".join(cells) + " |" for cells in lines]
