"""How a model is fed and read: told, read off its graph, or tried on validation photos.

What the command line says always holds, what the graph says holds unless the photos
speak clearly against it, and what neither says is decided by the photos or asked for.
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from convert.errors import ConversionError
from convert.graph.head import TWO_UNITS, Head
from convert.graph.input_rule import CHANNEL_ORDERS, InputRule
from convert.source.input_evidence import (
    Trial,
    clear_winner,
    contradiction,
    table,
    usual_rules,
)
from convert.source.model import ASKED, Source
from convert.source.options import SourceOptions
from convert.source.scoring import Photos

MOST_TRIED = 150
"""Photos of a class that ten ways of feeding a model are tried on."""

MOST_CHECKED = 60
"""Photos of a class on which a range that is known is held against others."""


def settled(source: Source, val: Photos, options: SourceOptions) -> Source:
    """The source with a rule and a head that somebody, or something, vouches for.

    Says on stderr what they are and how they were found.

    Args:
        source: as it was read.
        val: validation photos at the model's size.
        options: what the command line says.

    Raises:
        ConversionError: when the photos do not tell, or contradict the graph; with the
            table of what was tried.
    """
    if source.slots:
        return source
    if source.rule_found and len(source.heads) > 1:
        outputs = source.outputs(_some(val, MOST_TRIED).real, source.rule)
        fitting = tuple(each for each in source.heads if each.fits(outputs))
        source = replace(source, heads=fitting)
    if source.is_open:
        source = _tried(source, _some(val, MOST_TRIED), options)
    else:
        source = _checked(source, _some(val, MOST_CHECKED), options)
    print(
        f"input: pixels in {source.rule.words};"
        f" {source.rule_found}. Output: {source.head.kind}",
        file=sys.stderr,
    )
    return source


def _tried(source: Source, photos: Photos, options: SourceOptions) -> Source:
    rules: Sequence[InputRule] = (source.rule,)
    if not source.rule_found:
        orders = (options.channel_order,) if options.channel_order else CHANNEL_ORDERS
        rules = usual_rules(orders, grey=source.rule.grey)
    trials = _trials(source, photos, rules, _heads(source, options))
    if all(np.ptp(each.scores) == 0 for each in trials):
        return source  # gives no numbers, or always the same; the next step says so
    winner = clear_winner(trials)
    if winner is None:
        raise ConversionError(_question(source, trials, photos))
    if winner.head.malignant_index == 0 and options.malignant_index is None:
        raise ConversionError(_reversed(source, winner, trials))
    found = source.rule_found or (
        f"tried on {photos.labels.size} validation photos: {winner.figures}"
        f"{_runner_up(winner, trials)}"
    )
    return replace(source, rule=winner.rule, heads=(winner.head,), rule_found=found)


def _checked(source: Source, photos: Photos, options: SourceOptions) -> Source:
    """The source as it is, held against other ranges."""
    order = source.rule.channel_order
    grey = source.rule.grey
    usual = usual_rules((order,), grey=grey)
    others = [each for each in usual if each.mean == (0.0,)]
    if not grey and options.channel_order is None and source.rule_found != ASKED:
        others.append(replace(source.rule, channel_order="bgr"))
    rules = dict.fromkeys((source.rule, *others))
    trials = _trials(source, photos, tuple(rules), (source.head,))
    known = next((each for each in trials if each.rule == source.rule), None)
    if known is None or np.ptp(known.scores) == 0:  # the next step says so
        return source
    if known.auc_interval.high < 0.5:
        raise ConversionError(_reversed(source, known, ()))
    better = contradiction(known, trials)
    if better is None:
        return source
    shown = table(trials, known, "<- this one")
    if source.rule_found == ASKED:
        said = "the validation photos speak against --input-range"
        print(
            f"warning: {said} {source.rule.range}: {better.options} gives"
            f" {better.figures}.\n{shown}",
            file=sys.stderr,
        )
        against = f"{ASKED}, though {better.options} gives {better.figures}"
        return replace(source, rule_found=against)
    raise ConversionError(
        f"{source.network} says that it takes {source.rule.options}"
        f" ({source.rule_found}), but {photos.labels.size} validation photos speak for"
        f" {better.options}. Was it trained on pixels that were scaled twice?\n{shown}"
        "\nGive the options of the line that is right."
    )


def _heads(source: Source, options: SourceOptions) -> tuple[Head, ...]:
    """Ways to read the outputs, with the classes exchanged where nobody named one."""
    if options.malignant_index is not None or source.head.malignant:
        return source.heads
    return tuple(turn for head in source.heads for turn in (head, head.reversed))


def _trials(
    source: Source,
    photos: Photos,
    rules: Iterable[InputRule],
    heads: Sequence[Head],
) -> tuple[Trial, ...]:
    trials = []
    for rule in rules:
        outputs = source.outputs(photos.real, rule)
        if not np.isfinite(outputs).all():
            continue
        trials += [
            Trial(rule, head, photos.labels, head.probability(outputs))
            for head in heads
            if head.fits(outputs)
        ]
    # A sigmoid's output may leave 0..1 by rounding, a probability's by being none.
    return tuple(
        replace(each, scores=each.scores.clip(0, 1))
        for each in trials
        if each.scores.min() > -0.01 and each.scores.max() < 1.01
    )


def _some(photos: Photos, most: int) -> Photos:
    """At most ``most`` of each class, evenly from the whole split."""
    kept: list[int] = []
    for label in (0, 1):
        places = np.flatnonzero(photos.labels == label)
        chosen = np.linspace(0, len(places) - 1, min(most, len(places)))
        kept += [int(place) for place in places[np.unique(chosen.astype(int))]]
    return photos.at(sorted(kept))


def _runner_up(winner: Trial, trials: Sequence[Trial]) -> str:
    others = [each for each in trials if each is not winner and not each.equals(winner)]
    if not others:
        return ""
    second = max(others, key=lambda each: (round(each.auc, 3), -each.brier))
    return f"; next best {second.options}: {second.figures}"


def _question(source: Source, trials: Sequence[Trial], photos: Photos) -> str:
    malignant = int((photos.labels == 1).sum())
    shown = table(trials) if trials else "  no way of feeding it gives probabilities"
    return (
        f"{source.network} does not tell which pixels it was trained on, or what its"
        f" output means, and {malignant} malignant and"
        f" {photos.labels.size - malignant} other validation photos do not decide it:\n"
        f"{shown}\nGive the options of the line that is right, such as --input-range"
        " 0..255, or a manifest with more validation photos."
    )


def _reversed(source: Source, trial: Trial, trials: Sequence[Trial]) -> str:
    """Where the model calls the harmless photos malignant."""
    head = trial.head
    auc = 1 - trial.auc if head.malignant_index == 0 and trials else trial.auc
    other = head.reversed.malignant_index if not trials else head.malignant_index
    if head.malignant:
        return (
            f"{source.network} has AUC {auc:.3f} on the validation photos, worse than"
            f" chance (0.5), with {trial.rule.options}: check the order of --labels"
            " against --malignant-classes, and the labels of the manifest."
        )
    what = "its unit" if head.kind not in TWO_UNITS else "the second of its units"
    return (
        f"{source.network} has AUC {auc:.3f} on the validation photos, worse than"
        f" chance (0.5), with {trial.rule.options}: {what} seems to give the"
        f" probability that a lesion is benign. If so, give --malignant-index {other}"
        f" (AUC {1 - auc:.3f}); else check the labels of the manifest."
    )
