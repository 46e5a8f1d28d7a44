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

# How often one answer, and how often all of them, are hidden from a network while it
# learns, so that it can judge without; chosen once, as no data were at hand.
ONE_HIDDEN, ALL_HIDDEN = 0.1, 0.1

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


def answer_vectors(photos: Sequence[LabelledPhoto]) -> NDArray[np.float32]:
    """What a network is told of each photo; shape ``(n, SLOTS)``; in [0, 1].

    Raises:
        ManifestError: when a cell holds no allowed answer, or no photo has any.
    """
    names = [question.name for question in QUESTIONS]
    if not any(answers_in(photo.columns, QUESTIONS) for photo in photos):
        raise ManifestError(
            "the manifest tells nothing about its lesions; expected some of the columns"
            f" {', '.join(names)}. training/prepare.py writes them for PAD-UFES-20."
        )
    return np.stack([_vector(photo) for photo in photos])


def _vector(photo: LabelledPhoto) -> NDArray[np.float32]:
    try:
        return vector(QUESTIONS, answers_in(photo.columns, QUESTIONS))
    except AnswerError as error:
        raise ManifestError(f"{photo.path}: {error}") from error


def partly_hidden(
    answers: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.float32]:
    """A copy in which some answers are unknown, see ``ONE_HIDDEN``; same shape.

    Args:
        answers: shape ``(n, SLOTS)``.
        rng: chooses which.
    """
    hidden = rng.random((len(answers), len(QUESTIONS))) < ONE_HIDDEN
    hidden[rng.random(len(answers)) < ALL_HIDDEN] = True
    widths = [question.slots for question in QUESTIONS]
    places = np.repeat(hidden, widths, axis=1)
    return np.where(places, vector(QUESTIONS), answers).astype(np.float32)
