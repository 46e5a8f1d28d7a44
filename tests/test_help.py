"""Every command answers --help and a usage error at once, without a framework."""

import subprocess
import sys
from pathlib import Path

import pytest

from edge_runtime.commands.verbs import VERBS

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("training", "convert", "benchmarks", "web_demo", "edge_runtime")
HEAVY = {
    "tensorflow", "keras", "tf_keras", "tensorflow_model_optimization", "torch", "jax",
    "matplotlib", "plotly", "sklearn", "scipy",
}  # fmt: skip

# Calls the command twice, then names what was imported.
WATCHED = """
import runpy, sys
command = sys.argv[1]
by_path = command.endswith(".py")
if by_path:
    sys.path[0] = "."
for option in ("--no-such-option", "--help"):
    sys.argv = [command, *sys.argv[2:], option]
    try:
        if by_path:
            runpy.run_path(command, run_name="__main__")
        else:
            runpy.run_module(command, run_name="__main__", alter_sys=False)
    except SystemExit as ended:
        print("STATUS", ended.code, file=sys.stderr)
    sys.argv = [command, *sys.argv[1:-1]]
print("IMPORTED", *sys.modules, file=sys.stderr)
"""


def _commands():
    """Files that can be run by path, and modules in rooms that can be run by name."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            if '\nif __name__ == "__main__":' not in text:
                continue
            place = path.relative_to(ROOT)
            by_path = "if not __package__" in text
            yield str(place) if by_path else ".".join(place.with_suffix("").parts)


COMMANDS = list(_commands())
every_call = pytest.mark.parametrize(
    "words",
    [[command] for command in COMMANDS] + [["edge_runtime", verb] for verb in VERBS],
    ids="-".join,
)


def test_there_are_commands_of_every_package():
    assert len(COMMANDS) > 35
    assert {command.split(".")[0].split("/")[0] for command in COMMANDS} == {*PACKAGES}


@every_call
def test_help_and_a_usage_error_need_no_framework(words):
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *words],
        cwd=ROOT, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    refused, _, said = done.stderr.partition("STATUS 2\n")
    assert refused.startswith("usage: ")
    helped, _, imported = said.partition("IMPORTED")
    # The process that runs foreign runtimes keeps standard output for its answers.
    help_text = done.stdout or helped
    assert help_text.startswith("usage: ")
    assert helped.endswith("STATUS 0\n")
    assert not set(imported.split()) & HEAVY
