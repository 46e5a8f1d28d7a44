import dataclasses
import json

import pytest

from edge_runtime.__main__ import main
from edge_runtime.commands.doctor import (
    OK,
    PROBLEM,
    WARNING,
    Check,
    camera_checks,
    heat_checks,
    interpreter_checks,
    next_steps,
    system_checks,
    throttling_check,
)
from edge_runtime.measuring.machine import describe_machine
from edge_runtime.site_calibration.file import site_path


def test_every_finding_that_is_not_ok_says_what_to_do(model_path, classifier, capsys):
    status = main(["doctor", "--model", str(model_path), "--json"])
    checks = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {check["name"] for check in checks} >= {
        "system", "python", "interpreter", "xnnpack", "camera software", "temperature",
        "throttling", "governor", "disk",
    }  # fmt: skip
    assert all(check["advice"] for check in checks if check["status"] != OK)
    assert status == any(check["status"] == PROBLEM for check in checks)


def test_the_next_steps_are_named(model_path, classifier, capsys):
    main(["doctor"])
    assert "next 1: lesion-edge doctor --model FILE" in capsys.readouterr().out
    main(["doctor", "--model", str(model_path)])
    said = capsys.readouterr().out
    assert f"next 1: lesion-edge classify {model_path} PHOTO" in said
    assert f"lesion-edge calibrate {model_path} --photos FOLDER" in said


def test_problems_come_first_among_the_next_steps():
    checks = [Check("heat", PROBLEM, "hot", "cool it"), Check("disk", OK, "room")]
    assert [*next_steps(checks, None)] == [
        "heat: cool it",
        "lesion-edge doctor, once more",
    ]


def test_text_carries_the_notice(capsys):
    main(["doctor"])
    assert "not a medical device" in capsys.readouterr().out


def test_the_operating_point_in_force_is_named_with_its_evidence(
    model_path, classifier, tmp_path
):
    model = tmp_path / model_path.name
    model.write_bytes(model_path.read_bytes())

    def check():
        found = {each.name: each for each in interpreter_checks(model)}
        return found["operating point"]

    assert check().status == OK
    assert check().found.startswith("the model card's, chosen on val")
    assert "recall" in check().found
    assert "specificity" in check().found
    site_path(model).write_text("{}")
    assert check().status == PROBLEM
    assert f"remove {site_path(model)}" in check().advice


def test_xnnpack_is_seen_at_work(model_path, classifier):
    checks = {check.name: check for check in interpreter_checks(model_path)}
    active = classifier.model.kernel_family == "xnnpack"
    assert checks["xnnpack"].status == (OK if active else WARNING)


@pytest.mark.parametrize("content", [None, b"no model"])
def test_a_missing_or_damaged_model_is_a_problem_of_the_model(tmp_path, content):
    path = tmp_path / "model.tflite"
    if content is not None:
        path.write_bytes(content)
    first, *rest = interpreter_checks(path)
    assert (first.name, first.status) == ("model", PROBLEM)
    assert str(path) in first.found
    assert "--model" in first.advice
    # The interpreter is not to blame, and is looked at as without a model.
    assert rest == list(interpreter_checks(None))


# Raspberry Pi documentation: 0x50000 is its own example of past under-voltage and
# throttling.
@pytest.mark.parametrize(
    ("flags", "status", "words"),
    [
        ("0", OK, ["never"]),
        ("50000", WARNING, ["now: none", "under-voltage, throttled", "power supply"]),
        ("50005", PROBLEM, ["now: under-voltage, throttled", "power supply"]),
        ("80008", PROBLEM, ["soft temperature limit", "cool it"]),
        (None, OK, ["not measured"]),
        ("maybe", WARNING, ["unreadable"]),
    ],
)
def test_throttling_bits_are_read_as_documented(flags, status, words):
    check = throttling_check(flags)
    assert check.status == status
    assert all(word in check.found + check.advice for word in words)


@pytest.mark.parametrize(
    ("celsius", "status"), [(None, OK), (45.0, OK), (72.0, WARNING), (85.0, PROBLEM)]
)
def test_heat_is_judged(celsius, status):
    machine = dataclasses.replace(describe_machine(), temperature_celsius=celsius)
    assert next(heat_checks(machine)).status == status


def test_32_bits_are_refused_with_the_way_out():
    check = list(system_checks(describe_machine(), pointer_bits=32))[1]
    assert check.status == PROBLEM
    assert "64-bit" in check.advice


def test_a_device_without_permission_is_a_problem(tmp_path, monkeypatch):
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/video0").touch()
    monkeypatch.setattr("os.access", lambda *_: False)
    check = list(camera_checks(tmp_path))[1]
    assert check.status == PROBLEM
    assert "usermod" in check.advice
