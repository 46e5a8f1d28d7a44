"""The verb ``doctor``: what is wrong with this device, and what to do about it."""

import argparse
import dataclasses
import json
from pathlib import Path

from edge_runtime.commands.doctor_checks import (
    PROBLEM,
    Check,
    camera_checks,
    disk_check,
    heat_checks,
    interpreter_checks,
    system_checks,
)
from edge_runtime.measuring.machine import describe_machine
from edge_runtime.terminal.native_log import without_info_lines
from edge_runtime.verdict import NOTICE

SUMMARY = "look at this device and say what to do"
DETAILS = """\
Looks at system, Python, interpreter, XNNPACK, camera, temperature, throttling, governor
and disk; changes nothing and opens no connection. --json prints one JSON object a line.

exit status: 0 no problem (there may be warnings); 1 a problem was found; 2 wrong usage.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's words."""
    parser.add_argument(
        "--model", type=Path, help="a .tflite file, to see XNNPACK work"
    )
    parser.add_argument("--json", action="store_true", help="print JSON lines")


def run(words: argparse.Namespace) -> int:
    """Look at everything and print it; returns the exit status."""
    with without_info_lines():
        checks = _all_checks(words.model)
    if words.json:
        for check in checks:
            print(json.dumps({"type": "check", **dataclasses.asdict(check)}))
    else:
        print(f"lesion-edge runtime: {NOTICE}")
        for check in checks:
            print(_line(check))
    return 1 if any(check.status == PROBLEM for check in checks) else 0


def _all_checks(model: Path | None) -> list[Check]:
    machine = describe_machine()
    return [
        *system_checks(machine),
        *interpreter_checks(model),
        *camera_checks(),
        *heat_checks(machine),
        disk_check(Path.cwd()),
    ]


def _line(check: Check) -> str:
    advice = f"\n{'':27}do: {check.advice}" if check.advice else ""
    return f"{check.status:<8}  {check.name:<15}  {check.found}{advice}"
