"""The runtime ships twice, alone and inside the toolkit; both must agree."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TOOLKIT, RUNTIME = (
    tomllib.loads((ROOT / folder / "pyproject.toml").read_text(encoding="utf-8"))
    for folder in (".", "edge_runtime")
)
LOCKS = ("requirements.lock", "requirements-quickstart.lock")
GENERATED = {"__pycache__", "build"}


def _pins(lock):
    """Package name to version, as a lock file pins them."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9-]+)==([^\s;]+)", text, flags=re.MULTILINE))


def _squeezed(requirement):
    return re.sub(r"\s+", " ", requirement)


@pytest.mark.parametrize("field", ["version", "requires-python", "license"])
def test_runtime_and_toolkit_agree(field):
    assert TOOLKIT["project"][field] == RUNTIME["project"][field]


def test_runtime_needs_what_the_toolkit_needs_and_the_interpreter():
    interpreter = TOOLKIT["project"]["optional-dependencies"]["litert"]
    expected = TOOLKIT["project"]["dependencies"] + interpreter
    ours = RUNTIME["project"]["dependencies"]
    assert list(map(_squeezed, ours)) == list(map(_squeezed, expected))


@pytest.mark.parametrize("project", [TOOLKIT, RUNTIME], ids=["toolkit", "runtime"])
def test_neither_can_be_uploaded_by_mistake(project):
    assert "Private :: Do Not Upload" in project["project"]["classifiers"]


@pytest.mark.parametrize("project", [TOOLKIT, RUNTIME], ids=["toolkit", "runtime"])
def test_classifiers_name_the_pythons_that_were_resolved(project):
    named = {
        line.rpartition(" ")[2]
        for line in project["project"]["classifiers"]
        if line.startswith("Programming Language :: Python :: 3.")
    }
    assert named == {"3.11", "3.12", "3.13"}


PACKAGES = ("training", "convert", "edge_runtime", "benchmarks", "web_demo")


def _rooms(package):
    """Dotted names of a package and the packages inside, with their folders."""
    return {
        ".".join(init.parent.relative_to(ROOT).parts): init.parent
        for init in sorted((ROOT / package).rglob("__init__.py"))
        if not GENERATED & {*init.parts} and "templates" not in init.parts
    }


def _shipped(rules, package):
    """Files beside the code that setuptools takes along."""
    return {
        path
        for name, folder in _rooms(package).items()
        for pattern in [*rules.get("*", ()), *rules.get(name, ())]
        for path in folder.glob(pattern)
        if path.is_file() and path.suffix not in {".py", ".md"}
    }


def test_every_package_is_found():
    patterns = TOOLKIT["tool"]["setuptools"]["packages"]["find"]["include"]
    assert patterns == [f"{package}*" for package in PACKAGES]
    assert {path.parent.name for path in ROOT.glob("*/__init__.py")} == {*PACKAGES}


def test_the_runtime_lists_each_of_its_rooms():
    listed = RUNTIME["tool"]["setuptools"]["packages"]
    assert sorted(listed) == sorted(_rooms("edge_runtime"))


@pytest.mark.parametrize("package", PACKAGES)
def test_every_file_beside_the_code_is_shipped(package):
    beside = {
        path
        for path in (ROOT / package).rglob("*")
        if path.is_file()
        and path.suffix not in {".py", ".pyc", ".md"}
        and path.name not in {"pyproject.toml", "LICENSE"}
        and not any(p in GENERATED or p.endswith(".egg-info") for p in path.parts)
    }
    shipped = _shipped(TOOLKIT["tool"]["setuptools"]["package-data"], package)
    assert beside == {path for path in shipped if not GENERATED & {*path.parts}}


def test_runtime_alone_ships_the_same_files():
    alone, within = (
        _shipped(project["tool"]["setuptools"]["package-data"], "edge_runtime")
        for project in (RUNTIME, TOOLKIT)
    )
    assert alone == within


def test_runtime_alone_carries_the_same_licence():
    # setuptools finds it by name, but only beside the pyproject.toml.
    ours, alone = ROOT / "LICENSE", ROOT / "edge_runtime" / "LICENSE"
    assert ours.read_bytes() == alone.read_bytes()


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_is_typed(package):
    assert (ROOT / package / "py.typed").is_file()


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_pins_every_package_with_hashes(lock):
    text = (ROOT / lock).read_text(encoding="utf-8")
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    names = {entry.partition("==")[0] for entry in entries}
    assert names == _pins(lock).keys() and len(names) > 5
    assert all("--hash=sha256:" in entry for entry in entries)


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_names_no_machine(lock):
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert not re.search(r"://|index-url|find-links|^[-./~]", text, re.MULTILINE)


def test_both_locks_agree():
    full, quick = map(_pins, LOCKS)
    assert quick.items() <= full.items()


def test_quickstart_installs_no_training_stack():
    assert not {"tensorflow", "keras", "torch", "jax"} & _pins(LOCKS[1]).keys()


def test_lock_holds_every_direct_dependency():
    extras = TOOLKIT["project"]["optional-dependencies"].values()
    direct = TOOLKIT["project"]["dependencies"] + [line for e in extras for line in e]
    names = {re.match(r"[\w-]+", line)[0].lower().replace("_", "-") for line in direct}
    assert names - {"lesion-edge"} <= _pins(LOCKS[0]).keys()


@pytest.mark.parametrize("project", [TOOLKIT, RUNTIME], ids=["toolkit", "runtime"])
def test_installed_command_is_the_runtime_s(project):
    """``.ci/run`` installs it and calls it."""
    from edge_runtime.commands.command_line import COMMAND

    assert project["project"]["scripts"] == {COMMAND: "edge_runtime.__main__:main"}


def test_version_in_the_code_is_that_of_both_distributions():
    from edge_runtime.version import VERSION

    assert VERSION == TOOLKIT["project"]["version"] == RUNTIME["project"]["version"]
