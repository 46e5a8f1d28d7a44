from pathlib import Path

import pytest

from training.fitting.configurations import read_configurations
from training.fitting.settings import parse

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
