"""Answers about a lesion as fields of a form, for models that take them.

The field of the question ``itch`` is ``answer_itch``; empty, it is not answered. What
may be answered stands on the model's card, and ``edge_runtime`` judges whether it was.
"""

from collections.abc import Sequence

from werkzeug.datastructures import MultiDict

from edge_runtime.files.json_schema import Json
from edge_runtime.model.answers import UNKNOWN, Question
from edge_runtime.model.card import ModelCard

PREFIX = "answer_"

# Longer than any allowed answer, and short enough to be repeated in a message.
MAX_CHARACTERS = 80


def given_answers(form: MultiDict[str, str]) -> dict[str, str]:
    """The answers in a form, by the name of the question; unchecked."""
    return {
        name.removeprefix(PREFIX)[:MAX_CHARACTERS]: answer[:MAX_CHARACTERS]
        for name, answer in form.items()
        # A field may come without a name.
        if name and name.startswith(PREFIX) and answer.strip()
    }


def questions_of(cards: Sequence[ModelCard]) -> tuple[Question, ...]:
    """What these models ask, each question once."""
    asked = (question for card in cards for question in _asked(card))
    return tuple({question.name: question for question in asked}.values())


def asking(cards: Sequence[ModelCard], name: str) -> tuple[str, ...]:
    """The names of the models that ask this."""
    return tuple(
        card.name
        for card in cards
        if any(question.name == name for question in _asked(card))
    )


def field_schemas(cards: Sequence[ModelCard]) -> Json:
    """JSON Schemas of the fields, by their names."""
    return {
        f"{PREFIX}{question.name}": _schema(question)
        for question in questions_of(cards)
    }


def _schema(question: Question) -> Json:
    about = f"about the lesion: {question.allowed}; empty for unknown"
    found: Json = {"type": "string", "description": about}
    if question.values:
        found["enum"] = [*question.values, UNKNOWN, ""]
    return found


def _asked(card: ModelCard) -> tuple[Question, ...]:
    return card.answers.questions if card.answers else ()
