"""The front command: one table of verbs, reached only when they are called."""

import importlib.util
import re
import subprocess
import sys

import pytest

from edge_runtime.__main__ import main
from edge_runtime.commands import verbs
from edge_runtime.commands.verbs import DEVICE, VERBS, Verb
from edge_runtime.version import VERSION

OURS = ("training", "convert", "benchmarks", "web_demo", "edge_runtime")

IMPORTED = """
import runpy, sys
sys.argv = ["lesion-edge", *sys.argv[1:]]
try:
    runpy.run_module("edge_runtime", run_name="__main__", alter_sys=False)
except SystemExit as ended:
    status = ended.code
print(status, *sys.modules, file=sys.stderr)
"""


def imported_by(root, *words):
    """Standard output, exit status and the modules that were imported."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED, *words],
        cwd=root, capture_output=True, text=True, check=True,
    )  # fmt: skip
    status, *modules = done.stderr.splitlines()[-1].split()
    return done.stdout, int(status), modules


def test_help_lists_every_verb_and_imports_none_of_them(root):
    text, status, modules = imported_by(root, "--help")
    assert status == 0
    assert text.startswith("usage: lesion-edge ")
    for name, verb in VERBS.items():
        assert f"  {name} " in text
        assert verb.summary in text
        assert verb.target.partition(":")[0] not in modules
    assert not {"numpy", "PIL", "keras", "tensorflow", "dataclasses"} & set(modules)


@pytest.mark.parametrize("name", [n for n, v in VERBS.items() if v.group != DEVICE])
def test_usage_of_a_verb_names_the_front_command(root, name):
    pytest.importorskip(VERBS[name].target.partition(".")[0])
    if name == "release":
        pytest.importorskip("cryptography")
    text, status, _ = imported_by(root, name, "--help")
    assert status == 0
    assert text.startswith(f"usage: lesion-edge {name} ")


@pytest.mark.parametrize("name", VERBS)
def test_every_target_exists_and_every_extra_is_declared(name, root):
    import tomllib

    module = VERBS[name].target.partition(":")[0]
    # Where the runtime is installed alone, its own verbs are all there is.
    pytest.importorskip(module.partition(".")[0])
    assert importlib.util.find_spec(module)
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    extra = VERBS[name].extra
    assert (extra in project["optional-dependencies"]) != (VERBS[name].group == DEVICE)


def test_the_table_is_the_only_place_with_the_other_packages_names(root):
    """Statically the runtime imports itself alone; the table holds strings."""
    for path in (root / "edge_runtime").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for package in OURS[:-1]:
            imports = rf"^\s*(import|from) {package}\b.*(import|$)"
            assert not re.search(imports, text, re.MULTILINE), path


@pytest.mark.parametrize(
    ("target", "missing"),
    [("absent_package.train:main", "absent_package"), ("needs_one:main", "absent")],
)
def test_a_missing_extra_is_named_in_one_line(
    target, missing, monkeypatch, tmp_path, capsys
):
    (tmp_path / "needs_one.py").write_text(
        "def main(words):\n    import absent.part\n    return 0\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    row = Verb(target, "learn", "from photos", "train")
    monkeypatch.setitem(verbs.VERBS, "train", row)
    assert main(["train", "--epochs", "3"]) == 1
    said = capsys.readouterr().err
    assert said == (
        f"error: train needs {missing}, which is not installed. In a checkout of"
        ' lesion-edge: pip install ".[train]"\n'
    )


def test_a_module_missing_inside_what_is_installed_is_no_missing_extra(
    monkeypatch, tmp_path
):
    (tmp_path / "torn.py").write_text("import json.absent\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(
        verbs.VERBS, "train", Verb("torn:main", "learn", "from photos", "train")
    )
    with pytest.raises(ModuleNotFoundError, match=r"json\.absent"):
        main(["train"])


def test_exit_status_and_words_of_a_verb_pass_through(monkeypatch, tmp_path):
    (tmp_path / "spoken.py").write_text("def main(words):\n    return len(words)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    row = Verb("spoken:main", "count", "from photos", "train")
    monkeypatch.setitem(verbs.VERBS, "train", row)
    assert main(["--log", "json", "train", "--log", "text", "-h", "--", "x"]) == 5
    assert main(["--log", "text", "train"]) == 0


def test_version(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"lesion-edge {VERSION}\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [([], "VERB"), (["diagnose"], "diagnose"), (["--confg", "config"], "--confg")],
)
def test_wrong_usage_ends_with_status_2(words, said, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_a_configuration_is_refused_where_nobody_reads_it(tmp_path, capsys):
    assert main(["--config", str(tmp_path / "x.toml"), "train"]) == 1
    assert "train has none" in capsys.readouterr().err


def test_bench_and_benchmark_say_how_they_differ(root):
    for name, other in (("bench", "benchmark"), ("benchmark", "bench")):
        text, _, _ = imported_by(root, name, "--help")
        assert f"lesion-edge {other}" in " ".join(text.split())
