"""One precedence for every setting, and a verb that shows it."""

import json

import pytest

from edge_runtime.__main__ import main
from edge_runtime.commands.option_sources import settings_of
from edge_runtime.commands.verbs import device_verbs


@pytest.fixture
def configured(tmp_path, monkeypatch):
    """Function: a configuration file with this text, the only one in sight."""
    monkeypatch.setenv("HOME", str(tmp_path))

    def write(text):
        path = tmp_path / "config.toml"
        path.write_text(text)
        return path

    return write


def test_flags_beat_environment_beats_file_beats_default(configured, monkeypatch):
    assert settings_of("classify", [], None)["workers"] == (1, "default")
    file = configured("[classify]\nworkers = 2\n")
    assert settings_of("classify", [], file)["workers"] == (2, f"{file} [classify]")
    monkeypatch.setenv("LESION_EDGE_CLASSIFY_WORKERS", "3")
    value, origin = settings_of("classify", [], file)["workers"]
    assert (value, origin) == (3, "environment LESION_EDGE_CLASSIFY_WORKERS")
    flags = ["--workers", "4"]
    assert settings_of("classify", flags, file)["workers"] == (4, "flag")
    assert settings_of("classify", ["--workers=5"], file)["workers"] == (5, "flag")


def test_what_is_shown_is_what_the_verb_gets(
    configured, monkeypatch, model_path, classifier, drawn, encoded, tmp_path, capsys
):
    photo, out = tmp_path / "blue.png", tmp_path / "verdicts.jsonl"
    photo.write_bytes(encoded(drawn(300, 300)[:, :, [2, 1, 0]], "PNG"))
    words = ["classify", str(model_path), str(photo)]
    main([*words, "--json"])
    assert json.loads(capsys.readouterr().out)["decision"] == "unusable photo"
    file = configured(
        f'[classify]\naccept = ["not_skin", "unfamiliar"]\njsonl = "{out}"\n'
    )
    assert main(["--config", str(file), *words]) == 0
    assert json.loads(out.read_text())["decision"] != "unusable photo"


def test_a_required_option_may_come_from_the_environment(
    configured, monkeypatch, model_path, classifier, tmp_path, capsys
):
    monkeypatch.setenv("LESION_EDGE_CALIBRATE_PHOTOS", str(tmp_path))
    assert main(["calibrate", str(model_path)]) == 1
    assert f"{tmp_path}/malignant" in capsys.readouterr().err


def test_switches_take_yes_and_no(configured):
    file = configured("[calibrate]\naccept = true\n[classify]\njson = false\n")
    assert settings_of("calibrate", [], file)["accept"][0] is True
    assert settings_of("classify", [], file)["json"][0] is False


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[classify\n", "cannot be read"),
        ("threads = 1\n", "outside a table"),
        ("[clasify]\nthreads = 1\n", "did you mean [classify]?"),
        ("[of_the_future]\nx = 1\n", "no verb for the table [of_the_future]"),
        ("[classify]\nthraeds = 1\n", "thraeds"),
        ("[classify]\nthreads = 0\n", "at least 1"),
        ('[classify]\nthreads = "many"\n', "many"),
        ("[classify]\nthreads = [1, 2]\n", "expected one value"),
        ('[classify]\naccept = ["ugly"]\n', "ugly"),
        ('[classify]\njson = "perhaps"\n', "true or false"),
    ],
)
def test_what_makes_no_sense_is_named(configured, text, said, capsys):
    file = configured(text)
    assert main(["--config", str(file), "classify", "model", "photo"]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert str(file) in error


def test_a_file_that_was_asked_for_must_be_there(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("LESION_EDGE_CONFIG", str(tmp_path / "absent.toml"))
    assert main(["classify", "model", "photo"]) == 1
    assert "absent.toml" in capsys.readouterr().err


def test_settings_of_other_verbs_do_not_matter(configured, capsys):
    file = configured("[camera]\nmodel = 1\n")
    assert main(["--config", str(file), "config", "classify"]) == 0
    assert "threads" in capsys.readouterr().out


@pytest.mark.parametrize("verb", device_verbs())
def test_every_verb_shows_its_settings(verb, configured, capsys):
    assert main(["config", "--json", verb]) == 0
    for _, origin in json.loads(capsys.readouterr().out).values():
        assert origin == "default"


def test_settings_of_the_camera_are_shown_as_they_are_written(configured, capsys):
    assert (
        main(["config", "--json", "camera", "--source", "folder", "--vote", "3/5"]) == 0
    )
    shown = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert shown["vote"][0] == "3/5"


def test_without_a_verb_all_are_shown_with_where_each_value_comes_from(
    configured, monkeypatch, capsys
):
    file = configured("[classify]\nworkers = 2\n")
    monkeypatch.setenv("LESION_EDGE_CAMERA_GUIDE", "0.5")
    assert main(["--config", str(file), "config", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert [*shown] == [verb for verb in device_verbs() if verb != "config"]
    assert shown["classify"]["workers"] == [2, f"{file} [classify]"]
    assert shown["camera"]["guide"] == [0.5, "environment LESION_EDGE_CAMERA_GUIDE"]
    assert main(["--config", str(file), "config"]) == 0
    lines = capsys.readouterr().out
    assert f"workers  2  ({file} [classify])" in lines
    assert [line for line in lines.splitlines() if line.startswith("[")] == [
        f"[{verb}]" for verb in shown
    ]


def test_flags_without_a_verb_are_refused(configured, capsys):
    assert main(["config", "all", "--threads", "2"]) == 1
    assert "expected one first" in capsys.readouterr().err


def test_usage_names_the_command_that_was_called(monkeypatch, capsys):
    for called, named in (
        ("/usr/local/bin/lesion-edge", "lesion-edge"),
        ("/x/edge_runtime/__main__.py", "python -m edge_runtime"),
    ):
        monkeypatch.setattr("sys.argv", [called])
        with pytest.raises(SystemExit):
            main(["--help"])
        assert f"usage: {named} [-h]" in capsys.readouterr().out


def test_an_unknown_verb_is_named(capsys):
    assert main(["config", "diagnose"]) == 1
    assert "diagnose" in capsys.readouterr().err


def test_a_byte_order_mark_is_no_part_of_the_file(configured):
    file = configured("")
    file.write_bytes(b"\xef\xbb\xbf[classify]\nworkers = 2\n")
    assert settings_of("classify", [], file)["workers"][0] == 2
