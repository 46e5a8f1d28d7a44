"""README and docs: commands exist with their flags, and files that are named."""

import functools
import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
# Written by commands, or about the past: what they name is as it was then.
GENERATED = {
    ROOT / "docs/results.md",
    ROOT / "docs/networks.md",
    *(ROOT / "docs/speed").glob("*.md"),
}
DECISIONS = sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))
PAGES = sorted({*(ROOT / "docs").rglob("*.md")} - GENERATED - {*DECISIONS})
GUIDES = [
    README,
    *PAGES,
    *(ROOT / f"{name}/README.md" for name in ("benchmarks", "web_demo", "samples")),
]
SHIPPED = ("samples/", "models/", "edge_runtime/", "requirements")
PLACEHOLDER = re.compile(r"[A-Z]{3}|\*")
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


def _fenced(page):
    text = page.read_text(encoding="utf-8")
    return "\n".join(re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE))


def _commands(page):
    """The words of each command of ours on a page, from the program on."""
    for line in _fenced(page).replace("\\\n", " ").splitlines():
        if not re.match(r"(\$ )?\s*(\S*/)?(python3?|lesion-edge)\s", line):
            continue
        words = shlex.split(line.removeprefix("$ "), comments=True)
        if words[1:3] not in (["-m", "pip"], ["-m", "venv"]):
            yield words


COMMANDS = [(page, words) for page in GUIDES for words in _commands(page)]
UNIQUE = sorted({tuple(words) for _page, words in COMMANDS})


def _target(words):
    """What Python is asked to run, without its arguments.

    That is a file, ``-m`` with a module and the runtime's verb, or ``lesion-edge`` with
    a verb.
    """
    if words[0].endswith("lesion-edge"):
        return ("lesion-edge", words[1])
    if words[1] == "-m":
        return tuple(words[1 : 4 if words[2] == "edge_runtime" else 3])
    return (words[1],)


@functools.cache
def _help(*target):
    """What the command says about itself."""
    if target[0] == "lesion-edge":
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        module, _, name = project["project"]["scripts"]["lesion-edge"].partition(":")
        target = ("-c", f"import sys, {module} as m; sys.exit(m.{name}())", *target[1:])
    done = subprocess.run(
        [sys.executable, *target, *([] if target[-1] == "--help" else ["--help"])],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_readme_has_commands_and_150_lines_at_most():
    assert len([words for page, words in COMMANDS if page == README]) >= 6
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 150


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_make_demo_runs_the_command_that_is_written_out():
    done = subprocess.run(
        ["make", "--dry-run", "demo"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    (served,) = [
        line for line in done.stdout.splitlines() if re.search(r"serve(\.py)? --", line)
    ]
    models = shlex.split(served)[2:]
    for page in (ROOT / "web_demo/README.md", ROOT / "docs/web.md"):
        assert models in [words[2:] for words in _commands(page)]


@pytest.mark.parametrize(
    "words",
    [words for words in UNIQUE if not words[0].endswith("lesion-edge")],
    ids=str,
)
def test_command_exists(words):
    if words[1] == "-m":
        assert importlib.util.find_spec(words[2])
    elif not words[1].startswith(("-", "kits/")):
        assert (ROOT / words[1]).is_file()


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [words for words in UNIQUE if not words[1].startswith("kits/")],
    ids=" ".join,
)
def test_command_knows_its_flags(words):
    flags = {word.partition("=")[0] for word in words if word.startswith("--")}
    assert flags <= {*FLAG.findall(_help(*_target(words)))}


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: str(page.relative_to(ROOT)))
def test_shipped_files_it_names_exist(page):
    commands = list(_commands(page))
    made = {
        words[place + 1].rstrip("/") + "/"
        for words in commands
        for place, word in enumerate(words)
        if word in ("--out", "--make-key") and words[place + 1] != "models"
    }
    for words in commands:
        for word in words:
            if word.startswith(SHIPPED) and not PLACEHOLDER.search(word):
                ours = any(f"{word}/".startswith(folder) for folder in made)
                assert ours or (ROOT / word).exists(), word


def test_make_verbs_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    verbs = set(re.findall(r"^([a-z-]+):.*##", makefile, re.MULTILINE))
    for page in [*GUIDES, ROOT / "CONTRIBUTING.md"]:
        text = page.read_text(encoding="utf-8")
        named = set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE))
        assert named <= verbs, (page.name, named - verbs)


@pytest.mark.parametrize(
    "page",
    [*GUIDES, *DECISIONS, ROOT / "CONTRIBUTING.md"],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_links_to_files_of_the_checkout_exist(page):
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text)
    targets += re.findall(r'src="([^":]+)"', text)
    assert not [name for name in targets if not (page.parent / name).exists()]


def test_the_index_lists_every_page():
    index = (ROOT / "docs/index.md").read_text(encoding="utf-8")
    names = {page.relative_to(ROOT / "docs").as_posix() for page in PAGES}
    missing = {name for name in names - {"index.md"} if f"]({name})" not in index}
    assert not missing


def test_the_index_of_decisions_has_each_with_its_number_and_status():
    index = (ROOT / "docs/decisions/index.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| (\d+) \| \[([^]]+)\]\((\d\S+)\) \| (.+?) \|", index, re.MULTILINE
    )
    assert [row[2] for row in rows] == [page.name for page in DECISIONS]
    for number, title, name, status in rows:
        text = (ROOT / "docs/decisions" / name).read_text(encoding="utf-8")
        assert name.startswith(f"{int(number):04d}-")
        assert text.startswith(f"# {number}. {title}\n\n**Status:** {status}. ")
