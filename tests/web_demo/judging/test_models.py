"""What may be served together."""

import dataclasses

import pytest

from edge_runtime.classifier import LesionClassifier
from edge_runtime.model.answers import AnswersSpec, Question
from web_demo.judging.models import ServingError, opened

YES_NO = Question("itch", ("yes", "no"))


@pytest.fixture
def files(card, stand_in, monkeypatch):
    """Let each path be a model that asks one question."""

    def be(**questions):
        made = {
            name: dataclasses.replace(
                card, name=name, answers=AnswersSpec((question,), "uint8", 1 / 255, 0)
            )
            for name, question in questions.items()
        }

        def load(path, site=True):
            return stand_in(made[path], None)

        monkeypatch.setattr(LesionClassifier, "load", load)
        return list(made)

    return be


@pytest.mark.parametrize(
    "other",
    [
        Question("itch", ("often", "never")),
        Question("itch", ("yes", "no", "sometimes")),
        Question("itch", low=0, high=10),
    ],
)
def test_two_meanings_of_one_question_are_refused(files, other):
    paths = files(first=YES_NO, second=other)
    with pytest.raises(ServingError) as caught:
        opened(paths)
    for words in ("first and second", "itch", YES_NO.allowed, other.allowed, "ports"):
        assert words in str(caught.value)


@pytest.mark.parametrize(
    "other", [YES_NO, Question("itch", ("no", "yes")), Question("grew", ("a", "b"))]
)
def test_the_same_question_and_another_are_served_together(files, other):
    paths = files(first=YES_NO, second=other)
    assert [each.card.name for each in opened(paths)] == ["first", "second"]
