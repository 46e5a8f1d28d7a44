from pathlib import Path

import pytest

from training.fitting.settings import parse, read_configurations


@pytest.mark.parametrize(
    ("network", "branches"), [("cnn32", 1), ("cnn64", 2), ("cnn128", 3)]
)
def test_columns_are_the_networks_own_unless_asked_for(network, branches):
    given = ["--manifest", "m.csv", "--out", "o", "--network", network]
    assert parse(given).branches == branches
    assert parse([*given, "--branches", "1"]).branches == 1


def test_there_are_as_many_cycles_as_columns_unless_asked_for():
    given = ["--manifest", "m.csv", "--out", "o", "--network", "cnn128"]
    assert parse(given).cycles == 3
    assert parse([*given, "--branches", "1"]).cycles == 1
    assert parse([*given, "--cycles", "5"]).cycles == 5


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--epochs", "0", "--epochs must be at least 1"),
        ("--batch-size", "0", "--batch-size must be at least 1"),
        ("--branches", "0", "--branches must be at least 1"),
        ("--branches", "3", "which 3 branches cannot share equally"),
        ("--cycles", "1", "--cycles must be at least --branches, 2"),
        ("--network", "resnet", "invalid choice"),
        ("--augmentation", "mixup", "invalid choice"),
        ("--start", "runs/a", "--start: branches cannot be started from a run"),
        ("--mask-lesion", "1.5", "expected a share from 0 to 1"),
        ("--diagnoses", "2", "expected a share from 0 to 1"),
        ("--balance", "source", "expected label, none, mutation, or COLUMN,label"),
        ("--balance", ",label", "expected label, none, mutation, or COLUMN,label"),
        ("--draws", "100", "--draws: expected --balance COLUMN,label"),
    ],
)
def test_impossible_options_are_usage_errors(option, value, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        parse(["--manifest", "m.csv", "--out", "o", option, value])
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_mutated_vectors_have_no_diagnosis(capsys):
    given = ["--manifest", "m.csv", "--network", "lesion64", "--balance", "mutation"]
    assert parse(given).balance == "mutation"
    with pytest.raises(SystemExit):
        parse([*given, "--diagnoses", "0.3"])
    assert "--balance mutation: a mutated vector" in capsys.readouterr().err


def test_questions_are_noted_where_answers_are_taken():
    given = ["--manifest", "m.csv", "--network", "lesion64", "--questions", "complete"]
    assert "questions" not in parse(given).as_json()
    noted = parse([*given, "--answers", "concat", "--hide-answers", "0.3"]).as_json()
    assert (noted["questions"], noted["hide_answers"]) == ("complete", 0.3)


def test_fewer_draws_than_a_batch_are_a_usage_error(capsys):
    given = ["--manifest", "m.csv", "--balance", "source,label", "--draws"]
    assert parse([*given, "32"]).draws == 32
    with pytest.raises(SystemExit):
        parse([*given, "31"])
    assert "--draws must be at least --batch-size, 32" in capsys.readouterr().err


def test_a_finished_run_takes_the_place_of_a_configurations_weights(capsys):
    given = ["--manifest", "m.csv", "--configuration", "lesion64_labels"]
    assert parse(given).weights
    assert parse([*given, "--start", "runs/a"]).weights == ()
    with pytest.raises(SystemExit):
        parse([*given, "--start", "runs/a", "--weights", "file.h5"])
    assert "expected no --weights" in capsys.readouterr().err


def test_help_teaches(capsys):
    with pytest.raises(SystemExit) as stopped:
        parse(["--help"])
    assert stopped.value.code == 0
    text = capsys.readouterr().out
    assert "KERAS_BACKEND" in text
    assert "same command" in text


NAMES = list(read_configurations())
GIVEN = ("--manifest", "m.csv", "--configuration")


@pytest.mark.parametrize("name", NAMES)
def test_every_option_is_one_of_the_command(name):
    settings = vars(parse([*GIVEN, name]))
    for option, value in read_configurations()[name].items():
        told = settings[option]
        if isinstance(value, list):
            assert [str(path) for path in told] == value
        else:
            assert (told.as_posix() if isinstance(told, Path) else told) == value


@pytest.mark.parametrize("name", NAMES)
def test_run_has_the_configurations_name(name):
    assert parse([*GIVEN, name]).out.as_posix() == f"runs/{name}"


def test_options_beside_the_name_come_first():
    settings = parse([*GIVEN, "lesion64", "--epochs", "3", "--out", "elsewhere"])
    assert settings.epochs == 3
    assert settings.out.name == "elsewhere"
    assert settings.learning_rate == read_configurations()["lesion64"]["learning_rate"]


def test_without_a_name_the_run_is_called_after_its_network():
    settings = parse(["--manifest", "m.csv", "--network", "cnn32"])
    assert settings.out.as_posix() == "runs/cnn32"


def test_unknown_name_is_a_usage_error(capsys):
    with pytest.raises(SystemExit) as stop:
        parse([*GIVEN, "no_such"])
    assert stop.value.code == 2
    assert "no_such" in capsys.readouterr().err


def test_help_names_every_configuration(capsys):
    with pytest.raises(SystemExit):
        parse(["--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert all(name in shown for name in NAMES)
