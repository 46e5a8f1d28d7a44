"""A model may bear the user's name and version."""

import pytest

from convert.to_tflite import parse

WORDS = ["runs/mine/model.keras", "--manifest", "m.csv", "--recipe", "ptq_int8"]


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ([], "lesion64.ptq_int8"),
        (["--name", "acme"], "acme.ptq_int8"),
        (["--name", "acme", "--version", "1"], "acme-1.ptq_int8"),
        (["--name", "acme", "--target", "web"], "acme.ptq_int8.web"),
    ],
)
def test_name_and_version_take_the_networks_place(given, name):
    assert parse([*WORDS, *given]).name_of("lesion64") == name


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--version", "1"], "--version follows --name"),
        (["--name", "../acme"], "expected up to 64 of"),
        (["--name", "1acme"], "--name begins with a letter"),
        (["other.keras", "--name", "acme"], "of one model"),
    ],
)
def test_what_would_make_no_name_is_a_usage_error(given, told, capsys):
    with pytest.raises(SystemExit) as ended:
        parse([*WORDS[:1], *given, *WORDS[1:]])
    assert ended.value.code == 2
    assert told in capsys.readouterr().err
