"""Which questions a network asks is known by the length of the row that it takes."""

from types import SimpleNamespace

import pytest

from convert.errors import ConversionError
from convert.source.answers import answer_slots
from convert.to_tflite import parse
from training.datasets.questions import QUESTION_SETS, slots_of_set


@pytest.mark.parametrize("name", QUESTION_SETS)
def test_each_set_of_questions_is_taken(name):
    model = SimpleNamespace(input_shape=[(None, 8, 8, 3), (None, slots_of_set(name))])
    assert answer_slots(model, "model.keras") == slots_of_set(name)


def test_a_row_of_another_length_is_refused_with_those_known():
    model = SimpleNamespace(input_shape=[(None, 8, 8, 3), (None, 7)])
    with pytest.raises(ConversionError, match="expected the 45 or 29"):
        answer_slots(model, "model.keras")


def test_a_file_may_have_a_name_of_its_own():
    words = ["model.keras", "--manifest", "m.csv", "--recipe", "ptq_int8"]
    assert parse(words).name_of("lesion64") == "lesion64.ptq_int8"
    named = parse([*words, "--name", "phone64", "--domain", "smartphone"])
    assert named.name_of("lesion64") == "phone64.ptq_int8"
    assert named.domain == "smartphone"


@pytest.mark.parametrize("name", ["a b", "../a", "-a"])
def test_a_name_that_is_no_file_name_is_refused(name, capsys):
    with pytest.raises(SystemExit):
        parse(["model.keras", "--manifest", "m.csv", f"--name={name}"])
    assert "expected up to 64 of a-z, A-Z, 0-9" in capsys.readouterr().err
