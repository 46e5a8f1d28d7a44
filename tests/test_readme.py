"""Every command in the README names a file that exists and flags that it knows."""

import functools
import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FENCED = "\n".join(re.findall(r"^```\w*\n(.*?)^```", README, re.DOTALL | re.MULTILINE))
SHIPPED = ("samples/", "models/", "edge_runtime/", "requirements")


def _commands():
    """The words of each ``python ...`` line, from ``python`` on."""
    for line in FENCED.replace("\\\n", " ").splitlines():
        words = shlex.split(line.removeprefix("$ "), comments=True)
        if words and re.fullmatch(r"(.*/)?python3?", words[0]):
            yield words


COMMANDS = list(_commands())
OURS = [
    words for words in COMMANDS if words[1:3] not in (["-m", "pip"], ["-m", "venv"])
]


@functools.cache
def _help(*target):
    """What the command says about itself."""
    done = subprocess.run(
        [sys.executable, *target, "--help"],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def _target(words):
    """What python is asked to run: a file, or ``-m``, a module and its verb."""
    if words[1] == "-m":
        return tuple(words[1 : 4 if words[2] == "edge_runtime" else 3])
    return (words[1],)


def test_readme_has_commands():
    assert len(OURS) >= 6


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_make_demo_runs_the_command_that_is_written_out():
    done = subprocess.run(
        ["make", "--dry-run", "demo"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    (served,) = [line for line in done.stdout.splitlines() if "serve.py" in line]
    words = shlex.split(served)[1:]
    assert words in [command[1:] for command in OURS]
    folder = (ROOT / "web_demo/README.md").read_text(encoding="utf-8")
    assert shlex.join(["python", *words]) in folder.splitlines()


@pytest.mark.parametrize("words", OURS, ids=" ".join)
def test_command_exists(words):
    if words[1] == "-m":
        assert importlib.util.find_spec(words[2])
    else:
        assert (ROOT / words[1]).is_file()


@pytest.mark.slow
@pytest.mark.parametrize("words", OURS, ids=" ".join)
def test_command_knows_its_flags(words):
    known = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", _help(*_target(words))))
    flags = {word.partition("=")[0] for word in words if word.startswith("--")}
    assert flags <= known


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_shipped_files_it_names_exist(words):
    outputs = {words[place + 1] for place, word in enumerate(words) if word == "--out"}
    for word in words:
        if word.startswith(SHIPPED) and word not in outputs:
            assert (ROOT / word).exists(), word


def test_make_verbs_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    verbs = set(re.findall(r"^([a-z-]+):.*##", makefile, re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", README, re.MULTILINE))
    assert named
    assert named <= verbs


def test_links_to_files_of_the_checkout_exist():
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", README)
    assert not [target for target in targets if not (ROOT / target).exists()]
