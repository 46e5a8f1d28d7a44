"""What the words in a table's head mean, for readers who come from elsewhere."""

import re
from collections.abc import Iterator

from benchmarks.text.tables import Table

TERMS = {
    "model": "The file's name without its ending: the network, the side of its input in"
    " pixels, and how its numbers are stored. qat_int8: 8-bit integers, fine-tuned with"
    " the rounding in view. colour_baseline: logistic regression on six colour numbers,"
    " which sees no shape.",
    "photos": "Which photos were judged; the ending of a set's name says what it leaves"
    " out.",
    "malignant / other": "How many photos of each kind were judged.",
    "recall": "Share of the malignant photos at or above the threshold (sensitivity).",
    "specificity": "Share of the other photos below the threshold.",
    "AUC": "Area under the ROC curve: the chance that a malignant photo scores above"
    " another one. 0.5 is a coin toss, 1 is perfect.",
    "DeLong": "The formula of DeLong, 1988, for the 95 % interval of an AUC.",
    "lesion bootstrap": "A 95 % interval from drawing lesions with replacement, each"
    " with all its photos.",
    "pAUC": "The part of that area that lies above 80 % recall, at most 0.2; by chance"
    " 0.02. It counts only thresholds that find four of five malignant photos.",
    "PR AUC": "Area under the precision-recall curve (average precision). By chance it"
    " is the share of malignant photos, so it compares only on the same photos.",
    "calibration error": "Mean distance between the predicted probability and"
    " the share that is malignant; 0 is best.",
    "found unusable": "Photos that the runtime's quality check calls unusable.",
    "held at": "Which figure all files are held to, by a threshold chosen on these"
    " photos.",
    "malignant: found": "Called malignant and malignant: true positives.",
    "malignant: missed": "Malignant, but below the threshold: false negatives.",
    "other: called malignant": "Not malignant, but at or above the threshold: false"
    " positives.",
    "other: left alone": "Not malignant and below the threshold: true negatives.",
    "photo to verdict": "From the photo's path to the verdict: reading, decoding,"
    " resizing, the quality check, the network, the decision.",
    "photos per second": "How many photos one process judges in a second, one after"
    " another.",
    "interpreter": "The network alone, from input tensor to output tensor.",
    "median": "Half of the runs took no longer.",
    "p90": "Nine of ten took no longer.",
    "p95": "95 of 100 took no longer.",
    "p99": "99 of 100 took no longer.",
    "size KB": "Of the model file, in 1000 bytes.",
    "cold start": "From a fresh process to a classifier that is ready, with the import"
    " of the interpreter.",
    "load": "Reading and checking the file and building the interpreter once more.",
    "first inference": "The first run of that interpreter.",
    "peak memory": "The largest memory of the whole process, Python included.",
    "energy per photo": "Of the whole processor or board, idle current included.",
    "decode": "From the file's bytes to pixels.",
    "resize": "To the network's input.",
    "quantise": "From pixels to the integers that the network takes.",
    "invoke": "The network.",
    "decide": "The quality check of the photo, and score to verdict.",
    "minutes": "Of work without a pause.",
    "first tenth": "The first tenth of the time.",
    "last tenth": "The last tenth of the time.",
    "last by first": "The one divided by the other; above 1 the machine slowed down.",
    "slowest stretch": "The equal part of the time with the highest median.",
    "hottest": "The highest temperature that the machine's sensor told.",
    "lowest clock": "The lowest clock frequency that the machine told.",
    "network": "Name of the published network.",
    "input px": "Side of the square that the network takes, in pixels.",
    "parameters": "Numbers that training found.",
    "on lines": "Where the figures stand: line numbers of the document that the"
    " caption names.",
}
"""By the words of a heading, the longest that fit."""

SETS = {
    "_clean": "Only photos of lesions that are not in training.",
    "_usable": "Only photos that the quality check does not call unusable.",
    "_one_compression": "Only photos of the most frequent JPEG compression, so that no"
    " file can tell the label from the compression.",
    "origin": "Only photos that came through this camera or copy.",
    "mean of": "Plain mean over sources of at least 20 malignant photos, each of the"
    " same weight.",
    "from the card": "As the model file's own card states it; not measured here.",
}
"""By what a set of photos has in its name."""


def explained(table: Table) -> Iterator[tuple[str, str]]:
    """The terms of a table's head and of its sets of photos, with their meanings."""
    found = dict.fromkeys(term for cell in table.head for term in terms_in(cell))
    yield from ((term, TERMS[term]) for term in found)
    if "photos" in table.head:
        place = table.head.index("photos")
        names = {row[place] for row in table.rows}
        for mark, meaning in SETS.items():
            if any(mark in name for name in names):
                yield (
                    f"\N{HORIZONTAL ELLIPSIS}{mark}" if mark[0] == "_" else mark,
                    meaning,
                )


def terms_in(heading: str) -> list[str]:
    """The terms that a heading is made of, the longest ones first taken.

    >>> terms_in("photo to verdict p95 ms")
    ['photo to verdict', 'p95']
    """
    return [match.group() for match in _ANY_TERM.finditer(heading)]


_ANY_TERM = re.compile(
    r"(?<!\w)(?:"
    + "|".join(re.escape(term) for term in sorted(TERMS, key=len, reverse=True))
    + r")(?!\w)"
)
