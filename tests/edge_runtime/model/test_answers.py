"""Answers about a lesion: what is allowed, and the numbers that stand for them."""

import argparse
import json

import numpy as np
import pytest

from edge_runtime.commands.classify import add_answer_options, given_answers
from edge_runtime.errors import AnswerError
from edge_runtime.model.answers import AnswersSpec, Question, answers_in, vector
from edge_runtime.model.card import ModelCard

AGE = Question("age", low=0, high=120)
ITCH = Question("itch", ("yes", "no"))
SKIN = Question("fitzpatrick", ("1", "2", "3"))
ASKED = (AGE, ITCH, SKIN)


@pytest.mark.parametrize(
    ("question", "answer", "places"),
    [
        (ITCH, "yes", [1, 0, 0]),
        (ITCH, " No ", [0, 1, 0]),
        (ITCH, True, [1, 0, 0]),
        (ITCH, False, [0, 1, 0]),
        (ITCH, None, [0, 0, 1]),
        (ITCH, "", [0, 0, 1]),
        (ITCH, "unknown", [0, 0, 1]),
        (SKIN, 2, [0, 1, 0, 0]),
        (SKIN, 2.0, [0, 1, 0, 0]),
        (SKIN, "3", [0, 0, 1, 0]),
        (AGE, 0, [0, 0]),
        (AGE, "60", [0.5, 0]),
        (AGE, 120.0, [1, 0]),
        (AGE, None, [0, 1]),
    ],
)
def test_answers_become_numbers(question, answer, places):
    assert question.encoded(answer).tolist() == places


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (ITCH, "perhaps"), (ITCH, 1), (ITCH, [True]), (SKIN, 4), (SKIN, True),
        (AGE, 121), (AGE, -1), (AGE, "old"), (AGE, True), (AGE, float("nan")),
    ],
)  # fmt: skip
def test_other_answers_are_refused_with_those_allowed(question, answer):
    with pytest.raises(AnswerError, match=f"answer to {question.name}.*unknown"):
        question.encoded(answer)


def test_what_is_not_answered_is_unknown():
    nothing = vector(ASKED)
    assert nothing.tolist() == [0, 1, 0, 0, 1, 0, 0, 0, 1]
    np.testing.assert_array_equal(vector(ASKED, {"itch": "unknown"}), nothing)
    assert vector(ASKED, {"itch": "yes"}).tolist() == [0, 1, 1, 0, 0, 0, 0, 0, 1]


def test_a_question_that_nobody_asks_is_named_with_those_asked():
    with pytest.raises(AnswerError, match="about smoke; the questions are age, itch"):
        vector(ASKED, {"smoke": "yes"})


def test_no_two_different_answers_look_alike():
    rows = [
        vector(ASKED, {"age": age, "itch": itch, "fitzpatrick": skin})
        for age in (None, 0, 61)
        for itch in (None, "yes", "no")
        for skin in (None, 1, 2, 3)
    ]
    assert len({row.tobytes() for row in rows}) == len(rows) == 36


def test_a_manifest_s_empty_cells_and_missing_columns_tell_nothing():
    columns = {"itch": "yes", "age": " ", "diagnostic": "BCC"}
    assert answers_in(columns, ASKED) == {"itch": "yes"}


def test_stored_answers_are_as_sharp_as_the_photo_s_pixels():
    spec = AnswersSpec(ASKED, "uint8", 1 / 255, 0)
    assert spec.stored({"itch": "no", "age": 30})[0].tolist() == [
        64, 0, 0, 255, 0, 0, 0, 0, 255,
    ]  # fmt: skip


def test_known_answers_are_noted_as_the_model_got_them():
    spec = AnswersSpec(ASKED, "uint8", 1 / 255, 0)
    given = {"fitzpatrick": 2.0, "age": "61", "itch": None}
    assert spec.known(given) == {"age": 61, "fitzpatrick": "2"}
    assert spec.stored(spec.known(given)).tolist() == spec.stored(given).tolist()


class TestQuestions:
    def test_unknown_is_an_answer_already(self):
        with pytest.raises(ValueError, match="always"):
            Question("itch", ("yes", "unknown"))

    def test_a_number_needs_a_range(self):
        with pytest.raises(ValueError, match="needs values, or a range"):
            Question("age")

    def test_names_differ(self):
        with pytest.raises(ValueError, match="name of its own"):
            AnswersSpec((ITCH, ITCH), "uint8", 1 / 255, 0)


class TestCard:
    def test_with_questions_reads_back(self, card, changed):
        asking = changed(card, "answers", AnswersSpec(ASKED, "uint8", 1 / 255, 0))
        assert ModelCard.from_json(asking.to_json()) == asking

    def test_without_questions_is_written_as_ever(self, card):
        assert "answers" not in json.loads(card.to_json())
        assert ModelCard.from_json(card.to_json()).answers is None


class TestCommandLine:
    @pytest.fixture
    def parsed(self):
        def parse(*words):
            parser = argparse.ArgumentParser(exit_on_error=False)
            add_answer_options(parser)
            found = parser.parse_args(words)
            return given_answers(found.answers, found.answer)

        return parse

    def test_one_answer_comes_before_the_file_s(self, parsed, tmp_path):
        file = tmp_path / "answers.json"
        file.write_text('{"age": 61, "itch": "no"}')
        found = parsed("--answers", str(file), "--answer", "itch=yes")
        assert found == {"age": 61, "itch": "yes"}

    @pytest.mark.parametrize("text", ["[1]", "{", "\udcff"])
    def test_a_file_that_holds_no_answers_is_named(self, parsed, tmp_path, text):
        file = tmp_path / "answers.json"
        file.write_bytes(text.encode("utf-8", "surrogateescape"))
        with pytest.raises(AnswerError, match=r"answers\.json"):
            parsed("--answers", str(file))

    def test_an_answer_without_a_question_is_refused(self, parsed):
        with pytest.raises(argparse.ArgumentError, match="NAME=VALUE"):
            parsed("--answer", "yes")


def test_a_model_of_the_photo_alone_says_so(classifier, drawn):
    with pytest.raises(AnswerError, match="takes no answers; leave itch out"):
        classifier.classify(drawn(), answers={"itch": "yes"})


def test_no_answers_to_such_a_model_change_nothing(classifier, drawn):
    plain = classifier.classify(drawn()).probability
    assert classifier.classify(drawn(), answers={}).probability == plain
