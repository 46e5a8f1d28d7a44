"""What PAD-UFES-20 tells about a lesion, as questions and as a network's input."""

import numpy as np
import pytest

from edge_runtime.errors import ManifestError
from edge_runtime.model.answers import vector
from edge_runtime.photos.manifest import LabelledPhoto
from training.datasets.questions import (
    COMPLETE,
    QUESTION_SETS,
    QUESTIONS,
    SLOTS,
    answer_vectors,
    pad_answers,
    partly_hidden,
    questions_of,
    slots_of_set,
    with_hidden,
)

# A row as the published table writes it, but for the columns that nobody asks about.
ROW = {
    "age": "55", "gender": "FEMALE", "fitspatrick": "3.0", "region": "NECK",
    "itch": "True", "grew": "False", "hurt": "UNK", "changed": "", "bleed": "True",
    "elevation": "False", "smoke": "True",
}  # fmt: skip


def test_pad_ufes_20_speaks_our_words():
    assert pad_answers("line 2", ROW) == {
        "age": "55", "sex": "female", "fitzpatrick": "3", "region": "neck",
        "itch": "yes", "grew": "no", "hurt": "", "changed": "", "bleed": "yes",
        "elevation": "no",
    }  # fmt: skip


def test_missing_columns_are_unknown():
    assert set(pad_answers("line 2", {}).values()) == {""}


@pytest.mark.parametrize(("column", "cell"), [("region", "TAIL"), ("age", "-3")])
def test_an_unknown_cell_is_named_with_its_line(column, cell):
    with pytest.raises(ManifestError, match=rf"line 2: .*{column}.*{cell.lower()}"):
        pad_answers("line 2", ROW | {column: cell})


def _photos(tmp_path, *rows):
    return [
        LabelledPhoto(tmp_path / "a.png", True, "train", "l", False, r) for r in rows
    ]


def test_vectors_follow_the_manifest(tmp_path):
    found = answer_vectors(_photos(tmp_path, {"itch": "yes"}, {"itch": ""}))
    assert found.shape == (2, SLOTS)
    np.testing.assert_array_equal(found[0], vector(QUESTIONS, {"itch": "yes"}))
    np.testing.assert_array_equal(found[1], vector(QUESTIONS))


def test_a_manifest_that_tells_nothing_is_refused(tmp_path):
    with pytest.raises(ManifestError, match="tells nothing about its lesions"):
        answer_vectors(_photos(tmp_path, {"diagnostic": "BCC"}))


def test_a_cell_that_is_no_answer_names_its_photo(tmp_path):
    with pytest.raises(ManifestError, match=r"a\.png: the answer to itch is 'maybe'"):
        answer_vectors(_photos(tmp_path, {"itch": "maybe"}))


def test_hidden_answers_are_unknown_and_the_others_stay():
    told = {"age": 61, "sex": "male", "itch": "yes", "region": "ear"}
    rows = np.repeat(vector(QUESTIONS, told)[None], 2000, axis=0)
    hidden = partly_hidden(rows, np.random.default_rng(0))
    start, shares = 0, {}
    for question in QUESTIONS:
        part = hidden[:, start : start + question.slots]
        start += question.slots
        unknown = question.encoded(None)
        is_unknown = (part == unknown).all(axis=1)
        assert (
            is_unknown | (part == question.encoded(told.get(question.name))).all(1)
        ).all()
        shares[question.name] = is_unknown.mean()
    # 0.1 alone and 0.1 of all: 0.19 of 2000, give or take 4 deviations of 0.009.
    for name in told:
        assert 0.155 < shares[name] < 0.225, shares
    nothing = (hidden == vector(QUESTIONS)).all(axis=1).mean()
    assert 0.07 < nothing < 0.13


def test_a_set_of_questions_is_known_by_the_length_of_its_vector():
    assert len({slots_of_set(name) for name in QUESTION_SETS}) == len(QUESTION_SETS)
    for questions in QUESTION_SETS.values():
        assert questions_of(len(vector(questions))) == questions
    with pytest.raises(ValueError, match=r"45 \(all\), 29 \(complete\)"):
        questions_of(44)


def test_complete_questions_are_those_that_both_classes_answer(tmp_path):
    questions = QUESTION_SETS[COMPLETE]
    assert {"sex", "fitzpatrick", "grew", "changed"} == {
        question.name for question in QUESTIONS if question not in questions
    }
    found = answer_vectors(_photos(tmp_path, {"itch": "yes", "sex": "male"}), questions)
    np.testing.assert_array_equal(found[0], vector(questions, {"itch": "yes"}))


def test_chosen_answers_are_hidden():
    questions = QUESTION_SETS[COMPLETE]
    told = vector(questions, {"age": 61, "itch": "yes", "bleed": "no"})[None]
    hidden = np.zeros((1, len(questions)), bool)
    hidden[0, 0] = True
    np.testing.assert_array_equal(
        with_hidden(told, hidden)[0], vector(questions, {"itch": "yes", "bleed": "no"})
    )


def test_all_answers_of_a_share_of_the_photos_are_hidden():
    rows = np.repeat(vector(QUESTION_SETS[COMPLETE], {"age": 61})[None], 2000, axis=0)
    hidden = partly_hidden(rows, np.random.default_rng(0), all_hidden=0.5)
    nothing = (hidden == vector(QUESTION_SETS[COMPLETE])).all(axis=1).mean()
    # Age is the only answer: 0.5 and a tenth of the rest.
    assert 0.5 < nothing < 0.6
