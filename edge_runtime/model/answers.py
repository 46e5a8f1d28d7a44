"""What is asked about a lesion beside its photo, and the numbers a model gets for it.

A model's card lists its questions. Every answer may be unknown, and one that is not
given is. The vector holds, question after question: a place for each allowed answer and
one for unknown, of which one is 1 and the others are 0; or, for a number, its share of
the way from ``low`` to ``high`` and a 1 in the place for unknown where it is not known.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_runtime.errors import AnswerError
from edge_runtime.model.quantization import Quantization

Answers = Mapping[str, Any]
"""Answers by the question's name: words, numbers, true or false, or None."""

UNKNOWN = "unknown"
_TRUTH = {True: "yes", False: "no"}


@dataclass(frozen=True)
class Question:
    """One thing asked.

    Attributes:
        name: such as ``"itch"``; also the manifest's column.
        values: the allowed answers; none where a number is asked for.
        low: the smallest number allowed; 0 where words are asked for.
        high: the largest number allowed; 0 where words are asked for.
    """

    name: str
    values: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a question that cannot be answered."""
        if UNKNOWN in self.values or len(set(self.values)) != len(self.values):
            raise ValueError(
                f"the answers to {self.name} must differ, and {UNKNOWN!r} is always"
                f" one; got {self.values}"
            )
        if not self.values and not self.low < self.high:
            raise ValueError(
                f"{self.name} needs values, or a range; got {self.low} to {self.high}"
            )

    @property
    def slots(self) -> int:
        """Places that the answer takes in the vector; the last one is unknown's."""
        return len(self.values) + 1 if self.values else 2

    @property
    def allowed(self) -> str:
        """In words, for messages and help."""
        if self.values:
            return ", ".join((*self.values, UNKNOWN))
        return f"a number from {self.low:g} to {self.high:g}, {UNKNOWN}"

    def encoded(self, answer: Any) -> NDArray[np.float32]:
        """The answer's part of the vector; shape ``(slots,)``; in [0, 1].

        Raises:
            AnswerError: when it is none of those allowed.

        >>> Question("itch", ("yes", "no")).encoded("no").tolist()
        [0.0, 1.0, 0.0]
        >>> Question("age", low=0, high=120).encoded(30).tolist()
        [0.25, 0.0]
        """
        places = np.zeros(self.slots, np.float32)
        word = _word(answer)
        if word == UNKNOWN:
            places[-1] = 1
        elif self.values:
            places[self._place(answer, word)] = 1
        else:
            places[0] = self._share(answer, word)
        return places

    def known(self, answer: Any) -> str | float | None:
        """An allowed answer as a word or a number; None where it is unknown.

        >>> Question("itch", ("yes", "no")).known(True)
        'yes'
        >>> Question("age", low=0, high=120).known("30")
        30
        """
        word = _word(answer)
        if word == UNKNOWN:
            return None
        if self.values:
            return word
        number = float(word)
        return int(number) if number.is_integer() else number

    def _place(self, answer: Any, word: str) -> int:
        if word not in self.values:
            raise self._refusal(answer)
        return self.values.index(word)

    def _share(self, answer: Any, word: str) -> float:
        try:
            number = math.nan if isinstance(answer, bool) else float(word)
        except ValueError:
            number = math.nan
        if not self.low <= number <= self.high:
            raise self._refusal(answer)
        return (number - self.low) / (self.high - self.low)

    def _refusal(self, answer: Any) -> AnswerError:
        values: dict[str, str | int] = {"question": self.name, "answer": repr(answer)}
        if self.values:
            fault, values["allowed"] = "value", self.allowed
        else:
            fault = "number"
            values |= {"low": f"{self.low:g}", "high": f"{self.high:g}"}
        return AnswerError(
            f"the answer to {self.name} is {answer!r}; expected one of {self.allowed}",
            fault=fault,
            values=values,
        )


@dataclass(frozen=True)
class AnswersSpec:
    """How answers become the model's second input, ``(1, slots)``.

    Attributes:
        questions: in the order of the vector.
        dtype: ``"uint8"``, ``"int8"`` or ``"float32"``.
        scale: real value of one stored step; 0 for float32.
        zero_point: stored value that stands for real 0.
    """

    questions: tuple[Question, ...]
    dtype: str
    scale: float
    zero_point: int

    def __post_init__(self) -> None:
        """Refuse fields that cannot be, or contradict each other."""
        if not self.questions:
            raise ValueError("a model that takes answers has questions; got none")
        names = [question.name for question in self.questions]
        if len(set(names)) != len(names):
            raise ValueError(f"each question has a name of its own; got {names}")
        _ = self.quantization

    @property
    def quantization(self) -> Quantization:
        """How the real vector becomes the stored tensor."""
        return Quantization.named(self.dtype, self.scale, self.zero_point)

    def stored(self, answers: Answers | None = None) -> NDArray[Any]:
        """The model's second input; shape ``(1, slots)``.

        Raises:
            AnswerError: for an unknown question, or an answer that is not allowed.
        """
        return self.quantization.store(vector(self.questions, answers))[np.newaxis]

    def known(self, answers: Answers | None = None) -> dict[str, str | float]:
        """Allowed answers in the order of the questions, without those unknown."""
        given = answers or {}
        words = {each.name: each.known(given.get(each.name)) for each in self.questions}
        return {name: word for name, word in words.items() if word is not None}


def slots_of(questions: Sequence[Question]) -> int:
    """Length of the vector."""
    return sum(question.slots for question in questions)


def vector(
    questions: Sequence[Question], answers: Answers | None = None
) -> NDArray[np.float32]:
    """All answers as one vector; those not given are unknown; shape ``(slots,)``.

    Raises:
        AnswerError: for an unknown question, or an answer that is not allowed.
    """
    given = dict(answers or {})
    known = [question.name for question in questions]
    strangers = sorted(set(given) - {*known})
    if strangers:
        raise AnswerError(
            f"nobody asks about {', '.join(strangers)}; the questions are"
            f" {', '.join(known)}",
            fault="stranger",
            values={"names": ", ".join(strangers), "questions": ", ".join(known)},
        )
    return np.concatenate(
        [question.encoded(given.get(question.name)) for question in questions]
    )


def none_asked(model: str, answers: Answers) -> AnswerError:
    """What is said where a model that asks nothing is told something."""
    names = ", ".join(answers)
    return AnswerError(
        f"{model} judges the photo alone and takes no answers; leave {names} out, or"
        " take a model that asks",
        fault="none_asked",
        values={"model": model, "names": names},
    )


def answers_in(
    columns: Mapping[str, str], questions: Sequence[Question]
) -> dict[str, str]:
    """The answers in a manifest's row; an empty cell is unknown, as is no column."""
    names = [question.name for question in questions]
    return {name: columns[name] for name in names if columns.get(name, "").strip()}


def _word(answer: Any) -> str:
    if answer is None:
        return UNKNOWN
    if isinstance(answer, bool):
        return _TRUTH[answer]
    if isinstance(answer, float) and answer.is_integer():
        return str(int(answer))
    return str(answer).strip().lower() or UNKNOWN
