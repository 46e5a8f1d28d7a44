"""What networks here may be told beside the photo, and where data sets tell it.

The lesion information of the smartphone paper (arXiv 2104.14353) as PAD-UFES-20 records
it (arXiv 2007.00478): age, sex, Fitzpatrick's skin type, body region, and six questions
to the patient. The encoding is ``edge_runtime/model/answers.py``'s. A change here makes
new networks differ from old files, whose cards keep their own questions.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from edge_runtime.errors import AnswerError, ManifestError
from edge_runtime.model.answers import UNKNOWN, Question, answers_in, slots_of, vector
from edge_runtime.photos.manifest import LabelledPhoto

YES_NO = ("yes", "no")
QUESTIONS = (
    Question("age", low=0, high=120),
    Question("sex", ("female", "male")),
    Question("fitzpatrick", ("1", "2", "3", "4", "5", "6")),
    Question("region", (
        "abdomen", "arm", "back", "chest", "ear", "face", "foot", "forearm",
        "hand", "lip", "neck", "nose", "scalp", "thigh",
    )),
    Question("itch", YES_NO),
    Question("grew", YES_NO),
    Question("hurt", YES_NO),
    Question("changed", YES_NO),
    Question("bleed", YES_NO),
    Question("elevation", YES_NO),
)  # fmt: skip
SLOTS = slots_of(QUESTIONS)

_COMPLETE = ("age", "region", "itch", "hurt", "bleed", "elevation")
ALL, COMPLETE = "all", "complete"
QUESTION_SETS = {
    ALL: QUESTIONS,
    COMPLETE: tuple(each for each in QUESTIONS if each.name in _COMPLETE),
}
"""What a network can be asked to take; each set has a length of its own.

``complete`` are the questions that PAD-UFES-20 answers for benign and malignant lesions
alike. The others are missing far more often in one class than in the other, so that
"unknown" would tell the label."""

# How often one answer, and how often all of them, are hidden from a network while it
# learns, so that it can judge without.
ONE_HIDDEN, ALL_HIDDEN = 0.1, 0.1

PAD_MARK = "fitspatrick"
"""A column that only PAD-UFES-20 has, misspelt."""

# PAD-UFES-20's own names, misspelt as they are there, where they differ.
_PAD_COLUMNS = {"sex": "gender", "fitzpatrick": "fitspatrick"}
_PAD_WORDS = {"true": "yes", "false": "no", "unk": UNKNOWN}


def pad_answers(where: str, row: Mapping[str, str]) -> dict[str, str]:
    """A row of PAD-UFES-20's table as answers to ``QUESTIONS``; "" is unknown.

    Args:
        where: the row stands, for messages.
        row: its cells, by the table's own names; a missing column is unknown.

    Raises:
        ManifestError: naming the row and the cell that cannot be understood.
    """
    found = {}
    for question in QUESTIONS:
        cell = row.get(_PAD_COLUMNS.get(question.name, question.name), "").lower()
        word = _PAD_WORDS.get(cell, cell).removesuffix(".0")
        try:
            unknown = question.encoded(word)[-1] == 1
        except AnswerError as error:
            raise ManifestError(f"{where}: {error}") from error
        found[question.name] = "" if unknown else word
    return found


def slots_of_set(name: str) -> int:
    """Length of the vector of a set of questions."""
    return slots_of(QUESTION_SETS[name])


def questions_of(slots: int) -> tuple[Question, ...]:
    """The set of questions whose vector has that length.

    Raises:
        ValueError: when none has.
    """
    for questions in QUESTION_SETS.values():
        if slots_of(questions) == slots:
            return questions
    lengths = ", ".join(
        f"{slots_of(questions)} ({name})" for name, questions in QUESTION_SETS.items()
    )
    raise ValueError(f"no set of questions has {slots} places; expected {lengths}")


def answer_vectors(
    photos: Sequence[LabelledPhoto], questions: Sequence[Question] = QUESTIONS
) -> NDArray[np.float32]:
    """What a network is told of each photo; shape ``(n, slots)``; in [0, 1].

    Args:
        photos: with the questions' names among their columns.
        questions: a value of ``QUESTION_SETS``.

    Raises:
        ManifestError: when a cell holds no allowed answer, or no photo has any.
    """
    names = [question.name for question in questions]
    if not any(answers_in(photo.columns, questions) for photo in photos):
        raise ManifestError(
            "the manifest tells nothing about its lesions; expected some of the columns"
            f" {', '.join(names)}. training/prepare.py writes them for PAD-UFES-20."
        )
    return np.stack([_vector(photo, questions) for photo in photos])


def _vector(photo: LabelledPhoto, questions: Sequence[Question]) -> NDArray[np.float32]:
    try:
        return vector(questions, answers_in(photo.columns, questions))
    except AnswerError as error:
        raise ManifestError(f"{photo.path}: {error}") from error


def partly_hidden(
    answers: NDArray[np.float32],
    rng: np.random.Generator,
    all_hidden: float = ALL_HIDDEN,
) -> NDArray[np.float32]:
    """A copy in which some answers are unknown, see ``ONE_HIDDEN``; same shape.

    Args:
        answers: of one of ``QUESTION_SETS``; shape ``(n, slots)``.
        rng: chooses which.
        all_hidden: share of the photos that are told nothing.
    """
    questions = questions_of(answers.shape[1])
    hidden = rng.random((len(answers), len(questions))) < ONE_HIDDEN
    hidden[rng.random(len(answers)) < all_hidden] = True
    return with_hidden(answers, hidden)


def with_hidden(
    answers: NDArray[np.float32], hidden: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """A copy in which those answers are unknown; same shape.

    Args:
        answers: of one of ``QUESTION_SETS``; shape ``(n, slots)``.
        hidden: True where a photo's question is hidden; shape ``(n, questions)``.
    """
    questions = questions_of(answers.shape[1])
    widths = [question.slots for question in questions]
    places = np.repeat(hidden, widths, axis=1)
    return np.where(places, vector(questions), answers).astype(np.float32)
